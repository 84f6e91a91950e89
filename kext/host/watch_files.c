// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Files that watched threads open, write to and close. An opening is told when it has come about;
 * a closing before it, and only that of one descriptor by the program: not what the end of a
 * process or an execution closes.
 */
#include <dirent.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "events.h"
#include "thread.h"
#include "watch_call.h"
#include "watch_file.h"

bool watch_opening_concerns(void)
{
	return listeners_exist();
}

bool watch_closing_concerns(void)
{
	return listeners_exist();
}

bool watch_closing_many_concerns(void)
{
	return listeners_exist();
}

bool watch_replacing_concerns(void)
{
	return listeners_exist();
}

bool watch_writing_concerns(void)
{
	return listeners_exist();
}

static void tell(int action, struct process *process, struct vnode *vnode, uintptr_t flags)
{
	struct process *was = thread_become(process);

	listeners_tell(action, process->credential, vnode, flags);
	thread_become(was);
}

static void tell_opening(pid_t thread, int descriptor)
{
	struct process *process = process_of_thread(thread);
	struct vnode vnode;

	if (!process)
		return;
	written_forget(process->pid, descriptor);
	if (vnode_of_descriptor(&vnode, thread, descriptor))
		tell(FILE_OPERATION_OPEN, process, &vnode, 0);
	process_release(process);
}

void watch_opening(struct call *call)
{
	struct followed followed;

	if (!call_follow(call, &followed))
		return;
	if (followed.result >= 0)
		tell_opening(followed.thread, (int)followed.result);
	call_release(&followed);
}

static void tell_closing(pid_t thread, struct process *process, int descriptor)
{
	struct vnode vnode;

	if (vnode_of_descriptor(&vnode, thread, descriptor))
		tell(FILE_OPERATION_CLOSE, process, &vnode,
		     written_has(process->pid, descriptor) ? FILE_CLOSE_MODIFIED : 0);
	written_forget(process->pid, descriptor);
}

static void close_one(const struct call *call, int descriptor)
{
	struct process *process = process_of_thread(call->thread);

	if (!process)
		return;
	tell_closing(call->thread, process, descriptor);
	process_release(process);
}

void watch_closing(struct call *call)
{
	close_one(call, (int)call->arguments[0]);
}

static bool has_open(pid_t thread, int descriptor)
{
	char link[64];
	struct stat status;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", thread, descriptor);
	return !lstat(link, &status);
}

/* The new number's file is closed, where the call has a file to put there. */
void watch_replacing(struct call *call)
{
	const int from = (int)call->arguments[0], to = (int)call->arguments[1];

	if (from != to && has_open(call->thread, from))
		close_one(call, to);
}

void watch_closing_many(struct call *call)
{
	const unsigned int first = (unsigned int)call->arguments[0];
	const unsigned int last = (unsigned int)call->arguments[1];
	struct process *process;
	struct dirent *entry;
	char path[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", call->thread);
	process = process_of_thread(call->thread);
	folder = call->arguments[2] & CLOSE_RANGE_CLOEXEC ? NULL : opendir(path);
	while (process && folder && (entry = readdir(folder))) {
		const unsigned int descriptor = (unsigned int)strtoul(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && descriptor >= first && descriptor <= last)
			tell_closing(call->thread, process, (int)descriptor);
	}
	if (folder)
		closedir(folder);
	if (process)
		process_release(process);
}

static int written_descriptor(const struct call *call)
{
	return (int)call
	    ->arguments[call->number == SYS_copy_file_range || call->number == SYS_splice ? 2 : 0];
}

/* Only the first of a descriptor's is followed to its end. */
void watch_writing(struct call *call)
{
	const int descriptor = written_descriptor(call);
	struct followed followed;
	struct process *process;
	struct vnode vnode;

	if (!vnode_of_descriptor(&vnode, call->thread, descriptor) ||
	    !S_ISREG(vnode.status.st_mode))
		return;
	process = process_of_thread(call->thread);
	if (!process)
		return;
	if (!written_has(process->pid, descriptor) && call_follow(call, &followed)) {
		if (followed.result > 0)
			written_note(process->pid, descriptor);
		call_release(&followed);
	}
	process_release(process);
}
