// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "release.h"
#include "system.h"

#define KMUTIL 16 /* the first release with it; they count as in struct release */

static const struct {
	const char *name;
	command *run;
	unsigned int since, until; /* 0: always */
} commands[] = {
    {"csrutil", command_csrutil, 11, 0},
    {"darwin-boot", command_boot, 0, 0},
    {"darwin-panic", command_panic, 0, 0},
    {"dmesg", command_dmesg, 0, 0},
    {"halt", command_halt, 0, 0},
    {"kextcache", command_kextcache, 0, KMUTIL},
    {"kextload", command_kextload, 0, KMUTIL},
    {"kextload", shim_kextload, KMUTIL, 0},
    {"kextstat", command_kextstat, 0, KMUTIL},
    {"kextstat", shim_kextstat, KMUTIL, 0},
    {"kextunload", command_kextunload, 0, KMUTIL},
    {"kextunload", shim_kextunload, KMUTIL, 0},
    {"kextutil", command_kextutil, 0, KMUTIL},
    {"kextutil", shim_kextutil, KMUTIL, 0},
    {"kmutil", command_kmutil, KMUTIL, 0},
    {"log", command_log, 12, 0},
    {"nvram", command_nvram, 0, 0},
    {"reboot", command_reboot, 0, 0},
    {"shutdown", command_shutdown, 0, 0},
    {"spctl", command_spctl, 13, 0},
    {"sw_vers", command_sw_vers, 0, 0},
    {"sysctl", command_sysctl, 0, 0},
    {"uname", command_uname, 0, 0},
};

int main(int count, char **arguments)
{
	const char *name = count ? basename(arguments[0]) : "";
	const unsigned int release = system_release()->minor;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name) && release >= commands[i].since &&
		    (!commands[i].until || release < commands[i].until))
			return commands[i].run(count, arguments);
	fprintf(stderr, "sh: %s: command not found\n", name);
	return 127;
}
