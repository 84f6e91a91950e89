/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_VNODE_H
#define OSQ_KPI_VNODE_H

#include <sys/kernel_types.h>
#include <sys/time.h>

/* As far as every kernel has it. What follows differs, and each fills all of its own: give room. */
struct vnode_attr {
	uint64_t va_supported;
	uint64_t va_active;
	int va_vaflags;
	dev_t va_rdev;
	uint64_t va_nlink;
	uint64_t va_total_size;
	uint64_t va_total_alloc;
	uint64_t va_data_size;
	uint64_t va_data_alloc;
	uint32_t va_iosize;
	uid_t va_uid;
	gid_t va_gid;
	mode_t va_mode;
	uint32_t va_flags;
	struct kauth_acl *va_acl;
	struct timespec va_create_time;
	struct timespec va_access_time;
	struct timespec va_modify_time;
	struct timespec va_change_time;
	struct timespec va_backup_time;
};
_Static_assert(offsetof(struct vnode_attr, va_uid) == 68, "vnode_attr");
_Static_assert(offsetof(struct vnode_attr, va_mode) == 76, "vnode_attr");
_Static_assert(offsetof(struct vnode_attr, va_acl) == 88, "vnode_attr");
_Static_assert(offsetof(struct vnode_attr, va_create_time) == 96, "vnode_attr");
_Static_assert(offsetof(struct vnode_attr, va_change_time) == 144, "vnode_attr");

#define VNODE_ATTR_va_uid         (1LL << 7)
#define VNODE_ATTR_va_gid         (1LL << 8)
#define VNODE_ATTR_va_mode        (1LL << 9)
#define VNODE_ATTR_va_create_time (1LL << 12)
#define VNODE_ATTR_va_access_time (1LL << 13)
#define VNODE_ATTR_va_modify_time (1LL << 14)
#define VNODE_ATTR_va_change_time (1LL << 15)

#define VATTR_INIT(v)                                                                              \
	do {                                                                                       \
		(v)->va_supported = 0;                                                             \
		(v)->va_active = 0;                                                                \
		(v)->va_vaflags = 0;                                                               \
	} while (0)
#define VATTR_WANTED(v, attribute)       ((v)->va_active |= VNODE_ATTR_##attribute)
#define VATTR_IS_SUPPORTED(v, attribute) ((v)->va_supported & VNODE_ATTR_##attribute)

int vnode_isreg(vnode_t vnode);
int vnode_getattr(vnode_t vnode, struct vnode_attr *attributes, vfs_context_t context);

vfs_context_t vfs_context_create(vfs_context_t of); /* of the calling thread where NULL */
int vfs_context_rele(vfs_context_t context);

#endif
