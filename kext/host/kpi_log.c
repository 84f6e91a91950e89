// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdarg.h>

#include "kpi.h"
#include "log.h"

#define PRINTF  __attribute__((format(printf, 1, 2)))
#define VPRINTF __attribute__((format(printf, 1, 0)))

static PRINTF int kernel_printf(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_text(format, arguments);
	va_end(arguments);
	return 0;
}

static VPRINTF int kernel_vprintf(const char *format, va_list arguments)
{
	log_text(format, arguments);
	return 0;
}

static PRINTF void kernel_IOLog(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_text(format, arguments);
	va_end(arguments);
}

static VPRINTF void kernel_IOLogv(const char *format, va_list arguments)
{
	log_text(format, arguments);
}

static PRINTF void kernel_kprintf(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_text(format, arguments);
	va_end(arguments);
}

const struct kpi_symbol kpi_log[] = {
    KPI_FUNCTION(KPI_LIBKERN, printf),  KPI_FUNCTION(KPI_LIBKERN, vprintf),
    KPI_FUNCTION(KPI_LIBKERN, kprintf), KPI_FUNCTION(KPI_IOKIT, IOLog),
    KPI_FUNCTION(KPI_IOKIT, IOLogv),    {0},
};
