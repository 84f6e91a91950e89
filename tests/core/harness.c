/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "harness.h"

#include <fnmatch.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef OSQ_FLAVOUR
#define OSQ_FLAVOUR "plain"
#endif

/* Ends a test that hangs; generous, for it only decides between "failed" and "failed". */
#define WATCHDOG_SECONDS 120

static uint64_t seed;
static char failure[512];
static bool failed;
static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;
static char hang_message[256];
static bool pausing;

bool harness_fail(const char *file, int line, const char *format, ...)
{
	const char *name = strrchr(file, '/');
	va_list arguments;
	int used;

	pthread_mutex_lock(&failure_lock);
	if (!failed) {
		__atomic_store_n(&failed, true, __ATOMIC_RELAXED);
		used = snprintf(failure, sizeof(failure), "%s:%d: ", name ? name + 1 : file, line);
		va_start(arguments, format);
		vsnprintf(failure + used, sizeof(failure) - (size_t)used, format, arguments);
		va_end(arguments);
	}
	pthread_mutex_unlock(&failure_lock);
	return false;
}

bool harness_failed(void)
{
	return __atomic_load_n(&failed, __ATOMIC_RELAXED);
}

bool harness_equal(const char *file, int line, const char *left_text, long long left,
                   const char *right_text, long long right)
{
	if (left == right)
		return true;
	return harness_fail(file, line, "expected %s == %s, but %lld != %lld", left_text,
	                    right_text, left, right);
}

uint64_t random_next(struct random *random)
{
	uint64_t x = random->state += 0x9E3779B97F4A7C15u; /* splitmix64 */

	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

struct random harness_random(uint64_t stream)
{
	struct random random = {seed + stream * 0xD1342543DE82EF95u};

	random_next(&random);
	return random;
}

void harness_pause_producers(bool on)
{
	__atomic_store_n(&pausing, on, __ATOMIC_RELAXED);
}

/* The port's hook. */
void osq_test_pause(void)
{
	static __thread struct random random;
	uint32_t dice;

	if (!__atomic_load_n(&pausing, __ATOMIC_RELAXED))
		return;
	if (!random.state)
		random = harness_random((uint64_t)(uintptr_t)&random);
	dice = random_below(&random, 4096);
	if (dice == 0)
		usleep(100);
	else if (dice < 256)
		sched_yield();
}

void *harness_buffer(size_t size)
{
	void *buffer = calloc(1, size);

	if (!buffer)
		abort();
	return buffer;
}

static void hang(int signal)
{
	ssize_t ignored = write(STDOUT_FILENO, hang_message, strlen(hang_message));

	(void)signal;
	(void)ignored;
	_exit(1);
}

static bool run_test(const struct test *test, unsigned number)
{
	snprintf(hang_message, sizeof(hang_message),
	         "not ok %u " OSQ_FLAVOUR ": %s # came not back within %d seconds\n", number,
	         test->name, WATCHDOG_SECONDS);
	failed = false;
	alarm(WATCHDOG_SECONDS);
	test->run();
	alarm(0);
	harness_pause_producers(false);
	if (failed)
		printf("not ok %u " OSQ_FLAVOUR ": %s # %s (seed %llu)\n", number, test->name,
		       failure, (unsigned long long)seed);
	else
		printf("ok %u " OSQ_FLAVOUR ": %s\n", number, test->name);
	fflush(stdout);
	return !failed;
}

static bool wanted(const struct test *test, const char *pattern)
{
	return test->name && (!pattern || !fnmatch(pattern, test->name, 0));
}

int main(int argc, char **argv)
{
	const char *pattern = NULL;
	unsigned count = 0, number = 0, bad = 0;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_sec * 1000003u ^ (uint64_t)now.tv_nsec;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
			seed = strtoull(argv[++i], NULL, 0);
		} else if (argv[i][0] != '-' && !pattern) {
			pattern = argv[i];
		} else {
			fprintf(stderr, "Usage: %s [--seed N] [NAME-PATTERN]\n", argv[0]);
			return 2;
		}
	}
	for (size_t i = 0; harness_suites[i]; i++)
		for (const struct test *test = harness_suites[i]; test->name; test++)
			count += wanted(test, pattern);
	signal(SIGALRM, hang);
	printf("KTAP version 1\n1..%u\n# seed %llu\n", count, (unsigned long long)seed);
	for (size_t i = 0; harness_suites[i]; i++)
		for (const struct test *test = harness_suites[i]; test->name; test++)
			if (wanted(test, pattern))
				bad += !run_test(test, ++number);
	printf("# %u passed, %u failed\n", count - bad, bad);
	return bad || !count;
}
