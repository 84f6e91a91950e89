/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Kernel memory shown to a process, for reading only.
 *
 * The mapping belongs to a file of its own: were it the device's, a mapped buffer would keep the
 * device open after the last close(2). That file in turn keeps the module loaded.
 */
#ifndef OSQ_MAPPING_H
#define OSQ_MAPPING_H

#include <linux/fs.h>

struct osq_mapping {
	struct file *file;
	unsigned long address;
	size_t size;
};

/* Maps vmalloc_user() memory, whole pages, into the calling process. 0 or a negative errno. */
int osq_mapping_make(struct osq_mapping *mapping, void *memory, size_t size);

/*
 * Lets go of the mapping; `unmap` where the caller is the process that has it. The pages live
 * on until the last process has unmapped them, so the memory may be freed at once.
 */
void osq_mapping_remove(struct osq_mapping *mapping, bool unmap);

#endif
