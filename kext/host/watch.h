/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Programs that are watched: their calls of the system wait until the kexts have been told of them,
 * each on a thread of the host's own that stands for the one that made the call.
 */
#ifndef KEXTHOST_WATCH_H
#define KEXTHOST_WATCH_H

#include <sys/types.h>

/*
 * Of everything that `process` has put under a filter whose listener is its descriptor. 0 or an
 * errno of this system's; with a descriptor of -1 the answer is whether it may.
 */
int watch_begin(pid_t process, int descriptor);

#endif
