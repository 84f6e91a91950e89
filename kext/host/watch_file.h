/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A file that a watched thread has open. */
#ifndef KEXTHOST_WATCH_FILE_H
#define KEXTHOST_WATCH_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "vnode.h"

/* False where it has no path, as a pipe has none, or cannot be read or written (O_PATH). */
bool vnode_of_descriptor(struct vnode *vnode, pid_t thread, int descriptor);

/* The program that a process runs. */
bool vnode_of_program(struct vnode *vnode, pid_t process);

/* Has a process written by a descriptor? Until it is forgotten, since the number is reused. */
void written_note(pid_t process, int descriptor);
bool written_has(pid_t process, int descriptor);
void written_forget(pid_t process, int descriptor);

#endif
