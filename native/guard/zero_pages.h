/* A buffer filled with zeros without its pages being taken: a cache of keys and values for thousands of tokens then holds
 * what was written to it, and no more. Compiled into ggml (ggml/src/ggml-backend.cpp), whose CPU buffers that are ggml's own
 * are cleared this way; see native/llama.sed. */
#ifndef AISERVER_ZERO_PAGES_H
#define AISERVER_ZERO_PAGES_H

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

/* `memory` is private and no file's: what malloc gives. */
static void ag_clear(void * memory, uint8_t value, size_t size) {
#ifdef __linux__
    const size_t page = (size_t) sysconf(_SC_PAGESIZE), least = (size_t) 1 << 20;
    if (value == 0 && size >= least) {
        char * const begin = (char *) memory, * const end = begin + size;
        char * const first = (char *) (((uintptr_t) begin + page - 1) / page * page), * const last = (char *) ((uintptr_t) end / page * page);
        if (madvise(first, (size_t) (last - first), MADV_DONTNEED) == 0) { /* the next to read them finds zeros; not so where they are locked */
            memset(begin, 0, (size_t) (first - begin));
            memset(last, 0, (size_t) (end - last));
            return;
        }
    }
#endif
    memset(memory, value, size);
}

#endif
