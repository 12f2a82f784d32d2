/* Memory that a thread computes in: grows as asked, and goes with the thread. One for each file that includes this. */
#ifndef AISERVER_THREAD_ROOM_H
#define AISERVER_THREAD_ROOM_H

#include "ggml.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

enum { AG_LINE = 64 };

static pthread_key_t ag_room_key;
static pthread_once_t ag_room_once = PTHREAD_ONCE_INIT;

static void ag_room_begin(void) {
    /* libc's own function, which is there also when this library is not any more */
    const int failed = pthread_key_create(&ag_room_key, free);
    GGML_ASSERT(failed == 0 && "no key for a thread's memory");
}

/* At least `size` bytes that begin a cache line; what was in them is lost. */
static void * ag_room(size_t size) {
    pthread_once(&ag_room_once, ag_room_begin);
    char * room = (char *) pthread_getspecific(ag_room_key);
    if (room == NULL || *(const size_t *) room < size) {
        pthread_setspecific(ag_room_key, NULL);
        free(room);
        room = (char *) aligned_alloc(AG_LINE, AG_LINE + (size + AG_LINE - 1) / AG_LINE * AG_LINE);
        GGML_ASSERT(room != NULL && "no memory to compute in");
        *(size_t *) room = size;
        pthread_setspecific(ag_room_key, room);
    }
    return room + AG_LINE;
}

#endif
