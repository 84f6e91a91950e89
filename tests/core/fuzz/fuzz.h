/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the programs of libFuzzer's share. Their input is a program: bytes that say what to do, each
 * followed by what it needs. The expectations of the harness end such a program at once.
 */
#ifndef OSQ_FUZZ_H
#define OSQ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../harness.h"

struct fuzz_input {
	const uint8_t *bytes;
	size_t left;
};

/* The next so many bytes (up to 8) as a number, the lowest first; zeros behind the end. */
uint64_t fuzz_take(struct fuzz_input *input, size_t bytes);

/* A number below `limit`. */
static inline uint32_t fuzz_choose(struct fuzz_input *input, uint32_t limit)
{
	return (uint32_t)(fuzz_take(input, limit <= 256 ? 1 : 4) % limit);
}

/* At most `limit` bytes into memory of exactly their number, which is the caller's to free. */
uint8_t *fuzz_take_bytes(struct fuzz_input *input, size_t limit, size_t *length);

/* A size near where something changes, mostly small. */
uint64_t fuzz_take_size(struct fuzz_input *input);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

#endif
