// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "leftovers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backtrace.h"
#include "kext.h"
#include "log.h"
#include "panic.h"
#include "wait.h"

#define MILLISECOND 1000000u
#define WAITS       100

/* Under the lock of loading. */
static const struct kext *leaving;
static unsigned int count;
static FILE *report;

static FILE *open_report(void)
{
	char host[65] = "", date[32], path[4096];
	time_t now = time(NULL);
	struct tm local;

	if (!panic_reports())
		return NULL;
	gethostname(host, sizeof(host) - 1);
	strftime(date, sizeof(date), "%Y-%m-%d-%H%M%S", localtime_r(&now, &local));
	snprintf(path, sizeof(path), "%s/%s_%s_%s.diag", panic_reports(),
	         leaving->bundle.identifier, date, host);
	return fopen(path, "ae");
}

void leftovers_tell(uintptr_t site, const char *format, ...)
{
	char what[256], place[256] = "";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (site)
		backtrace_describe(site, place, sizeof(place));
	if (!count++)
		report = open_report();
	log_line("Kext %s left behind: %s%s%s", leaving->bundle.identifier, what,
	         site ? " from " : "", place);
	if (report)
		fprintf(report, "Kext %s left behind: %s%s%s\n", leaving->bundle.identifier, what,
		        site ? " from " : "", place);
}

unsigned int leftovers_report(struct kext *kext)
{
	unsigned int inside, waits;

	/* Who is on its way out of a callback is no matter. */
	for (waits = 0; __atomic_load_n(&kext->inside, __ATOMIC_SEQ_CST) && waits < WAITS; waits++)
		wait_for(MILLISECOND);
	leaving = kext;
	count = 0;
	report = NULL;
	inside = __atomic_load_n(&kext->inside, __ATOMIC_SEQ_CST);
	if (inside)
		leftovers_tell(0, "%u thread(s) that are still in its callbacks", inside);
	devices_tell_left(kext);
	controls_tell_left(kext);
	sysctls_tell_left(kext);
	listeners_tell_left(kext);
	policies_tell_left(kext);
	filters_tell_left(kext);
	threads_tell_left(kext);
	thread_calls_tell_left(kext);
	locks_tell_left(kext);
	allocations_tell_left(kext);
	if (report)
		fclose(report);
	return count;
}
