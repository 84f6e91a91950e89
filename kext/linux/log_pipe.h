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
struct wait_queue_entry;

/* So many bytes are whole in a pipe or not in it. */
#define OSQ_LOG_PIPE_CHUNK PIPE_BUF

/*
 * An opening that is ours alone: that of the process may be made one that blocks at any time. Or
 * ERR_PTR(): EBADF, EINVAL where it is no pipe open for writing.
 */
struct file *osq_log_pipe_open(int descriptor);

/* 0, EAGAIN when there is no room, EPIPE when nobody can read it any more; negative. */
int osq_log_pipe_write(struct file *pipe, const void *bytes, size_t count, bool is_last);

/* Nobody has it open for reading. May be asked anywhere. */
bool osq_log_pipe_is_dead(const struct file *pipe);

/*
 * The entry's function is called whenever the pipe wakes those who write, above all when its last
 * reader closes it; it asks what has happened. It runs under the lock of the pipe's queue, with
 * interrupts off. When osq_log_pipe_unwatch() returns, it runs no more.
 */
void osq_log_pipe_watch(struct file *pipe, struct wait_queue_entry *entry);
void osq_log_pipe_unwatch(struct file *pipe, struct wait_queue_entry *entry);

#endif
