/* How the guard stops a picture under way: a hook inside libstable-diffusion, see sd_stop.cpp. */
#ifndef AISERVER_SD_STOP_H
#define AISERVER_SD_STOP_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets what is asked before and during each graph that the engine computes; NULL: nothing. */
__attribute__((visibility("default"))) void ag_sd_stop_hook(bool (*stop)(void *), void * user);

#ifdef __cplusplus
}
#endif

#endif
