// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "mapping.h"

#include <kern/task.h>
#include <string.h>
#include <sys/errno.h>

#define PAGE 4096

int osq_mapping_make(struct osq_mapping *mapping, size_t size)
{
	/* To the last byte of its pages: the process sees whole ones. */
	const size_t pages = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
	struct osq_io_buffer *buffer;
	struct osq_io_map *map;
	void *memory;

	buffer = osq_io_buffer_make(
	    osq_kernel_task, OSQ_IO_DIRECTION_INOUT | OSQ_IO_KERNEL_USER_SHARED, pages, PAGE);
	if (!buffer)
		return ENOMEM;
	memory = osq_io_buffer_bytes(buffer);
	memset(memory, 0, pages);
	map = osq_io_map_make(buffer, current_task(), 0, OSQ_IO_MAP_ANYWHERE | OSQ_IO_MAP_READ_ONLY,
	                      0, 0);
	if (!map) {
		osq_object_release(buffer);
		return ENOMEM;
	}
	mapping->buffer = buffer;
	mapping->map = map;
	mapping->memory = memory;
	mapping->address = osq_io_map_address(map);
	return 0;
}

void osq_mapping_remove(struct osq_mapping *mapping)
{
	osq_io_map_unmap(mapping->map);
	osq_object_release(mapping->map);
	osq_object_release(mapping->buffer);
	memset(mapping, 0, sizeof(*mapping));
}
