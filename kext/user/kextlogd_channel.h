/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A channel of an extension, or its stream on standard input ("-"), which has neither settings nor
 * statistics: ENOTSUP. */
#ifndef KEXTLOGD_CHANNEL_H
#define KEXTLOGD_CHANNEL_H

#include <stdbool.h>

#include "osq_log_client.h"

struct logd_channel {
	bool is_input;
	struct osq_log_client *client;
};

/* As osq_log_client's functions of the same names. */
int logd_channel_open(struct logd_channel *channel, const char *name, int32_t level);
int logd_channel_wait(const struct logd_channel *channel, int milliseconds);
ssize_t logd_channel_read(const struct logd_channel *channel, void *buffer, size_t size);
int logd_channel_set_level(const struct logd_channel *channel, int32_t level);
int logd_channel_statistics(const struct logd_channel *channel,
                            struct osq_log_statistics *statistics);
void logd_channel_close(struct logd_channel *channel);

#endif
