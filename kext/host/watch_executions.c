// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Executions, told when the process has its new program and before that program's first
 * instruction. Policies learn of them at the same moment: of one that fails they are not told,
 * where XNU asks them earlier.
 */
#include "events.h"
#include "thread.h"
#include "watch_call.h"
#include "watch_file.h"

bool watch_execution_concerns(void)
{
	return listeners_exist() || policies_exist();
}

static void tell(struct credential *old, struct process *process)
{
	struct process *was = thread_become(process);
	struct vnode vnode;

	if (vnode_of_program(&vnode, process->pid)) {
		policies_tell_execution(old, process, &vnode);
		listeners_tell(FILE_OPERATION_EXEC, process->credential, &vnode, 0);
	}
	thread_become(was);
}

void watch_execution(struct call *call)
{
	struct process *before = process_of_thread(call->thread), *process;
	struct followed followed;

	if (before && call_follow(call, &followed)) {
		process = followed.result ? NULL : process_of_thread(followed.thread);
		if (process) {
			tell(before->credential, process);
			process_release(process);
		}
		call_release(&followed);
	}
	if (before)
		process_release(before);
}
