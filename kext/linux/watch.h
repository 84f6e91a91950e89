/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Watches regular files being opened, written and closed, everywhere.
 *
 * The kernel's own file notification tells it, after the fact and in process context, so nothing
 * can fail any more and nothing is missed; but it has to be asked for each mounted file system,
 * and modules have no way to list those. So a probe at every opening looks whether its file
 * system is watched already. Where it is not, the process itself sees to that before it returns
 * from the call, and tells that first opening.
 *
 * Not seen: the writing of pages mapped into memory, and truncation.
 */
#ifndef OSQ_WATCH_H
#define OSQ_WATCH_H

#include <linux/fs.h>

/* Told by many threads at once, which may sleep. A file of which no opening was told may come. */
struct osq_watch_functions {
	void (*opened)(const struct file *file);
	void (*written)(const struct file *file);
	void (*closed)(const struct file *file);
	void (*lost)(void); /* an opening, for want of memory; may not sleep */
};

int osq_watch_start(const struct osq_watch_functions *functions);

/* None of the functions runs any more, or will, when this returns. */
void osq_watch_stop(void);

/* Before the module goes: waits for processes that are still on their way back. */
void osq_watch_exit(void);

#endif
