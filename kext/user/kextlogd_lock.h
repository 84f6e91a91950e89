/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* One daemon for a file: FILE.lock, which stays the same while FILE is rotated. */
#ifndef KEXTLOGD_LOCK_H
#define KEXTLOGD_LOCK_H

#include <limits.h>
#include <stddef.h>

struct logd_lock {
	int fd; /* -1: not locked */
	char path[PATH_MAX];
};

/* -1, with what is wrong in `message`. */
int logd_lock_take(struct logd_lock *lock, const char *path, char *message, size_t size);
/* Removes it. */
void logd_lock_release(struct logd_lock *lock);

#endif
