/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The writing end of a client's pipe. Records go in whole or not at all; nobody waits for room. The
 * last page of a pipe is the last record's alone:
 *
 *   | records | records |  ...  | records | the last one |
 */
#ifndef OSQ_LOG_PIPE_H
#define OSQ_LOG_PIPE_H

#include <linux/limits.h>
#include <linux/types.h>

struct file;

/* So many bytes are whole in a pipe or not in it. */
#define OSQ_LOG_PIPE_CHUNK PIPE_BUF

/*
 * An opening that is ours alone: that of the process may be made one that blocks at any time. Or
 * ERR_PTR(): EBADF, EINVAL where it is no pipe open for writing.
 */
struct file *osq_log_pipe_open(int descriptor);

/* 0, EAGAIN when there is no room, EPIPE when nobody can read it any more; negative. */
int osq_log_pipe_write(struct file *pipe, const void *bytes, size_t count, bool is_last);

bool osq_log_pipe_is_dead(struct file *pipe);

#endif
