/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A small test harness: runs the tests of a table and prints KTAP.
 *
 * A test is a function; EXPECT notes the first thing that is not so, from any thread, and the test
 * is then told as failed. A test that never comes back is ended, and told as failed, by a watchdog.
 */
#ifndef OSQ_HARNESS_H
#define OSQ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* Each program's: its tables, and NULL. Each file of tests ends its table with an empty entry. */
extern const struct test *const harness_suites[];

/* Notes what failed; false, so that a test may say `if (!EXPECT(...)) return;`. */
bool harness_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool harness_failed(void);

#define EXPECT(condition)                                                                          \
	((condition) ? true : harness_fail(__FILE__, __LINE__, "expected %s", #condition))
#define EXPECT_EQUAL(left, right)                                                                  \
	harness_equal(__FILE__, __LINE__, #left, (long long)(left), #right, (long long)(right))

bool harness_equal(const char *file, int line, const char *left_text, long long left,
                   const char *right_text, long long right);

/* Numbers that follow from the run's seed (printed; --seed repeats it), the test and the thread. */
struct random {
	uint64_t state;
};
struct random harness_random(uint64_t stream);
uint64_t random_next(struct random *random);
static inline uint32_t random_below(struct random *random, uint32_t limit)
{
	return (uint32_t)((random_next(random) >> 32) * limit >> 32);
}

/* While on, producers lose the processor at the core's pause points and when they get the lock. */
void harness_pause_producers(bool on);

/* A memory block of exactly this size, so that a sanitizer sees each byte beyond it. */
void *harness_buffer(size_t size);

#endif
