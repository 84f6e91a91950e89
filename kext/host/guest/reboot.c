// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* reboot, halt and shutdown. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <unistd.h>

#include "command.h"

/* ACPI's PM1a control of QEMU's q35, and what switches the machine off there. */
#define POWER_PORT 0x604
#define POWER_OFF  0x2000

static int refuse(const char *name)
{
	fprintf(stderr, "%s: Operation not permitted\n", name);
	return 1;
}

/* The first program ends everything, this one too. */
static int restart(void)
{
	if (kill(1, SIGTERM)) {
		perror("reboot");
		return 1;
	}
	for (;;)
		pause();
}

static int switch_off(void)
{
	sync();
	if (ioperm(POWER_PORT, 2, 1)) {
		perror("halt");
		return 1;
	}
	outw(POWER_OFF, POWER_PORT);
	for (;;)
		pause();
}

int command_reboot(int count, char **arguments)
{
	(void)count;
	return geteuid() ? refuse(arguments[0]) : restart();
}

int command_halt(int count, char **arguments)
{
	(void)count;
	return geteuid() ? refuse(arguments[0]) : switch_off();
}

/* At once, or not at all. */
int command_shutdown(int count, char **arguments)
{
	const int at_once =
	    count >= 3 && (!strcmp(arguments[2], "now") || !strcmp(arguments[2], "+0"));

	if (geteuid()) {
		fputs("shutdown: NOT super-user\n", stderr);
		return 1;
	}
	if (at_once && !strcmp(arguments[1], "-r"))
		return restart();
	if (at_once && !strcmp(arguments[1], "-h"))
		return switch_off();
	fputs("usage: shutdown [-h | -r] now\n", stderr);
	return 1;
}
