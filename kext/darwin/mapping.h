/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Kernel memory shown to a process, for reading only. */
#ifndef OSQ_MAPPING_H
#define OSQ_MAPPING_H

#include <stddef.h>
#include <stdint.h>

#include "exported.h"

struct osq_mapping {
	struct osq_io_buffer *buffer;
	struct osq_io_map *map;
	void *memory;     /* in the kernel, wired, zeroed */
	uint64_t address; /* in the process */
};

/* At least `size` bytes, mapped into the calling process and no child of it. 0 or ENOMEM. */
int osq_mapping_make(struct osq_mapping *mapping, size_t size);

/*
 * Unmaps, whichever process calls and whether or not the one that had it still lives, and frees.
 * What that process has unmapped itself and put something else into goes with it: the KPI has no
 * way to ask what is there.
 */
void osq_mapping_remove(struct osq_mapping *mapping);

#endif
