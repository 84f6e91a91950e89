// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Of the system's policies only the consent to kexts, which nobody can withdraw: there is no
 * Recovery OS. */
#include <stdio.h>
#include <string.h>

#include "command.h"

static int tell_usage(void)
{
	fputs("Kernel Extension User Consent Usage:\n"
	      "    spctl kext-consent <action>         ** Modifications only available in "
	      "Recovery OS **\n"
	      "        status | enable | disable | add <team-id> | list | remove <team-id>\n",
	      stderr);
	return EXIT_USAGE;
}

int command_spctl(int count, char **arguments)
{
	static const char *const changes[] = {"enable", "disable", "add", "remove"};
	size_t i;

	if (count < 3 || strcmp(arguments[1], "kext-consent"))
		return tell_usage();
	if (!strcmp(arguments[2], "status")) {
		puts("Kernel Extension User Consent: ENABLED");
		return 0;
	}
	if (!strcmp(arguments[2], "list")) {
		puts("Allowed Team Identifiers: ");
		return 0;
	}
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (strcmp(arguments[2], changes[i]))
			continue;
		fputs("spctl: failed to store new configuration.\n", stderr);
		return 1;
	}
	return tell_usage();
}
