/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Requests by chance: right ones, wrong ones in one thing or in all, and which answers the contract
 * of the device allows to each.
 */
#ifndef OSQ_FUZZ_REQUESTS_H
#define OSQ_FUZZ_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#define FUZZ_ARGUMENT_MAX 16384 /* no request's size goes beyond it */
#define FUZZ_TORN_SIZE    2048

struct fuzz_random {
	uint64_t state;
};
uint64_t fuzz_next(struct fuzz_random *random);
uint32_t fuzz_below(struct fuzz_random *random, uint32_t limit);

/* True once in `times`. */
bool fuzz_once_in(struct fuzz_random *random, uint32_t times);

/* Where arguments lie, a process' own. */
struct fuzz_memory {
	uint8_t *torn;      /* FUZZ_TORN_SIZE bytes that somebody changes all the time */
	uint8_t *read_only; /* FUZZ_ARGUMENT_MAX bytes that can only be read */
	uint8_t *edge;      /* the end of as many: nothing is mapped behind */
	uint8_t *nothing;   /* as many that nobody may touch */
};

/* False: there is no room for it. */
bool fuzz_memory_make(struct fuzz_memory *memory, uint64_t version);

/* What a process may do with the device. */
struct fuzz_device {
	uint64_t version;
	uint64_t read_offset; /* a good one for a sync, if there is one */
	bool blocks;          /* may a sync sleep? Somebody must send it signals */
};

enum fuzz_argument {
	FUZZ_GOOD,      /* can be read and written, and belongs to the thread */
	FUZZ_TORN,      /* likewise, but changes */
	FUZZ_READ_ONLY, /* an answer cannot be written */
	FUZZ_NONE,      /* cannot be read: nothing that has an argument may succeed */
};

struct fuzz_request {
	unsigned long number;
	void *argument;
	enum fuzz_argument kind;
};

/* `own` are FUZZ_ARGUMENT_MAX bytes of the thread's own. */
struct fuzz_request fuzz_request_make(struct fuzz_random *random, const struct fuzz_device *device,
                                      const struct fuzz_memory *memory, uint8_t *own);

/* May the device answer with this errno (0: success) to one who is the superuser? */
bool fuzz_answer_is_allowed(const struct fuzz_request *request, const struct fuzz_device *device,
                            int error);

#endif
