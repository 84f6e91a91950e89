/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log channel's port to a user program, with clients that have buffers. */
#ifndef LOG_CLIENTS_H
#define LOG_CLIENTS_H

#include "log_buffer.h"
#include "log_port.h"

struct client {
	struct osq_log_subscriber subscriber;
	struct osq_log_buffer buffer;
	char *memory;
	int refuses; /* an errno for whatever is put, or 0 */
};

extern uint64_t clock_now; /* stands still; the channel's lock guards it */

/* Of the system log, since the channel began. */
extern unsigned lines;
extern char last_line[2048];

void begin(void);

struct client *connect_client(int32_t level, uint32_t size);
void disconnect_client(struct client *client);

/* The next record, or false where there is none. */
bool next(struct client *client, struct osq_log_record *record, char *text);

/* Those of the client, whose sums must be right. */
struct osq_log_statistics statistics(const struct client *client);

#endif
