/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the echo extension and programs say to each other: datagrams on a kernel control, of which
 * each comes back as the settings say. The settings are the extension's, and the same for all.
 */
#ifndef ECHO_H
#define ECHO_H

#include <stdint.h>

#define ECHO_CONTROL     "org.kextdev.echo"
#define ECHO_MESSAGE_MAX 16384 /* bytes; a longer one is EMSGSIZE */
#define ECHO_BUFFER      65536 /* of answers that were not read yet; then it is ENOBUFS */
#define ECHO_PREFIX_MAX  32    /* bytes, without a NUL */

/* Options of the level SYSPROTO_CONTROL. EINVAL for a value that is none, ENOPROTOOPT for others.
 */
enum echo_option {
	ECHO_OPTION_UPPER = 1,    /* int32_t, 0 or 1: a to z come back as A to Z */
	ECHO_OPTION_PREFIX = 2,   /* bytes that come before each answer */
	ECHO_OPTION_COUNTERS = 3, /* struct echo_counters; can only be read */
};

/* Since the extension was loaded. */
struct echo_counters {
	int64_t messages, bytes; /* that came */
	int64_t answers;
	int64_t dropped; /* answers for which there was no room */
	int64_t clients; /* now */
};
_Static_assert(sizeof(struct echo_counters) == 40, "echo_counters");

#endif
