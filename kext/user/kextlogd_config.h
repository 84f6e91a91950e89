/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The configuration file: `key = value` lines, and comments from # on. */
#ifndef KEXTLOGD_CONFIG_H
#define KEXTLOGD_CONFIG_H

#include <stddef.h>
#include <stdint.h>

/* Zeros, but for the rate: what the file does not say. */
struct logd_config {
	int32_t kernel_level;    /* the extension's own; 0: as it is */
	int32_t system_log_rate; /* lines in a second; -1: as it is */
	int32_t level;           /* this client's */
	int32_t durable;         /* graver messages, and those of this level, are synced */
};

/* NULL as path: nothing is said. -1 with the file, the line and what is wrong in `message`; then
 * `config` is what it was. */
int logd_config_read(const char *path, struct logd_config *config, char *message, size_t size);

#endif
