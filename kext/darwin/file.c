// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Regular files, opened and closed, from kauth's scope of file operations.
 *
 * A closing is that of one descriptor, and carries whether there were writes through it. Which
 * opening it belongs to, kauth does not tell: so an opening and its closing are judged each on its
 * own by the path that the file has at the moment, and the closing of what was open before the
 * subscription is told, too. Not told: the closing of descriptors by the end of a process or by
 * exec, the writing of pages mapped into memory, and truncation.
 */
#include <string.h>
#include <sys/vnode.h>

#include "event.h"
#include "identity.h"
#include "listener.h"
#include "prefixes.h"
#include "publishers.h"
#include "queue.h"

static void publish(int32_t action, vnode_t vnode, const struct osq_text *path)
{
	struct osq_file event = {.action = action, .path = *path};
	void *record;

	/* Of the thread: what kauth hands over at a closing is who opened. */
	osq_identity_get(&event.identity, kauth_cred_get());
	osq_attributes_get(&event.file, vnode);
	record = osq_queue_reserve(OSQ_EVENT_FILE, osq_file_size());
	if (!record)
		return;
	osq_file_fill(record, &event);
	osq_queue_commit(record);
}

static int32_t action_of(kauth_action_t action, uintptr_t flags)
{
	if (action == KAUTH_FILEOP_OPEN)
		return OSQ_FILE_OPEN;
	return flags & KAUTH_FILEOP_CLOSE_MODIFIED ? OSQ_FILE_CLOSE_MODIFIED : OSQ_FILE_CLOSE;
}

static void told(kauth_action_t action, kauth_cred_t credential, vnode_t vnode, const char *bytes,
                 uintptr_t flags)
{
	struct osq_text path = {.bytes = bytes, .length = strlen(bytes)};

	(void)credential;
	if (action == KAUTH_FILEOP_EXEC || !vnode_isreg(vnode) || osq_queue_is_client())
		return;
	if (osq_prefixes_cover(&path))
		publish(action_of(action, flags), vnode, &path);
}

static struct osq_listener listener = {.told = told};

static int start(void)
{
	return osq_listener_start(&listener);
}

static void stop(void)
{
	osq_listener_stop(&listener);
}

const struct osq_publisher osq_file_publisher = {
    .event = OSQ_EVENT_FILE,
    .start = start,
    .stop = stop,
};
