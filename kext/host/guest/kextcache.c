// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* There is no cache here of which a kernel starts: all that is asked for is made at once. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "system.h"

static int tell_usage(void)
{
	fputs("usage: kextcache -invalidate <volume>\n"
	      "       kextcache -i <volume> | -u <volume> | -update-volume <volume>\n",
	      stderr);
	return EXIT_USAGE;
}

int command_kextcache(int count, char **arguments)
{
	static const char *const verbs[] = {"-invalidate", "-i", "-u", "-update-volume"};
	struct stat volume;
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (count == 3 && !strcmp(arguments[1], verbs[i]))
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		return tell_usage();
	if (geteuid()) {
		fputs("You must be running as root to update kext caches.\n", stderr);
		return EXIT_NOT_PERMITTED;
	}
	if (stat(system_path(arguments[2]).text, &volume) || !S_ISDIR(volume.st_mode)) {
		fprintf(stderr, "Can't find volume %s.\n", arguments[2]);
		return EXIT_OS_ERROR;
	}
	return 0;
}
