package aiserver.engine;

import java.util.concurrent.CompletableFuture;

/** A call on a thread of its own that has to wait for another: made once it waits, so that a test knows who came first. */
record WaitingCall(CompletableFuture<Void> outcome) {
    static WaitingCall of(Runnable call) throws InterruptedException {
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                call.run();
                outcome.complete(null);
            } catch (Throwable t) {
                outcome.completeExceptionally(t);
            }
        });
        while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
            Thread.sleep(5);
        }
        return new WaitingCall(outcome);
    }

    /** Waits for the call's end; what it threw, or null. */
    Throwable thrown() {
        return outcome.handle((nothing, thrown) -> thrown).join();
    }
}
