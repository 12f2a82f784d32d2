/* How a file of weights is mapped: where the file system keeps them (XFS; ext4 since Linux 6.16), in pages of two megabytes,
 * which one thread reads a third faster than those of 4 KB. Compiled into llama.cpp (src/llama-mmap.cpp); see native/llama.sed. */
#ifndef AISERVER_MAPPED_WEIGHTS_H
#define AISERVER_MAPPED_WEIGHTS_H

#include <stddef.h>
#include <sys/mman.h>

/* As mmap for reading a whole file. What the flags say of reading it ahead is done after the size of its pages was said, since
 * mmap itself brings small ones. Where the system knows neither, reading is left to the first touch. */
static inline void * ag_map_weights(size_t size, int flags, int file) {
#ifdef __linux__
    enum { LARGE_PAGES = 14, READ_NOW = 22 }; /* MADV_HUGEPAGE and MADV_POPULATE_READ, younger than many a C library */
    void * const from = mmap(NULL, size, PROT_READ, flags & ~MAP_POPULATE, file, 0);
    if (from != MAP_FAILED) {
        madvise(from, size, LARGE_PAGES);
        if ((flags & MAP_POPULATE) != 0) {
            madvise(from, size, READ_NOW);
        }
    }
    return from;
#else
    return mmap(NULL, size, PROT_READ, flags, file, 0);
#endif
}

#endif
