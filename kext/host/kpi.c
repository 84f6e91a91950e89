// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kpi.h"

#include <stdio.h>
#include <string.h>

#include "release.h"

const struct kpi_symbol *const kpi_tables[] = {
    kpi_atomic,     kpi_clock,        kpi_runtime,        kpi_device, kpi_iokit,   kpi_kauth,
    kpi_locks,      kpi_log,          kpi_memory,         kpi_policy, kpi_process, kpi_rw_locks,
    kpi_sleep,      kpi_socket,       kpi_string,         kpi_user,   kpi_vnode,   kpi_iolocks,
    kpi_threads,    kpi_thread_calls, kpi_kernel_control, kpi_mbuf,   kpi_uio,     kpi_sysctl,
    kpi_lock_sleep, kpi_os_log,       kpi_signals,        NULL,
};

static const struct {
	enum kpi kpi;
	const char *bundle, *compatible;
} bundles[KPI_COUNT] = {
    {KPI_BSD, "com.apple.kpi.bsd", "8.0.0b1"},
    {KPI_DSEP, "com.apple.kpi.dsep", "8.0.0b1"},
    {KPI_IOKIT, "com.apple.kpi.iokit", "7.0"},
    {KPI_LIBKERN, "com.apple.kpi.libkern", "8.0.0d0"},
    {KPI_MACH, "com.apple.kpi.mach", "8.0.0d0"},
    {KPI_UNSUPPORTED, "com.apple.kpi.unsupported", "8.0.0b1"},
};

#define FIRST_WITH_KASAN 14

/* In the order of their load tags. */
static const struct {
	const char *bundle;
	enum kpi kpi;
	unsigned int since; /* release */
} components[] = {
    {"com.apple.kpi.bsd", KPI_BSD, 0},         {"com.apple.kpi.dsep", KPI_DSEP, 0},
    {"com.apple.kpi.iokit", KPI_IOKIT, 0},     {"com.apple.kpi.kasan", 0, FIRST_WITH_KASAN},
    {"com.apple.kpi.libkern", KPI_LIBKERN, 0}, {"com.apple.kpi.mach", KPI_MACH, 0},
    {"com.apple.kpi.private", 0, 0},           {"com.apple.kpi.unsupported", KPI_UNSUPPORTED, 0},
};

#define COMPONENTS (sizeof(components) / sizeof(components[0]))

/* The index of a load tag; COMPONENTS where it is a kext's. */
static size_t component_of(unsigned int tag)
{
	size_t i;

	for (i = 0; i < COMPONENTS; i++)
		if (components[i].since <= release_running()->minor && !--tag)
			break;
	return i;
}

unsigned int kpi_component_count(void)
{
	unsigned int count = 0;

	while (component_of(count + 1) < COMPONENTS)
		count++;
	return count;
}

const char *kpi_component(unsigned int tag)
{
	return components[component_of(tag)].bundle;
}

unsigned int kpi_tag(enum kpi kpi)
{
	unsigned int tag = 1;

	while (components[component_of(tag)].kpi != kpi)
		tag++;
	return tag;
}

const void *kpi_find(const char *name, unsigned int allowed)
{
	const struct kpi_symbol *const *table, *symbol;

	for (table = kpi_tables; *table; table++)
		for (symbol = *table; symbol->name; symbol++)
			if (symbol->kpi & allowed && !strcmp(symbol->name, name))
				return symbol->address;
	return NULL;
}

enum kpi kpi_of_bundle(const char *identifier)
{
	size_t i;

	for (i = 0; i < KPI_COUNT; i++)
		if (!strcmp(bundles[i].bundle, identifier))
			return bundles[i].kpi;
	return 0;
}

const char *kpi_bundle_of(enum kpi kpi)
{
	size_t i;

	for (i = 0; i < KPI_COUNT; i++)
		if (bundles[i].kpi == kpi)
			return bundles[i].bundle;
	return "";
}

const char *kpi_compatible_version(enum kpi kpi)
{
	size_t i;

	for (i = 0; i < KPI_COUNT; i++)
		if (bundles[i].kpi == kpi)
			return bundles[i].compatible;
	return "";
}

void kpi_print(void)
{
	const struct kpi_symbol *const *table, *symbol;

	for (table = kpi_tables; *table; table++)
		for (symbol = *table; symbol->name; symbol++)
			printf("%s\t%s\n", symbol->name, kpi_bundle_of(symbol->kpi));
}
