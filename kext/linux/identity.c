// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "identity.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs_struct.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/uidgid.h>

void osq_identity_get(struct osq_identity *identity)
{
	const struct cred *cred = current_cred();

	rcu_read_lock();
	identity->ppid = rcu_dereference(current->real_parent)->tgid;
	rcu_read_unlock();
	identity->pid = current->tgid;
	identity->uid = from_kuid(&init_user_ns, cred->uid);
	identity->euid = from_kuid(&init_user_ns, cred->euid);
	identity->gid = from_kgid(&init_user_ns, cred->gid);
	identity->egid = from_kgid(&init_user_ns, cred->egid);
}

static uint64_t seconds(const struct timespec64 *time)
{
	return time->tv_sec > 0 ? time->tv_sec : 0;
}

/* The time of creation is the file system's secret: asking for it (getattr) may sleep. */
void osq_attributes_get(struct osq_attributes *attributes, const struct inode *inode)
{
	attributes->owner_uid = from_kuid(&init_user_ns, inode->i_uid);
	attributes->owner_gid = from_kgid(&init_user_ns, inode->i_gid);
	attributes->create_time = 0;
	attributes->access_time = seconds(&inode->i_atime);
	attributes->modify_time = seconds(&inode->i_mtime);
	attributes->change_time = seconds(&inode->i_ctime);
	attributes->mode = inode->i_mode;
}

struct osq_text osq_path_get(const struct path *path, char *room, size_t size)
{
	static const char deleted[] = " (deleted)";
	const size_t suffix = sizeof(deleted) - 1;
	struct osq_text text = {NULL, 0};
	const char *bytes = d_path(path, room, (int)size);

	if (IS_ERR(bytes))
		return text;
	text.bytes = bytes;
	text.length = room + size - 1 - bytes;
	if (d_unlinked(path->dentry) && text.length > suffix &&
	    !memcmp(bytes + text.length - suffix, deleted, suffix))
		text.length -= suffix;
	return text;
}
