// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Regular files, opened and closed. Openings and closings come in pairs: whether a file is under
 * a subscribed prefix, and by which path it goes, is decided when it is opened; a closing is the
 * last one of all descriptors that share the opening. What was open before the subscription is
 * not told.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "event.h"
#include "identity.h"
#include "opened.h"
#include "prefixes.h"
#include "publishers.h"
#include "queue.h"
#include "watch.h"

static void publish(const struct osq_file *event)
{
	void *record = osq_queue_reserve(OSQ_EVENT_FILE, osq_file_size());

	if (!record)
		return;
	osq_file_fill(record, event);
	osq_queue_commit(record);
}

static void publish_opened(const struct file *file, const struct osq_text *path)
{
	struct osq_file event = {.action = OSQ_FILE_OPEN, .path = *path};

	osq_identity_get(&event.identity);
	if (!osq_opened_add(file, &event.identity, path)) {
		osq_queue_drop();
		return;
	}
	osq_attributes_get(&event.file, file_inode(file));
	publish(&event);
}

static void opened(const struct file *file)
{
	struct osq_text path;
	char *room;

	if (osq_queue_is_client())
		return;
	room = __getname();
	if (!room) {
		osq_queue_drop();
		return;
	}
	path = osq_path_get(&file->f_path, room, PATH_MAX);
	if (osq_prefixes_cover(&path))
		publish_opened(file, &path);
	__putname(room);
}

static void closed(const struct file *file)
{
	struct osq_opened *was = osq_opened_take(file);
	struct osq_file event;

	if (!was)
		return;
	event.action = was->modified ? OSQ_FILE_CLOSE_MODIFIED : OSQ_FILE_CLOSE;
	event.path = (struct osq_text){.bytes = was->path, .length = was->path_length};
	event.identity = was->opener;
	/* A kernel thread closes what an interrupt let go of; that tells nothing. */
	if (!(current->flags & PF_KTHREAD))
		osq_identity_get(&event.identity);
	osq_attributes_get(&event.file, file_inode(file));
	publish(&event);
	kfree(was);
}

static const struct osq_watch_functions functions = {
    .opened = opened,
    .written = osq_opened_modify,
    .closed = closed,
    .lost = osq_queue_drop,
};

static int start(void)
{
	osq_opened_init();
	return osq_watch_start(&functions);
}

static void stop(void)
{
	osq_watch_stop();
	osq_opened_clear();
}

const struct osq_publisher osq_file_publisher = {
    .event = OSQ_EVENT_FILE,
    .start = start,
    .stop = stop,
};
