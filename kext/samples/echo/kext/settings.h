/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* How messages are echoed. Read by every message, changed by options. */
#ifndef ECHO_SETTINGS_H
#define ECHO_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "echo.h"

struct echo_settings {
	bool upper;
	size_t prefix_length;
	char prefix[ECHO_PREFIX_MAX];
};

/* 0 or ENOMEM. */
int echo_settings_init(void);
void echo_settings_exit(void);

struct echo_settings echo_settings_get(void);

/* EINVAL for a value that is none. */
int echo_settings_set_upper(const void *data, size_t length);
int echo_settings_set_prefix(const void *data, size_t length);

#endif
