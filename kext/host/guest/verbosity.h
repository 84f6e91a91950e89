/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* How much the commands for kexts say. */
#ifndef GUEST_VERBOSITY_H
#define GUEST_VERBOSITY_H

enum {
	VERBOSITY_SILENT = -1,
	VERBOSITY_ERRORS = 0,
	VERBOSITY_MORE = 1,
};

/* After getopt has found -v: its level, attached or as the next word, where one is given. */
int verbosity_of(int count, char **arguments);

#endif
