/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t fuzz_take(struct fuzz_input *input, size_t bytes)
{
	uint64_t number = 0;

	for (size_t i = 0; i < bytes && input->left; i++) {
		number |= (uint64_t)*input->bytes++ << 8 * i;
		input->left--;
	}
	return number;
}

uint8_t *fuzz_take_bytes(struct fuzz_input *input, size_t limit, size_t *length)
{
	size_t size = fuzz_take(input, 2) % (limit + 1);
	uint8_t *bytes = malloc(size ? size : 1);

	if (!bytes)
		abort();
	*length = size;
	for (size_t i = 0; i < size; i += 8) {
		/* A few bytes make a long text. */
		uint64_t eight = input->left ? fuzz_take(input, 8) : 0x2F62616161616161;

		memcpy(bytes + i, &eight, size - i < 8 ? size - i : 8);
	}
	return bytes;
}

uint64_t fuzz_take_size(struct fuzz_input *input)
{
	uint64_t size = fuzz_take(input, 2);

	switch (fuzz_take(input, 1) % 8) {
	case 0:
		return UINT64_MAX - size;
	case 1:
		return (1ULL << 32) - 32 + size % 64;
	case 2:
		return fuzz_take(input, 8);
	case 3:
		return size;
	default:
		return size % 512;
	}
}

/* The harness, to libFuzzer's taste: whatever is not so ends the program. */
bool harness_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

bool harness_equal(const char *file, int line, const char *left_text, long long left,
                   const char *right_text, long long right)
{
	return left == right || harness_fail(file, line, "expected %s == %s, but %lld != %lld",
	                                     left_text, right_text, left, right);
}

uint64_t random_next(struct random *random)
{
	return random->state;
}

struct random harness_random(uint64_t stream)
{
	(void)stream;
	return (struct random){UINT64_MAX}; /* an input does the same each time; nobody pauses */
}

void *harness_buffer(size_t size)
{
	void *buffer = calloc(1, size ? size : 1);

	if (!buffer)
		abort();
	return buffer;
}
