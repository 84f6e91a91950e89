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

/* From any position. */
static void copy_out(const struct osq_log_buffer *buffer, uint32_t position, void *to,
                     uint32_t count)
{
	const uint32_t at = position & (buffer->size - 1);
	const uint32_t first = smaller(count, buffer->size - at);

	osq_port_copy(to, buffer->bytes + at, first);
	osq_port_copy((char *)to + first, buffer->bytes, count - first);
}

static uint32_t size_at(const struct osq_log_buffer *buffer, uint32_t position)
{
	uint16_t size;

	copy_out(buffer, position + (uint32_t)offsetof(struct osq_log_record, size), &size,
	         sizeof(size));
	return size;
}

uint32_t osq_log_buffer_read(const struct osq_log_buffer *buffer, void *to, uint32_t room)
{
	const uint32_t waiting = osq_port_load_acquire(&buffer->put) - buffer->taken;
	uint32_t count = 0;

	while (count < waiting) {
		const uint32_t size = size_at(buffer, buffer->taken + count);

		if (size > room - count)
			break;
		count += size;
	}
	copy_out(buffer, buffer->taken, to, count);
	return count;
}

uint32_t osq_log_buffer_count(const struct osq_log_buffer *buffer)
{
	const uint32_t put = osq_port_load_acquire(&buffer->put);
	uint32_t at = buffer->taken, count = 0;

	for (; at != put; at += size_at(buffer, at))
		count++;
	return count;
}

void osq_log_buffer_take(struct osq_log_buffer *buffer, uint32_t count)
{
	osq_port_store_release(&buffer->taken, buffer->taken + count);
}
