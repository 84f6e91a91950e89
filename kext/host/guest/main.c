// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "release.h"
#include "system.h"

/* Releases count as in struct release. */
static const struct {
	const char *name;
	command *run;
	unsigned int since;
} commands[] = {
    {"csrutil", command_csrutil, 11},  {"dmesg", command_dmesg, 0},
    {"halt", command_halt, 0},         {"kextload", command_kextload, 0},
    {"kextstat", command_kextstat, 0}, {"kextunload", command_kextunload, 0},
    {"nvram", command_nvram, 0},       {"reboot", command_reboot, 0},
    {"shutdown", command_shutdown, 0}, {"sw_vers", command_sw_vers, 0},
    {"sysctl", command_sysctl, 0},     {"uname", command_uname, 0},
    {"darwin-boot", command_boot, 0},  {"darwin-panic", command_panic, 0},
};

int main(int count, char **arguments)
{
	const char *name = count ? basename(arguments[0]) : "";
	const unsigned int release = system_release()->minor;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name) && release >= commands[i].since)
			return commands[i].run(count, arguments);
	fprintf(stderr, "sh: %s: command not found\n", name);
	return 127;
}
