// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "release.h"
#include "system.h"

int command_uname(int count, char **arguments)
{
	static const char options[] = "snrvmp", all[] = "snrvm";
	const struct release *release = system_release();
	char host[65] = "", kernel[256];
	const char *answers[] = {"Darwin", host, release->darwin, kernel, "x86_64", "i386"};
	bool wanted[sizeof(options) - 1] = {false};
	const char *letter, *separator = "";
	size_t i;
	int option;

	gethostname(host, sizeof(host) - 1);
	release_kernel(release, kernel, sizeof(kernel));
	wanted[0] = count == 1;
	while ((option = getopt(count, arguments, "amnprsv")) != -1) {
		if (option == '?') {
			fputs("usage: uname [-amnprsv]\n", stderr);
			return 1;
		}
		for (i = 0; i < sizeof(options) - 1; i++) {
			letter = option == 'a' ? strchr(all, options[i]) : NULL;
			wanted[i] |= option == options[i] || letter;
		}
	}
	for (i = 0; i < sizeof(options) - 1; i++) {
		if (!wanted[i])
			continue;
		printf("%s%s", separator, answers[i]);
		separator = " ";
	}
	putchar('\n');
	return 0;
}
