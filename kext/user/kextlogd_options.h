/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the command line says. */
#ifndef KEXTLOGD_OPTIONS_H
#define KEXTLOGD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "kextlogd_file.h"

struct logd_options {
	const char *channel;
	struct logd_file_options file;
	bool json;
	int32_t level, durable; /* 0: not said */
	const char *config;     /* NULL: none */
	bool once;
	uint64_t wait; /* seconds */
};

/* Ends the program for --help, and with status 2 where an option makes no sense. */
void logd_options_read(int argc, char **argv, struct logd_options *options);

#endif
