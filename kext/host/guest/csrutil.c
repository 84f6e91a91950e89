// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "release.h"
#include "sip.h"
#include "system.h"

/* What `csrutil disable` switches off at least. */
#define ALL                                                                                        \
	(SIP_UNTRUSTED_KEXTS | SIP_UNRESTRICTED_FS | SIP_TASK_FOR_PID | SIP_UNRESTRICTED_DTRACE |  \
	 SIP_UNRESTRICTED_NVRAM)

#define FIRST_WITH_UNKNOWN 15
#define FIRST_WITH_SEAL    16

static void print_status(void)
{
	static const struct {
		const char *name;
		uint32_t bit;
		bool allows; /* the bit switches it on; others are switched off by theirs */
		unsigned int since;
	} items[] = {
	    {"Apple Internal", SIP_APPLE_INTERNAL, true, 11},
	    {"Kext Signing", SIP_UNTRUSTED_KEXTS, false, 11},
	    {"Filesystem Protections", SIP_UNRESTRICTED_FS, false, 11},
	    {"Debugging Restrictions", SIP_TASK_FOR_PID, false, 11},
	    {"DTrace Restrictions", SIP_UNRESTRICTED_DTRACE, false, 11},
	    {"NVRAM Protections", SIP_UNRESTRICTED_NVRAM, false, 11},
	    {"BaseSystem Verification", SIP_ANY_RECOVERY_OS, false, 12},
	};
	const unsigned int minor = system_release()->minor;
	const uint32_t configuration = sip_configuration();
	size_t i;

	fputs("System Integrity Protection status: ", stdout);
	if (!configuration) {
		puts("enabled.");
		return;
	}
	if ((configuration & ALL) == ALL) {
		puts("disabled.");
		return;
	}
	printf("%s (Custom Configuration).\n\nConfiguration:\n",
	       minor >= FIRST_WITH_UNKNOWN ? "unknown" : "enabled");
	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (minor >= items[i].since)
			printf("\t%s: %s\n", items[i].name,
			       !(configuration & items[i].bit) == items[i].allows ? "disabled"
			                                                          : "enabled");
	puts("\nThis is an unsupported configuration, likely to break in the future and leave your "
	     "machine in an unknown state.");
}

int command_csrutil(int count, char **arguments)
{
	static const char *const changes[] = {"clear", "disable", "enable", "netboot"};
	size_t i;

	if (count == 2 && !strcmp(arguments[1], "status")) {
		print_status();
		return 0;
	}
	if (count == 3 && system_release()->minor >= FIRST_WITH_SEAL &&
	    !strcmp(arguments[1], "authenticated-root") && !strcmp(arguments[2], "status")) {
		printf("Authenticated Root status: %s\n",
		       sip_configuration() & SIP_UNAUTHENTICATED_ROOT ? "disabled" : "enabled");
		return 0;
	}
	for (i = 0; count > 1 && i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (strcmp(arguments[1], changes[i]))
			continue;
		fputs("csrutil: failed to modify system integrity configuration. This tool needs "
		      "to be executed from the Recovery OS.\n",
		      stderr);
		return 1;
	}
	fputs(
	    "usage: csrutil <command>\n"
	    "Available commands:\n\n"
	    "    clear\n    disable\n    enable\n    netboot\n        Only from the Recovery OS.\n"
	    "    status\n        Display the current configuration.\n",
	    stderr);
	return EXIT_USAGE;
}
