// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "system.h"

#define MESSAGES_MAX (128u << 10) /* what a kernel keeps */

/* The last of them, from the start of a line on. */
static int print_tail(int descriptor)
{
	static char text[MESSAGES_MAX];
	const off_t end = lseek(descriptor, 0, SEEK_END);
	const off_t start = end > (off_t)sizeof(text) ? end - (off_t)sizeof(text) : 0;
	const ssize_t length = pread(descriptor, text, sizeof(text), start);
	const char *line = text;

	if (length < 0)
		return 1;
	if (start) {
		line = memchr(text, '\n', (size_t)length);
		line = line ? line + 1 : text;
	}
	fwrite(line, 1, (size_t)(text + length - line), stdout);
	return 0;
}

int command_dmesg(int count, char **arguments)
{
	int descriptor, result;

	if (count > 1) {
		fprintf(stderr, "usage: %s\n", arguments[0]);
		return EXIT_USAGE;
	}
	if (geteuid()) {
		fputs(
		    "Unable to obtain kernel buffer: Operation not permitted\nusage: sudo dmesg\n",
		    stderr);
		return 1;
	}
	descriptor = open(system_path(SYSTEM_LOG).text, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0) {
		perror("dmesg");
		return 1;
	}
	result = print_tail(descriptor);
	close(descriptor);
	return result;
}
