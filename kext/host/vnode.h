/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A file of this system's, for the length of an event. */
#ifndef KEXTHOST_VNODE_H
#define KEXTHOST_VNODE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "darwin.h"

struct vnode {
	char path[DARWIN_MAXPATHLEN];
	struct stat status;
	bool known; /* `status` is */
};

/* Of an absolute path, which may name nothing by now. False where it does not fit. */
bool vnode_make(struct vnode *vnode, const char *path);

#endif
