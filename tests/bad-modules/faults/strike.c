// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Has the module commit the fault that its argument names, having written the values that follow it: FILE=TEXT. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_to(const char *file, const char *text)
{
	const ssize_t size = strlen(text);
	const int opened = open(file, O_WRONLY);
	const ssize_t written = opened < 0 ? -1 : write(opened, text, size);

	if (written != size)
		perror(file);
	close(opened);
	return written == size;
}

int main(int argc, char **argv)
{
	int i, done = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("KTAP version 1\n1..1");
	for (i = 2; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		*value++ = '\0';
		done &= write_to(argv[i], value);
	}
	if (argc > 1) {
		done &= write_to("/dev/faults", argv[1]);
		/* What comes of it in a callback comes in a moment. */
		sleep(1);
	}
	printf("%s 1 is_done\n", done ? "ok" : "not ok");
	return !done;
}
