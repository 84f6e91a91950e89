/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Starts a program that kexthost watches, with all that it starts. */
#ifndef KEXTHOST_ATTEND_H
#define KEXTHOST_ATTEND_H

/* `command` ends with NULL. Returns only where it cannot: an exit code. */
int command_attend(char **command);

#endif
