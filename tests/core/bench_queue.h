/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the benchmark measures: something that takes records from producers to a reader. */
#ifndef OSQ_BENCH_QUEUE_H
#define OSQ_BENCH_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct bench_queue {
	const char *name;
	void (*open)(void *buffer, size_t size);
	void (*close)(void);
	void *(*reserve)(size_t size); /* NULL: full */
	void (*commit)(void *data);
	uint64_t (*sync)(uint64_t read_offset); /* gives back, returns how far there is to read */
};

extern const struct bench_queue bench_ring;     /* kext/core/ring.c */
extern const struct bench_queue bench_sleeping; /* the same, its reader sleeps until woken */
extern const struct bench_queue bench_old;      /* the design that it replaces */

#endif
