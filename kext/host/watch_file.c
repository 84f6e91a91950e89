// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "watch_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What /proc says behind the path of a file without a name. */
static const char deleted[] = " (deleted)";

static size_t without_deleted(const char *path, size_t length, const struct stat *status)
{
	const size_t cut = sizeof(deleted) - 1;

	if (!status->st_nlink && length > cut && !memcmp(path + length - cut, deleted, cut))
		length -= cut;
	return length;
}

/* As the kernel's: a path too long for its buffer is told to nobody. */
static bool read_link(struct vnode *vnode, const char *link)
{
	static const char memory[] = "/memfd:";
	char path[PATH_MAX];
	ssize_t got = readlink(link, path, sizeof(path));
	size_t length;

	memset(vnode, 0, sizeof(*vnode));
	if (got <= 0 || path[0] != '/' || stat(link, &vnode->status))
		return false;
	vnode->known = true;
	length = without_deleted(path, (size_t)got, &vnode->status);
	if (length >= sizeof(vnode->path) ||
	    (!vnode->status.st_nlink && !strncmp(path, memory, sizeof(memory) - 1)))
		return false;
	memcpy(vnode->path, path, length);
	return true;
}

bool vnode_of_descriptor(struct vnode *vnode, pid_t thread, int descriptor)
{
	struct stat status;
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", thread, descriptor);
	/* The link's own mode is what the descriptor may do. */
	return !lstat(link, &status) && status.st_mode & 0600 && read_link(vnode, link);
}

bool vnode_of_program(struct vnode *vnode, pid_t process)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/exe", process);
	return read_link(vnode, link);
}
