// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

int logd_channel_open(struct logd_channel *channel, const char *name, int32_t level)
{
	channel->client = NULL;
	channel->is_input = !strcmp(name, "-");
	if (!channel->is_input)
		channel->client = osq_log_client_open(name, level);
	return channel->is_input || channel->client ? 0 : -1;
}

int logd_channel_wait(const struct logd_channel *channel, int milliseconds)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return channel->is_input ? poll(&input, 1, milliseconds)
	                         : osq_log_client_wait(channel->client, milliseconds);
}

ssize_t logd_channel_read(const struct logd_channel *channel, void *buffer, size_t size)
{
	int ready;

	if (!channel->is_input)
		return osq_log_client_read(channel->client, buffer, size);
	/* Not O_NONBLOCK: others may have the same pipe. */
	ready = logd_channel_wait(channel, 0);
	if (ready > 0)
		return read(STDIN_FILENO, buffer, size);
	if (!ready)
		errno = EAGAIN;
	return -1;
}

int logd_channel_set_level(const struct logd_channel *channel, int32_t level)
{
	if (!channel->is_input)
		return osq_log_client_set_level(channel->client, level);
	errno = ENOTSUP;
	return -1;
}

int logd_channel_statistics(const struct logd_channel *channel,
                            struct osq_log_statistics *statistics)
{
	if (!channel->is_input)
		return osq_log_client_statistics(channel->client, statistics);
	errno = ENOTSUP;
	return -1;
}

void logd_channel_close(struct logd_channel *channel)
{
	if (channel->client)
		osq_log_client_close(channel->client);
	channel->client = NULL;
}
