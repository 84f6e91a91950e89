/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Makes the kext a megabyte of code, and of pointers to it, each of which a loader relocates. */
#include <stdint.h>

uint64_t weight_sum(uint64_t value);
uint64_t weight(uint64_t index, uint64_t value);

#define FUNCTION(n)                                                                                \
	static uint64_t weight_##n(uint64_t value)                                                 \
	{                                                                                          \
		value = weight_sum(value * (n##ULL + 3)) ^ weight_sum(value + n##ULL) ^ n##ULL;    \
		value = weight_sum(value * (n##ULL + 5)) ^ weight_sum(value - n##ULL) ^ n##ULL;    \
		value = weight_sum(value * (n##ULL + 7)) ^ weight_sum(value ^ n##ULL) ^ n##ULL;    \
		value = weight_sum(value * (n##ULL + 11)) ^ weight_sum(value & n##ULL) ^ n##ULL;   \
		return weight_sum(value * (n##ULL + 9)) ^ weight_sum(value | n##ULL) ^ n##ULL;     \
	}
#define POINTER(n) weight_##n,

#define TIMES_8(what, n)                                                                           \
	what(n##0) what(n##1) what(n##2) what(n##3) what(n##4) what(n##5) what(n##6) what(n##7)
#define TIMES_64(what, n)                                                                          \
	TIMES_8(what, n##0)                                                                        \
	TIMES_8(what, n##1)                                                                        \
	TIMES_8(what, n##2)                                                                        \
	TIMES_8(what, n##3)                                                                        \
	TIMES_8(what, n##4)                                                                        \
	TIMES_8(what, n##5)                                                                        \
	TIMES_8(what, n##6)                                                                        \
	TIMES_8(what, n##7)
#define TIMES_512(what, n)                                                                         \
	TIMES_64(what, n##0)                                                                       \
	TIMES_64(what, n##1)                                                                       \
	TIMES_64(what, n##2)                                                                       \
	TIMES_64(what, n##3)                                                                       \
	TIMES_64(what, n##4)                                                                       \
	TIMES_64(what, n##5)                                                                       \
	TIMES_64(what, n##6)                                                                       \
	TIMES_64(what, n##7)
#define TIMES_4096(what)                                                                           \
	TIMES_512(what, 1)                                                                         \
	TIMES_512(what, 2)                                                                         \
	TIMES_512(what, 3)                                                                         \
	TIMES_512(what, 4)                                                                         \
	TIMES_512(what, 5)                                                                         \
	TIMES_512(what, 6)                                                                         \
	TIMES_512(what, 7)                                                                         \
	TIMES_512(what, 10)

__attribute__((noinline)) uint64_t weight_sum(uint64_t value)
{
	return value ^ value >> 7;
}

TIMES_4096(FUNCTION)

static uint64_t (*const functions[])(uint64_t) = {TIMES_4096(POINTER)};

/* Asked at run time, so that all of it stays. */
uint64_t weight(uint64_t index, uint64_t value)
{
	return functions[index % (sizeof(functions) / sizeof(functions[0]))](value);
}
