// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Executions, from kauth's scope of file operations: told when the process has got the new
 * program, before its first instruction, and none is missed. Of a script it tells the interpreter.
 *
 * Arguments and environment are not told: they stand on the new program's stack by then, but no
 * KPI says where that is, and from Darwin 17 on not even in the map that is current.
 */
#include <string.h>

#include "event.h"
#include "executions.h"
#include "identity.h"
#include "listener.h"
#include "publishers.h"
#include "queue.h"

static void told(kauth_action_t action, kauth_cred_t credential, vnode_t vnode, const char *path,
                 uintptr_t flags)
{
	struct osq_process process = {.path = {.bytes = path}};
	void *record;

	(void)flags;
	if (action != KAUTH_FILEOP_EXEC)
		return;
	process.path.length = strlen(path);
	if (!osq_executions_take(&process.identity))
		osq_identity_get(&process.identity, credential);
	osq_attributes_get(&process.file, vnode);

	record = osq_queue_reserve(OSQ_EVENT_PROCESS, osq_process_size(&process));
	if (!record)
		return;
	osq_process_fill(record, &process);
	osq_queue_commit(record);
}

static struct osq_listener listener = {.told = told};

static int start(void)
{
	int error = osq_executions_start();

	if (error)
		return error;
	error = osq_listener_start(&listener);
	if (error)
		osq_executions_stop();
	return error;
}

static void stop(void)
{
	osq_listener_stop(&listener);
	osq_executions_stop();
}

const struct osq_publisher osq_process_publisher = {
    .event = OSQ_EVENT_PROCESS,
    .start = start,
    .stop = stop,
};
