/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_DEVFS_H
#define OSQ_KPI_DEVFS_H

#include <sys/types.h>

#define DEVFS_CHAR        0
#define DEVFS_CLONE_ALLOC 1

#define UID_ROOT          0
#define GID_WHEEL         0

/* A handle, or NULL. */
void *devfs_make_node(dev_t device, int kind, uid_t uid, gid_t gid, int mode, const char *name,
                      ...);
void *devfs_make_node_clone(dev_t device, int kind, uid_t uid, gid_t gid, int mode,
                            int (*clone)(dev_t device, int action), const char *name, ...);
void devfs_remove(void *handle);

#endif
