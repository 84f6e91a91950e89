// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests.h"

/* All tests together; one that hangs is ended by it, and so not told as passed. */
#define WATCHDOG_SECONDS 600

/* An argument is a pattern of the names of those that run. */
int main(int argc, char **argv)
{
	static const struct ktap_test *const tables[] = {
	    records_tests, lines_tests, queue_tests,  config_tests,    input_tests,
	    file_tests,    full_tests,  output_tests, extension_tests, units_tests,
	};
	static struct ktap_test tests[200];
	static char names[200][160];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct ktap_test *test = tables[i]; test->name; test++) {
			if (argc > 1 && fnmatch(argv[1], test->name, 0))
				continue;
			snprintf(names[count], sizeof(names[count]), FLAVOUR ": kextlogd %s",
			         test->name);
			tests[count] = (struct ktap_test){names[count], test->run};
			count++;
		}
	signal(SIGPIPE, SIG_IGN);
	alarm(WATCHDOG_SECONDS);
	return ktap_run(tests, count);
}
