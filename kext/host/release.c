// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "release.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The last version of each. */
static const struct release releases[] = {
    {"10.15", 15, "Mac OS X", "10.15.7", "19H15", "19.6.0"},
    {"10.14", 14, "Mac OS X", "10.14.6", "18G9323", "18.7.0"},
    {"10.13", 13, "Mac OS X", "10.13.6", "17G14042", "17.7.0"},
    {"10.12", 12, "Mac OS X", "10.12.6", "16G2136", "16.7.0"},
    {"10.11", 11, "Mac OS X", "10.11.6", "15G22010", "15.6.0"},
    {"10.10", 10, "Mac OS X", "10.10.5", "14F2511", "14.5.0"},
    {"10.9", 9, "Mac OS X", "10.9.5", "13F1911", "13.4.0"},
    {"11", 16, "macOS", "11.7.10", "20G1427", "20.6.0"},
};

static const struct release *running = &releases[0];

const struct release *release_find(const char *version)
{
	size_t i, length;

	for (i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		length = strlen(releases[i].name);
		if (!strncmp(version, releases[i].name, length) &&
		    (!version[length] || version[length] == '.'))
			return &releases[i];
	}
	return NULL;
}

const struct release *release_running(void)
{
	return running;
}

void release_run_as(const struct release *release)
{
	running = release;
}

void release_kernel(const struct release *release, char *text, unsigned int size)
{
	snprintf(text, size,
	         "Darwin Kernel Version %s: Thu Jan  1 00:00:00 GMT 1970; "
	         "root:kexthost-%s/DEVELOPMENT_X86_64",
	         release->darwin, release->darwin);
}
