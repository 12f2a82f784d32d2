/* Where the threads of one graph wait for each other, some hundred times a token. Compiled into ggml's CPU backend:
 * native/llama.sed calls it in place of OpenMP's barrier, which either always sleeps, and then a small model on two idle
 * cores decodes at half of its speed, or spins for a fixed time, and then takes busy cores from those that it waits for.
 * Here each thread spins about as long as waiting has lately paid off: on idle cores nearly always, on contended ones
 * hardly at all, and sleeps after that. Anything but Linux gives its turn away instead of sleeping. */
#ifndef AISERVER_GRAPH_BARRIER_H
#define AISERVER_GRAPH_BARRIER_H

#include <stdatomic.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <sched.h>
#endif

/* In spins of one pause each; the largest is about a fifth of a millisecond. */
#define AG_PATIENCE_LEAST 64
#define AG_PATIENCE_MOST 16384

static inline void ag_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
    __asm__ volatile("yield" ::: "memory");
#endif
}

static atomic_int ag_sleepers; /* threads asleep at any barrier of the process */

/* Waits until *passed is no longer `before`. */
static void ag_wait(atomic_int * passed, int before) {
    static _Thread_local int patience = AG_PATIENCE_MOST / 4;
    for (int spins = 0; spins < patience; spins++) {
        if (atomic_load_explicit(passed, memory_order_acquire) != before) {
            int enough = 8 * spins + AG_PATIENCE_LEAST;
            enough = enough < AG_PATIENCE_MOST ? enough : AG_PATIENCE_MOST;
            patience += (enough - patience) / (enough > patience ? 2 : 64);
            return;
        }
        ag_pause();
    }
    patience -= (patience - AG_PATIENCE_LEAST) / 8;
    while (atomic_load_explicit(passed, memory_order_acquire) == before) {
#if defined(__linux__)
        /* Counted before the kernel looks at *passed: whoever opens the barrier sees the sleeper, or the sleeper sees it
         * open. A signal or somebody else's wake only goes round the loop. */
        atomic_fetch_add(&ag_sleepers, 1);
        syscall(SYS_futex, passed, FUTEX_WAIT_PRIVATE, before, NULL, NULL, 0);
        atomic_fetch_sub(&ag_sleepers, 1);
#else
        sched_yield();
#endif
    }
}

/* The same two counters as ggml's own barrier has: how many have come, and how often all have. */
static void ag_barrier(atomic_int * come, atomic_int * passed, int threads) {
    int before = atomic_load(passed);
    if (atomic_fetch_add(come, 1) < threads - 1) {
        ag_wait(passed, before);
        return;
    }
    atomic_store(come, 0);
    atomic_fetch_add(passed, 1);
#if defined(__linux__)
    if (atomic_load(&ag_sleepers) > 0) {
        syscall(SYS_futex, passed, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
    }
#endif
}

#endif
