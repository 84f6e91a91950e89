// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct {
	const char *name;
	command *run;
} commands[] = {
    {"kextload", command_kextload},     {"kextstat", command_kextstat},
    {"kextunload", command_kextunload}, {"sw_vers", command_sw_vers},
    {"darwin-boot", command_boot},      {"darwin-panic", command_panic},
};

int main(int count, char **arguments)
{
	const char *name = count ? basename(arguments[0]) : "";
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(count, arguments);
	fprintf(stderr, "%s: no command of this system\n", name);
	return 127;
}
