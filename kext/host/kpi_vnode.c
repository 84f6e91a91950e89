// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "kpi.h"
#include "process.h"
#include "thread.h"
#include "vnode.h"
#include "wait.h"

#define CALLER (uintptr_t) __builtin_return_address(0)

enum vtype { VNON, VREG, VDIR, VBLK, VCHR, VLNK, VSOCK, VFIFO };

struct time {
	int64_t seconds, nanoseconds;
};

/* As far as this kernel fills it. */
struct attributes {
	uint64_t supported, active;
	int32_t flags, device;
	uint64_t links, total_size, total_allocated, data_size, data_allocated;
	uint32_t io_size, uid, gid;
	uint16_t mode;
	uint32_t file_flags;
	void *acl;
	struct time created, accessed, modified, changed;
};
_Static_assert(sizeof(struct attributes) == 160, "vnode_attr up to va_change_time");

enum {
	HAS_LINKS = 1 << 1,
	HAS_TOTAL_SIZE = 1 << 2,
	HAS_DATA_SIZE = 1 << 4,
	HAS_UID = 1 << 7,
	HAS_GID = 1 << 8,
	HAS_MODE = 1 << 9,
	HAS_CREATED = 1 << 12,
	HAS_ACCESSED = 1 << 13,
	HAS_MODIFIED = 1 << 14,
	HAS_CHANGED = 1 << 15,
};

bool vnode_make(struct vnode *vnode, const char *path)
{
	memset(vnode, 0, sizeof(*vnode));
	if (strlen(path) >= sizeof(vnode->path))
		return false;
	strcpy(vnode->path, path);
	vnode->known = !stat(path, &vnode->status);
	return true;
}

static void set_time(struct time *to, const struct timespec *from)
{
	to->seconds = from->tv_sec;
	to->nanoseconds = from->tv_nsec;
}

static int kernel_vnode_getattr(const struct vnode *vnode, struct attributes *attributes,
                                void *context)
{
	const struct stat *status = &vnode->status;

	(void)context;
	wait_check_may_sleep();
	if (!vnode->known)
		return DARWIN_ENOENT;
	attributes->links = status->st_nlink;
	attributes->total_size = attributes->data_size = (uint64_t)status->st_size;
	attributes->uid = status->st_uid;
	attributes->gid = status->st_gid;
	attributes->mode = (uint16_t)(status->st_mode & 07777);
	/* What this system does not tell is not supported either. */
	set_time(&attributes->accessed, &status->st_atim);
	set_time(&attributes->modified, &status->st_mtim);
	set_time(&attributes->changed, &status->st_ctim);
	attributes->supported |=
	    attributes->active & (HAS_LINKS | HAS_TOTAL_SIZE | HAS_DATA_SIZE | HAS_UID | HAS_GID |
	                          HAS_MODE | HAS_ACCESSED | HAS_MODIFIED | HAS_CHANGED);
	return 0;
}

static int kernel_vnode_vtype(const struct vnode *vnode)
{
	if (!vnode->known)
		return VNON;
	switch (vnode->status.st_mode & S_IFMT) {
	case S_IFREG:
		return VREG;
	case S_IFDIR:
		return VDIR;
	case S_IFBLK:
		return VBLK;
	case S_IFCHR:
		return VCHR;
	case S_IFLNK:
		return VLNK;
	case S_IFSOCK:
		return VSOCK;
	case S_IFIFO:
		return VFIFO;
	}
	return VNON;
}

static int kernel_vnode_isreg(const struct vnode *vnode)
{
	return kernel_vnode_vtype(vnode) == VREG;
}

static int kernel_vnode_isdir(const struct vnode *vnode)
{
	return kernel_vnode_vtype(vnode) == VDIR;
}

static int kernel_vnode_islnk(const struct vnode *vnode)
{
	return kernel_vnode_vtype(vnode) == VLNK;
}

static int kernel_vnode_ischr(const struct vnode *vnode)
{
	return kernel_vnode_vtype(vnode) == VCHR;
}

static uint32_t kernel_vnode_vid(const struct vnode *vnode)
{
	return (uint32_t)vnode->status.st_ino;
}

static int kernel_vn_getpath(const struct vnode *vnode, char *path, int *length)
{
	const int needed = vnode ? (int)strlen(vnode->path) + 1 : 0;

	if (!vnode)
		return DARWIN_EINVAL;
	if (*length <= 1 || needed > *length)
		return DARWIN_ENOSPC;
	memcpy(path, vnode->path, (size_t)needed);
	*length = needed;
	return 0;
}

/* A context is the process that it was made by. */
struct context {
	struct process *process;
};

static struct context *kernel_vfs_context_create(const struct context *of)
{
	struct context *context;

	wait_check_may_sleep();
	context = allocation_make(sizeof(*context), 1, ALLOCATION_OBJECT, NULL, CALLER);
	if (!context)
		return NULL;
	context->process = of ? of->process : thread_current()->process;
	process_retain(context->process);
	return context;
}

static int kernel_vfs_context_rele(struct context *context)
{
	if (!context)
		return 0;
	process_release(context->process);
	allocation_free(context, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_OBJECT, NULL);
	return 0;
}

static struct process *kernel_vfs_context_proc(const struct context *context)
{
	return context->process;
}

static struct credential *kernel_vfs_context_ucred(const struct context *context)
{
	return context->process->credential;
}

static int kernel_vfs_context_pid(const struct context *context)
{
	return context->process->pid;
}

static int kernel_vfs_context_suser(const struct context *context)
{
	return context->process->credential->uid ? DARWIN_EPERM : 0;
}

const struct kpi_symbol kpi_vnode[] = {
    KPI_FUNCTION(KPI_BSD, vnode_getattr),
    KPI_FUNCTION(KPI_BSD, vnode_vtype),
    KPI_FUNCTION(KPI_BSD, vnode_isreg),
    KPI_FUNCTION(KPI_BSD, vnode_isdir),
    KPI_FUNCTION(KPI_BSD, vnode_islnk),
    KPI_FUNCTION(KPI_BSD, vnode_ischr),
    KPI_FUNCTION(KPI_BSD, vnode_vid),
    KPI_FUNCTION(KPI_BSD, vn_getpath),
    KPI_FUNCTION(KPI_BSD, vfs_context_create),
    KPI_FUNCTION(KPI_BSD, vfs_context_rele),
    KPI_FUNCTION(KPI_BSD, vfs_context_proc),
    KPI_FUNCTION(KPI_BSD, vfs_context_ucred),
    KPI_FUNCTION(KPI_BSD, vfs_context_pid),
    KPI_FUNCTION(KPI_BSD, vfs_context_suser),
    {0},
};
