// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "ktap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool failed;
static char first_failure[512];
static const char *skipped;

bool ktap_fail(const char *file, int line, const char *format, ...)
{
	const char *name = strrchr(file, '/');
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printf("# %s:%d: %s\n", name ? name + 1 : file, line, text);
	fflush(stdout);
	if (!failed)
		snprintf(first_failure, sizeof(first_failure), "%s", text);
	failed = true;
	return false;
}

bool ktap_expect_errno(const char *file, int line, const char *call, long result, int expected)
{
	int error = errno;

	if (result != -1)
		return ktap_fail(file, line, "%s: expected %s, but it gave %ld", call,
		                 strerror(expected), result);
	if (error != expected)
		return ktap_fail(file, line, "%s: expected %s, got %s", call, strerror(expected),
		                 strerror(error));
	return true;
}

void ktap_skip(const char *reason)
{
	skipped = reason;
}

bool ktap_failed(void)
{
	return failed;
}

void ktap_figure(const char *name, uint64_t value)
{
	printf("# figure %s %" PRIu64 "\n", name, value);
	fflush(stdout);
}

void ktap_progress(uint64_t done, uint64_t all)
{
	printf("# progress %" PRIu64 "/%" PRIu64 "\n", done, all);
	fflush(stdout);
}

void ktap_say(const char *format, ...)
{
	va_list arguments;

	printf("# ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
}

int ktap_fork(void)
{
	int child;

	fflush(stdout);
	child = fork();
	if (child < 0) {
		printf("Bail out! cannot fork: %s\n", strerror(errno));
		fflush(stdout);
		_exit(2);
	}
	return child;
}

void ktap_child_exit(void)
{
	fflush(stdout);
	_exit(failed);
}

int ktap_wait(int child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int ktap_run(const struct ktap_test *tests, size_t count)
{
	bool all_ok = true;
	size_t i;

	printf("KTAP version 1\n1..%zu\n", count);
	for (i = 0; i < count; i++) {
		failed = false;
		skipped = NULL;
		tests[i].run();
		if (failed)
			printf("not ok %zu %s # %s\n", i + 1, tests[i].name, first_failure);
		else if (skipped)
			printf("ok %zu %s # SKIP %s\n", i + 1, tests[i].name, skipped);
		else
			printf("ok %zu %s\n", i + 1, tests[i].name);
		fflush(stdout);
		all_ok &= !failed;
	}
	return !all_ok;
}
