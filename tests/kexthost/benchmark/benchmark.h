/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef BENCHMARK_H
#define BENCHMARK_H

#include <stdint.h>

enum {
	BENCHMARK_MUTEX,  /* lck_mtx_lock and unlock */
	BENCHMARK_SPIN,   /* lck_spin_lock and unlock */
	BENCHMARK_SHARED, /* lck_rw_lock_shared and unlock */
	BENCHMARK_MEMORY, /* IOMalloc and IOFree of 64 bytes */
	BENCHMARK_ATOMIC, /* OSAddAtomic */
	BENCHMARK_KINDS,
};

struct benchmark {
	uint32_t kind;
	uint32_t count;
	uint64_t nanoseconds; /* out */
};

/* Darwin's encoding of a request that goes in and out. */
#define BENCHMARK_RUN (0xC0000000u | (uint32_t)sizeof(struct benchmark) << 16 | 'b' << 8 | 1)

#endif
