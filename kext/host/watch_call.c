// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "watch_call.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void answer(struct call *call, struct seccomp_notif_resp *response)
{
	if (call->answered)
		return;
	call->answered = true;
	response->id = call->id;
	ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, response);
}

void call_let_go(struct call *call)
{
	struct seccomp_notif_resp response = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	answer(call, &response);
}

void call_refuse(struct call *call, int error)
{
	struct seccomp_notif_resp response = {.error = -error};

	answer(call, &response);
}

size_t call_read(const struct call *call, uint64_t address, void *to, size_t length)
{
	struct iovec ours = {.iov_base = to, .iov_len = length};
	struct iovec theirs = {.iov_base = (void *)(uintptr_t)address, .iov_len = length};
	ssize_t count = process_vm_readv(call->thread, &ours, 1, &theirs, 1, 0);

	return count < 0 ? 0 : (size_t)count;
}

int call_copy_descriptor(const struct call *call, const struct process *process, int descriptor)
{
	int holder = (int)syscall(SYS_pidfd_open, process->pid, 0);
	int copy = -1;
	uint64_t id = call->id;

	/* The number may be another process' by now. */
	if (holder >= 0 &&
	    (call->answered || !ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id)))
		copy = (int)syscall(SYS_pidfd_getfd, holder, descriptor, 0);
	if (holder >= 0)
		close(holder);
	return copy;
}
