// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "verbosity.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static int is_level(const char *word)
{
	if (!strncmp(word, "0x", 2))
		return word[2] && !word[2 + strspn(word + 2, "0123456789abcdefABCDEF")];
	return *word >= '0' && *word <= '6' && !word[1];
}

int verbosity_of(int count, char **arguments)
{
	const char *level = optarg;

	if (!level && optind < count && is_level(arguments[optind]))
		level = arguments[optind++];
	if (!level)
		return VERBOSITY_MORE;
	/* Flags say which kinds of messages: any of them is more than none. */
	return strncmp(level, "0x", 2) ? atoi(level) : VERBOSITY_MORE;
}
