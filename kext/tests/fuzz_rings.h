/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The rings that a process of the fuzzer has been given, and what its threads do to where they are
 * mapped, or were: they unmap parts, and try to write.
 */
#ifndef OSQ_FUZZ_RINGS_H
#define OSQ_FUZZ_RINGS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "fuzz_requests.h"
#include "osq_device.h"

#define FUZZ_RINGS 2

struct fuzz_rings {
	/* Address and size of each in one number: threads must not take them from two. */
	atomic_uint_least64_t rings[FUZZ_RINGS];
	int pipe[2]; /* through which the kernel reads and writes memory that may be gone */
};

/* False: errno says why. */
bool fuzz_rings_make(struct fuzz_rings *rings);

/* Takes the place of another one, which is unmapped. False: it cannot be there. */
bool fuzz_rings_remember(struct fuzz_rings *rings, struct fuzz_random *random,
                         const struct osq_allocate_args *args);

/* Does something to whole pages of one. NULL, or what must not have been possible. */
const char *fuzz_rings_change(struct fuzz_rings *rings, struct fuzz_random *random);

#endif
