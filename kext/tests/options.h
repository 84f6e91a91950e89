/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Options of test programs: --name NUMBER. */
#ifndef OSQ_OPTIONS_H
#define OSQ_OPTIONS_H

#include <stdint.h>

struct option_number {
	const char *name; /* NULL ends the list */
	uint64_t *value;
	uint64_t least;
	uint64_t most;
};

/* Ends the program with status 2 and a sentence on standard error where an option makes no sense.
 */
void options_read(int argc, char **argv, const struct option_number *options);

#endif
