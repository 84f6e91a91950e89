// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_buffer.h"

void osq_log_buffer_init(struct osq_log_buffer *buffer, void *memory, uint32_t size)
{
	*buffer = (struct osq_log_buffer){.bytes = memory, .size = size};
}

static uint32_t smaller(uint32_t one, uint32_t other)
{
	return one < other ? one : other;
}

bool osq_log_buffer_put(struct osq_log_buffer *buffer, const struct osq_log_record *record)
{
	const char *const from = (const char *)record;
	const uint32_t put = buffer->put;
	const uint32_t at = put & (buffer->size - 1);
	const uint32_t first = smaller(record->size, buffer->size - at);

	/* Acquire: the reader has done with the bytes that it has taken. */
	if (buffer->size - (put - osq_port_load_acquire(&buffer->taken)) < record->size)
		return false;
	osq_port_copy(buffer->bytes + at, from, first);
	osq_port_copy(buffer->bytes, from + first, record->size - first);
	osq_port_store_release(&buffer->put, put + record->size);
	return true;
}

uint32_t osq_log_buffer_peek(const struct osq_log_buffer *buffer, const char **bytes)
{
	const uint32_t at = buffer->taken & (buffer->size - 1);

	*bytes = buffer->bytes + at;
	return smaller(osq_port_load_acquire(&buffer->put) - buffer->taken, buffer->size - at);
}

void osq_log_buffer_take(struct osq_log_buffer *buffer, uint32_t count)
{
	osq_port_store_release(&buffer->taken, buffer->taken + count);
}
