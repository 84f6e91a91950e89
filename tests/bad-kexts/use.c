// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The test program of each of these: opens a file, which some of them listen for. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	const int file = open("/tmp/bad-kext", O_CREAT | O_RDWR, 0600);

	printf("KTAP version 1\n1..1\n%s 1 a_file_opens\n", file < 0 ? "not ok" : "ok");
	close(file);
	return file < 0;
}
