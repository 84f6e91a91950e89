// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "allocations.h"
#include "backtrace.h"
#include "kpi.h"
#include "log.h"
#include "wait.h"

#define CALLER     (uintptr_t) __builtin_return_address(0)
#define FORMAT_MAX 1024
#define FRAMES     16

/* Opaque. Nothing is filtered but what is for debugging. */
static const uint64_t kernel__os_log_default = 1;

static const void *kernel_os_log_create(const char *subsystem, const char *category)
{
	uint64_t *made;

	(void)subsystem;
	(void)category;
	wait_check_may_sleep();
	/* For ever: there is no call that frees it. */
	made = allocation_make(sizeof(*made), 1, ALLOCATION_OBJECT, NULL, 0);
	return made ? made : &kernel__os_log_default;
}

static bool kernel_os_log_info_enabled(const void *log)
{
	return log != NULL;
}

static bool kernel_os_log_debug_enabled(const void *log)
{
	(void)log;
	return false;
}

/* printf's format is the rest: "%{public}s" says who may read it. */
static void strip(const char *format, char plain[FORMAT_MAX])
{
	char *to = plain;

	while (*format && to < plain + FORMAT_MAX - 2) {
		*to++ = *format;
		if (*format++ != '%' || *format != '{')
			continue;
		while (*format && *format++ != '}')
			;
	}
	/* A message is a line. */
	if (to == plain || to[-1] != '\n')
		*to++ = '\n';
	*to = '\0';
}

static void kernel__os_log_internal(const void *image, const void *log, uint8_t kind,
                                    const char *format, ...)
{
	char plain[FORMAT_MAX];
	va_list arguments;

	(void)image;
	(void)log;
	(void)kind;
	strip(format, plain);
	va_start(arguments, format);
	log_text(plain, arguments);
	va_end(arguments);
}

static __attribute__((format(printf, 1, 2))) void kernel_OSReportWithBacktrace(const char *format,
                                                                               ...)
{
	struct backtrace_frame frames[FRAMES];
	const size_t count = backtrace_walk((uintptr_t)__builtin_frame_address(0), frames, FRAMES);
	va_list arguments;
	char place[256];
	size_t i;

	va_start(arguments, format);
	log_text(format, arguments);
	va_end(arguments);
	log_line("\nBacktrace:");
	for (i = 0; i < count; i++) {
		backtrace_describe(frames[i].returns_to, place, sizeof(place));
		log_line("0x%lx %s", frames[i].returns_to, place);
	}
}

const struct kpi_symbol kpi_os_log[] = {
    KPI_VARIABLE(KPI_LIBKERN, _os_log_default),
    KPI_FUNCTION(KPI_LIBKERN, os_log_create),
    KPI_FUNCTION(KPI_LIBKERN, os_log_info_enabled),
    KPI_FUNCTION(KPI_LIBKERN, os_log_debug_enabled),
    KPI_FUNCTION(KPI_LIBKERN, _os_log_internal),
    KPI_FUNCTION(KPI_LIBKERN, OSReportWithBacktrace),
    {0},
};
