// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "identity.h"

#include <string.h>
#include <sys/kauth.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/vnode.h>

static void set_ids(struct osq_identity *identity, kauth_cred_t credential)
{
	identity->uid = kauth_cred_getruid(credential);
	identity->euid = kauth_cred_getuid(credential);
	identity->gid = kauth_cred_getrgid(credential);
	identity->egid = kauth_cred_getgid(credential);
}

void osq_identity_get(struct osq_identity *identity, kauth_cred_t credential)
{
	identity->pid = (uint64_t)proc_selfpid();
	identity->ppid = (uint64_t)proc_selfppid();
	set_ids(identity, credential);
}

void osq_identity_of(struct osq_identity *identity, proc_t process, kauth_cred_t credential)
{
	identity->pid = (uint64_t)proc_pid(process);
	identity->ppid = (uint64_t)proc_ppid(process);
	set_ids(identity, credential);
}

/*
 * A newer kernel may have a longer structure than the header it is declared by, and fills all of
 * its own.
 */
union room {
	struct vnode_attr attributes;
	uint8_t bytes[768];
};

static bool ask(struct vnode_attr *file, vnode_t vnode)
{
	vfs_context_t context = vfs_context_create(NULL);
	int error;

	if (!context)
		return false;
	VATTR_INIT(file);
	VATTR_WANTED(file, va_uid);
	VATTR_WANTED(file, va_gid);
	VATTR_WANTED(file, va_mode);
	VATTR_WANTED(file, va_create_time);
	VATTR_WANTED(file, va_access_time);
	VATTR_WANTED(file, va_modify_time);
	VATTR_WANTED(file, va_change_time);
	error = vnode_getattr(vnode, file, context);
	vfs_context_rele(context);
	return !error;
}

static uint64_t seconds(const struct timespec *time)
{
	return time->tv_sec > 0 ? (uint64_t)time->tv_sec : 0;
}

void osq_attributes_get(struct osq_attributes *attributes, vnode_t vnode)
{
	union room room;
	const struct vnode_attr *file = &room.attributes;

	memset(&room, 0, sizeof(room));
	memset(attributes, 0, sizeof(*attributes));
	attributes->mode = -1;
	if (!ask(&room.attributes, vnode))
		return;
	/* What the file system does not know has stayed zero. */
	attributes->owner_uid = file->va_uid;
	attributes->owner_gid = file->va_gid;
	attributes->create_time = seconds(&file->va_create_time);
	attributes->access_time = seconds(&file->va_access_time);
	attributes->modify_time = seconds(&file->va_modify_time);
	attributes->change_time = seconds(&file->va_change_time);
	if (VATTR_IS_SUPPORTED(file, va_mode))
		attributes->mode = (file->va_mode & ~S_IFMT) | S_IFREG;
}
