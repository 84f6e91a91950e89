/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A client of an extension's log channel, on Linux, on macOS and for kexthost.
 *
 * Functions that can fail return -1 and set errno.
 */
#ifndef OSQ_LOG_CLIENT_H
#define OSQ_LOG_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "osq_log.h"

struct osq_log_client;

/*
 * Connects. `channel` is a file on Linux (/proc/osquery_log), a kernel control's name
 * elsewhere (the ".stream" is added). NULL with errno: ENOENT or ENXIO while the extension is not
 * loaded, EPERM or EACCES for who is not the superuser, EBUSY when too many are connected, ENOTTY
 * for a file that is no channel.
 */
struct osq_log_client *osq_log_client_open(const char *channel, int32_t level);

/*
 * The same with datagrams, where each read gives one whole record: macOS and kexthost. EOPNOTSUPP
 * on Linux.
 */
struct osq_log_client *osq_log_client_open_datagrams(const char *channel, int32_t level);

/* 1 when something (the end, too) can be read, 0 after so many milliseconds without. */
int osq_log_client_wait(struct osq_log_client *client, int milliseconds);

/* Bytes of the stream, cut anywhere; 0 at its end, when the extension goes. Does not wait: EAGAIN.
 */
ssize_t osq_log_client_read(struct osq_log_client *client, void *buffer, size_t size);

int osq_log_client_set_level(struct osq_log_client *client, int32_t level);
int osq_log_client_get_settings(struct osq_log_client *client, struct osq_log_settings *settings);
int osq_log_client_set_settings(struct osq_log_client *client,
                                const struct osq_log_settings *settings);
int osq_log_client_statistics(struct osq_log_client *client, struct osq_log_statistics *statistics);
int osq_log_client_test(struct osq_log_client *client, struct osq_log_test *test);

/* The channel's end must be answered by this soon: an XNU extension waits for it. */
void osq_log_client_close(struct osq_log_client *client);

#endif
