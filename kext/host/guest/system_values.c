// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "system_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "nvram.h"
#include "release.h"
#include "system.h"

#define FIRST_WITH_PRODUCT 13

static void tell_kernel(char *text, size_t size)
{
	release_kernel(system_release(), text, (unsigned int)size);
}

static void tell_darwin(char *text, size_t size)
{
	snprintf(text, size, "%s", system_release()->darwin);
}

static void tell_build(char *text, size_t size)
{
	snprintf(text, size, "%s", system_release()->build);
}

static void tell_product(char *text, size_t size)
{
	snprintf(text, size, "%s", system_release()->version);
}

static void tell_host(char *text, size_t size)
{
	gethostname(text, size - 1);
}

static void tell_boot_arguments(char *text, size_t size)
{
	size_t length;
	char *value = nvram_get(system_path(SYSTEM_BOOTED_NVRAM).text, "boot-args", &length);

	snprintf(text, size, "%s", value ? value : "");
	free(value);
}

static void tell_boot_time(char *text, size_t size)
{
	struct stat booted = {0};
	char date[64];
	struct tm local;
	time_t since;

	stat(system_path(SYSTEM_BOOTED_NVRAM).text, &booted);
	since = booted.st_mtime;
	strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", localtime_r(&since, &local));
	snprintf(text, size, "{ sec = %lld, usec = %ld } %s", (long long)since,
	         booted.st_mtim.tv_nsec / 1000, date);
}

static void tell_processors(char *text, size_t size)
{
	snprintf(text, size, "%d", get_nprocs());
}

static void tell_memory(char *text, size_t size)
{
	struct sysinfo information;

	sysinfo(&information);
	snprintf(text, size, "%llu",
	         (unsigned long long)information.totalram * information.mem_unit);
}

static const struct {
	const char *name;
	void (*tell)(char *text, size_t size);
	const char *fixed;
	unsigned int since;
} values[] = {
    {"kern.ostype", NULL, "Darwin", 0},
    {"kern.osrelease", tell_darwin, NULL, 0},
    {"kern.osrevision", NULL, "199506", 0},
    {"kern.version", tell_kernel, NULL, 0},
    {"kern.hostname", tell_host, NULL, 0},
    {"kern.boottime", tell_boot_time, NULL, 0},
    {"kern.osversion", tell_build, NULL, 0},
    {"kern.osproductversion", tell_product, NULL, FIRST_WITH_PRODUCT},
    {"kern.bootargs", tell_boot_arguments, NULL, 0},
    {"kern.secure_kernel", NULL, "0", 0},
    {"hw.machine", NULL, "x86_64", 0},
    {"hw.model", NULL, "kexthost", 0},
    {"hw.ncpu", tell_processors, NULL, 0},
    {"hw.activecpu", tell_processors, NULL, 0},
    {"hw.physicalcpu", tell_processors, NULL, 0},
    {"hw.logicalcpu", tell_processors, NULL, 0},
    {"hw.byteorder", NULL, "1234", 0},
    {"hw.memsize", tell_memory, NULL, 0},
    {"hw.pagesize", NULL, "4096", 0},
    {"hw.cputype", NULL, "7", 0},
    {"hw.cpu64bit_capable", NULL, "1", 0},
};

#define VALUE_COUNT (sizeof(values) / sizeof(values[0]))
_Static_assert(VALUE_COUNT <= SYSTEM_VALUES_MAX, "SYSTEM_VALUES_MAX");

bool system_value_find(const char *name, struct system_value *value)
{
	size_t i;

	for (i = 0; i < VALUE_COUNT; i++) {
		if (strcmp(values[i].name, name) || system_release()->minor < values[i].since)
			continue;
		*value->text = '\0';
		if (values[i].tell)
			values[i].tell(value->text, sizeof(value->text));
		else
			snprintf(value->text, sizeof(value->text), "%s", values[i].fixed);
		return true;
	}
	return false;
}

size_t system_values_below(const char *name, const char **names, size_t count)
{
	const size_t length = strlen(name);
	size_t i, found = 0;

	for (i = 0; i < VALUE_COUNT && found < count; i++)
		if (system_release()->minor >= values[i].since &&
		    (!length || !strcmp(values[i].name, name) ||
		     (!strncmp(values[i].name, name, length) && values[i].name[length] == '.')))
			names[found++] = values[i].name;
	return found;
}
