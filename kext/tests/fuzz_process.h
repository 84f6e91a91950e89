/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * One process of the fuzzer: some threads that do anything to the device, to what it has mapped and
 * to each other's descriptors, fork, and may end by a signal in the middle of it.
 */
#ifndef OSQ_FUZZ_PROCESS_H
#define OSQ_FUZZ_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "fuzz_requests.h"

#define FUZZ_THREADS_MAX 4

/* In memory that all processes share. */
struct fuzz_shared {
	atomic_ullong operations;
	atomic_uint complaints; /* each of the first ones was told on standard output */
};

/* What a process is to do. */
struct fuzz_part {
	struct fuzz_shared *shared;
	struct fuzz_random random;
	uint64_t version; /* of the extension */
	time_t end;       /* see fuzz_is_over */
	int handle;       /* of the device, which others may have as well */
	uint32_t threads; /* FUZZ_THREADS_MAX at most */
	bool killed;      /* by itself, by SIGKILL; else it ends with status 0 */
};

__attribute__((noreturn)) void fuzz_process_run(const struct fuzz_part *part);

/* Is it that time? 0 is never. */
bool fuzz_is_over(time_t end);

#endif
