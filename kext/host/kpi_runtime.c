// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* What the compiler calls, what panics, and the kernel's own description of itself. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kpi.h"
#include "link.h"
#include "panic.h"
#include "release.h"

/* Any value but one that a copied string could bring. */
static uintptr_t kernel___stack_chk_guard = 0x6b9f00d1c5e3a700u;

static _Noreturn void kernel___stack_chk_fail(void)
{
	panic("Kernel stack memory corruption detected");
}

static void kernel___bzero(void *address, size_t size)
{
	memset(address, 0, size);
}

static _Noreturn void kernel_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void kernel_panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	panic_with((uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_frame_address(0),
	           format, arguments);
}

static _Noreturn void kernel_Assert(const char *file, int line, const char *expression)
{
	panic("%s:%d Assertion failed: %s", file, line, expression);
}

static _Noreturn void kernel_Debugger(const char *message)
{
	panic("Debugger called: <%s>", message);
}

static int kernel_hz = 100;
static char kernel_version[256];
static int kernel_version_major, kernel_version_minor, kernel_version_revision;
static const char kernel_version_variant[] = "";
static char kernel_osrelease[16];
static const char kernel_ostype[] = "Darwin";

void kpi_runtime_init(void)
{
	const struct release *release = release_running();

	release_kernel(release, kernel_version, sizeof(kernel_version));
	snprintf(kernel_osrelease, sizeof(kernel_osrelease), "%s", release->darwin);
	sscanf(release->darwin, "%d.%d.%d", &kernel_version_major, &kernel_version_minor,
	       &kernel_version_revision);
}

static uint32_t kernel_random(void)
{
	uint32_t value;

	arc4random_buf(&value, sizeof(value));
	return value;
}

static void kernel_read_random(void *buffer, unsigned int size)
{
	arc4random_buf(buffer, size);
}

static void kernel_random_buf(void *buffer, size_t size)
{
	arc4random_buf(buffer, size);
}

/* A number in `size` bytes, a text, or 1 for a flag: of "name=value" or "-name". */
static void give_argument(const char *value, size_t length, void *to, int size)
{
	char text[256];
	int64_t number;
	char *end;

	snprintf(text, sizeof(text), "%.*s", (int)length, value);
	number = strtoll(*text ? text : "1", &end, 0);
	if (!*end)
		memcpy(to, &number, (size_t)(size < 8 ? size : 8));
	else
		snprintf(to, (size_t)size, "%s", text);
}

static uint32_t kernel_PE_parse_boot_argn(const char *name, void *to, int size)
{
	const char *word = panic_boot_arguments();
	const size_t length = strlen(name);

	for (; *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (strncmp(word, name, length) || !strchr("= ", word[length]))
			continue;
		word += length;
		word += *word == '=';
		if (to && size > 0)
			give_argument(word, strcspn(word, " "), to, size);
		return 1;
	}
	return 0;
}

static uint32_t kernel_ml_at_interrupt_context(void)
{
	return 0;
}

const struct kpi_symbol kpi_runtime[] = {
    KPI_VARIABLE(KPI_LIBKERN, __stack_chk_guard),
    KPI_FUNCTION(KPI_LIBKERN, __stack_chk_fail),
    KPI_FUNCTION(KPI_LIBKERN, __bzero),
    {"_gOSKextUnresolved", KPI_LIBKERN, &link_unresolved},
    KPI_FUNCTION(KPI_LIBKERN, panic),
    KPI_FUNCTION(KPI_LIBKERN, Assert),
    KPI_FUNCTION(KPI_UNSUPPORTED, Debugger),
    KPI_VARIABLE(KPI_UNSUPPORTED, hz),
    KPI_VARIABLE(KPI_LIBKERN, version),
    KPI_VARIABLE(KPI_LIBKERN, version_major),
    KPI_VARIABLE(KPI_LIBKERN, version_minor),
    KPI_VARIABLE(KPI_LIBKERN, version_revision),
    KPI_VARIABLE(KPI_LIBKERN, version_variant),
    KPI_VARIABLE(KPI_LIBKERN, osrelease),
    KPI_VARIABLE(KPI_LIBKERN, ostype),
    KPI_FUNCTION(KPI_BSD, random),
    KPI_FUNCTION(KPI_MACH, read_random),
    KPI_FUNCTION(KPI_LIBKERN, random_buf),
    KPI_FUNCTION(KPI_IOKIT, PE_parse_boot_argn),
    KPI_FUNCTION(KPI_LIBKERN, ml_at_interrupt_context),
    {0},
};
