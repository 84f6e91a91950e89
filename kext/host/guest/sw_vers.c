// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "release.h"
#include "system.h"

int command_sw_vers(int count, char **arguments)
{
	const struct release *release = system_release();

	if (count == 1) {
		printf("ProductName:\t%s\nProductVersion:\t%s\nBuildVersion:\t%s\n",
		       release->product, release->version, release->build);
		return 0;
	}
	if (count == 2 && !strcmp(arguments[1], "-productName"))
		puts(release->product);
	else if (count == 2 && !strcmp(arguments[1], "-productVersion"))
		puts(release->version);
	else if (count == 2 && !strcmp(arguments[1], "-buildVersion"))
		puts(release->build);
	else {
		fputs("Usage: sw_vers [-productName|-productVersion|-buildVersion]\n", stderr);
		return 1;
	}
	return 0;
}
