// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "options.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct option_number *find(const struct option_number *options, const char *name)
{
	while (options->name && strcmp(options->name, name))
		options++;
	return options->name ? options : NULL;
}

void options_read(int argc, char **argv, const struct option_number *options)
{
	int i;

	for (i = 1; i < argc; i += 2) {
		const struct option_number *option = find(options, argv[i]);
		unsigned long long value;
		char *end;

		if (!option)
			errx(2, "unknown option %s", argv[i]);
		if (i + 1 == argc)
			errx(2, "%s needs a number", argv[i]);
		errno = 0;
		value = strtoull(argv[i + 1], &end, 10);
		if (errno || *end || end == argv[i + 1] || value < option->least ||
		    value > option->most)
			errx(2, "%s %s: expected a number from %llu to %llu", argv[i], argv[i + 1],
			     (unsigned long long)option->least, (unsigned long long)option->most);
		*option->value = value;
	}
}
