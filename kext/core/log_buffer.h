/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Records that wait for one client: a ring of bytes, with one who puts records in and one who
 * takes them out. Both numbers only grow; what lies between them waits.
 *
 *   taken            put
 *     |  waits, whole  |   free
 *
 * Whoever puts holds the channel's lock. Whoever takes reads the bytes without it: nobody writes
 * where bytes wait.
 */
#ifndef OSQ_LOG_BUFFER_H
#define OSQ_LOG_BUFFER_H

#include "osq_log.h"
#include "port.h"

struct osq_log_buffer {
	char *bytes;
	uint32_t size; /* a power of two */
	uint32_t put, taken;
};

void osq_log_buffer_init(struct osq_log_buffer *buffer, void *memory, uint32_t size);

/* Whole or not at all: whether there was room. */
bool osq_log_buffer_put(struct osq_log_buffer *buffer, const struct osq_log_record *record);

/* Copies the records that wait, as many as fit there whole. How many bytes that is: they still
 * wait.
 */
uint32_t osq_log_buffer_read(const struct osq_log_buffer *buffer, void *to, uint32_t room);
void osq_log_buffer_take(struct osq_log_buffer *buffer, uint32_t count);

/* How many records wait. */
uint32_t osq_log_buffer_count(const struct osq_log_buffer *buffer);

#endif
