package aiserver.engine;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The thread, or threads, that an engine's native calls run on. Native code takes the stack of the thread that calls
 * it, and the engines take a lot (a long prompt overflowed a default stack), so these are platform threads with a
 * large one; only the part that is touched takes memory. Callers wait for their call's end in any case: memory that was
 * lent to the call must not go away under it.
 */
final class EngineThread implements AutoCloseable {
    static final long STACK_BYTES = 256L << 20;

    private final String name;
    private final ExecutorService executor;

    EngineThread(String name, int threads) {
        this.name = name;
        AtomicInteger number = new AtomicInteger();
        this.executor = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(null, task, name + (threads == 1 ? "" : "-" + number.incrementAndGet()), STACK_BYTES);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Runs the call and waits for it, as {@link #await} does. */
    <T> T call(Callable<T> body) {
        Future<T> future;
        try {
            future = executor.submit(body);
        } catch (RejectedExecutionException e) {
            throw EngineException.closed(name);
        }
        return await(future);
    }

    /** Waits for what an engine's thread makes, through interrupts (the flag is kept); what failed there is thrown here. */
    static <T> T await(Future<T> future) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw rethrown(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Runs the body without waiting for it; it must not throw. */
    void execute(Runnable body) {
        try {
            executor.execute(body);
        } catch (RejectedExecutionException e) {
            throw EngineException.closed(name);
        }
    }

    void run(Runnable body) {
        call(Executors.callable(body, null));
    }

    private static RuntimeException rethrown(Throwable cause) {
        if (cause instanceof EngineException e) {
            // Kind and message are what callers act on; the engine thread's own stack stays as the cause.
            return new EngineException(e.kind(), e.getMessage(), e);
        }
        if (cause instanceof RuntimeException e) {
            return e;
        }
        if (cause instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(cause);
    }

    /** Lets what was submitted end; later calls are refused with an {@link EngineException}. */
    @Override
    public void close() {
        executor.shutdown();
    }
}
