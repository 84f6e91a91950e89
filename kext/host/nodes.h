/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The kexts' device nodes in this system's /dev: what ls and stat see of them, and where chmod and
 * chown work. This system has no driver of theirs: opening one other than through the client gives
 * ENXIO.
 */
#ifndef KEXTHOST_NODES_H
#define KEXTHOST_NODES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Removes what an earlier host left there. The path must last. NULL, and before: no nodes. */
void nodes_set_folder(const char *folder);

/* Where it cannot be made, the log says so, and the device has no node. */
void nodes_add(const char *name, int32_t device, uint32_t uid, uint32_t gid, int mode);
void nodes_remove(const char *name);

/* False where there are no nodes, or this one is there no more. */
bool nodes_look_up(const char *name, struct stat *status);
bool nodes_are_made(void);

#endif
