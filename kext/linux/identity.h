/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Who does it, and to which file: the parts that events have in common.
 * Nothing here sleeps. Ids are those of the initial namespaces.
 */
#ifndef OSQ_IDENTITY_H
#define OSQ_IDENTITY_H

#include <linux/fs.h>
#include "event.h"

/* Of the calling process. */
void osq_identity_get(struct osq_identity *identity);

void osq_attributes_get(struct osq_attributes *attributes, const struct inode *inode);

/*
 * The path as the calling process sees it, also where the file has been unlinked since; written
 * to the end of `room`. Unknown where it has more than `size` bytes.
 */
struct osq_text osq_path_get(const struct path *path, char *room, size_t size);

#endif
