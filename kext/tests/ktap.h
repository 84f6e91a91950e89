/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A program's tests and what they say, as KTAP on standard output.
 *
 *	static void adds(void)
 *	{
 *		EXPECT(1 + 1 == 2, "got %d", 1 + 1);
 *	}
 *
 *	int main(void)
 *	{
 *		static const struct ktap_test tests[] = {{"adds", adds}};
 *
 *		return KTAP_RUN(tests);
 *	}
 *
 * One thread at a time may expect; a child process that does must end by ktap_child_exit().
 */
#ifndef OSQ_KTAP_H
#define OSQ_KTAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ktap_test {
	const char *name;
	void (*run)(void);
};

/* Runs them in turn; what main returns: 0 if all were ok, else 1. */
int ktap_run(const struct ktap_test *tests, size_t count);
#define KTAP_RUN(tests) ktap_run(tests, sizeof(tests) / sizeof((tests)[0]))

/* The running test has failed, here; it goes on. The first failure becomes its reason. False. */
__attribute__((format(printf, 3, 4))) bool ktap_fail(const char *file, int line, const char *format,
                                                     ...);

/* The running test cannot be made here; says why. */
void ktap_skip(const char *reason);

/* "# figure name value", "# progress done/all", "# ...". */
void ktap_figure(const char *name, uint64_t value);
void ktap_progress(uint64_t done, uint64_t all);
__attribute__((format(printf, 1, 2))) void ktap_say(const char *format, ...);

/* Has the running test failed? */
bool ktap_failed(void);

/* fork(2), with nothing left in standard output's buffer; ends the program where it cannot. */
int ktap_fork(void);

/* Ends a child: 1 if one of its expectations failed (the parent should EXPECT 0), else 0. */
__attribute__((noreturn)) void ktap_child_exit(void);

/* Waits for a child. Its exit status, or 128 and the signal's number. */
int ktap_wait(int child);

static inline bool ktap_pass(void)
{
	return true;
}

/* A failed expectation is told with its place; the test goes on. Gives the condition's value. */
#define EXPECT(condition, ...)                                                                     \
	((condition) ? ktap_pass() : ktap_fail(__FILE__, __LINE__, #condition ": " __VA_ARGS__))

#define FAIL(...) ktap_fail(__FILE__, __LINE__, __VA_ARGS__)

/* The same, but the (void) function returns. */
#define REQUIRE(condition, ...)                                                                    \
	do {                                                                                       \
		if (!EXPECT(condition, __VA_ARGS__))                                               \
			return;                                                                    \
	} while (0)

/* A call which must fail with this errno. */
#define EXPECT_ERRNO(call, expected)                                                               \
	ktap_expect_errno(__FILE__, __LINE__, #call, (long)(call), expected)
bool ktap_expect_errno(const char *file, int line, const char *call, long result, int expected);

#endif
