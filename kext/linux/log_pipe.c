// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_pipe.h"

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pipe_fs_i.h>
#include <linux/wait.h>

struct file *osq_log_pipe_open(int descriptor)
{
	struct file *given = fget(descriptor);
	struct file *own = ERR_PTR(-EINVAL);

	if (!given)
		return ERR_PTR(-EBADF);
	if (S_ISFIFO(file_inode(given)->i_mode) && (given->f_mode & FMODE_WRITE))
		own = dentry_open(&given->f_path, O_WRONLY | O_NONBLOCK, current_cred());
	fput(given);
	return own;
}

bool osq_log_pipe_is_dead(const struct file *pipe)
{
	const struct pipe_inode_info *info = pipe->private_data;

	return !READ_ONCE(info->readers);
}

void osq_log_pipe_watch(struct file *pipe, struct wait_queue_entry *entry)
{
	struct pipe_inode_info *info = pipe->private_data;

	add_wait_queue(&info->wr_wait, entry);
}

void osq_log_pipe_unwatch(struct file *pipe, struct wait_queue_entry *entry)
{
	struct pipe_inode_info *info = pipe->private_data;

	remove_wait_queue(&info->wr_wait, entry);
}

/* Besides one page, which may be filled. Readers only make it more. */
static bool has_spare_page(const struct file *pipe)
{
	const struct pipe_inode_info *info = pipe->private_data;
	const unsigned int head = READ_ONCE(info->head);

	return pipe_occupancy(head, READ_ONCE(info->tail)) + 2 <= READ_ONCE(info->max_usage);
}

int osq_log_pipe_write(struct file *pipe, const void *bytes, size_t count, bool is_last)
{
	ssize_t done;

	if (!is_last && !has_spare_page(pipe))
		return osq_log_pipe_is_dead(pipe) ? -EPIPE : -EAGAIN;
	done = kernel_write(pipe, bytes, count, NULL);
	if (done < 0)
		return (int)done;
	return (size_t)done == count ? 0 : -EIO;
}
