/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The open files whose opening was published, by their struct file: so that every such opening
 * gets its one closing, under the same path, and it is known whether there were writes between.
 * All may be called by many at once; a file is opened before it is written or closed.
 */
#ifndef OSQ_OPENED_H
#define OSQ_OPENED_H

#include <linux/fs.h>
#include "event.h"

struct osq_opened {
	struct hlist_node node;
	const struct file *file;
	bool modified;
	struct osq_identity opener;
	size_t path_length;
	char path[];
};

void osq_opened_init(void);

/* NULL for want of memory. May sleep. */
struct osq_opened *osq_opened_add(const struct file *file, const struct osq_identity *opener,
                                  const struct osq_text *path);

/* Nothing happens where the file is not among them. */
void osq_opened_modify(const struct file *file);

/* Takes it out, for the caller to kfree; NULL where it is not among them. */
struct osq_opened *osq_opened_take(const struct file *file);

void osq_opened_clear(void);

#endif
