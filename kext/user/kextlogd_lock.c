// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the daemon that has it; 0 where that cannot be told. */
static long owner(int fd)
{
	char text[24] = {0};

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

/* A daemon that ends removes its lock: who waited for that one locked what is no longer there. */
static bool is_current(const struct logd_lock *lock)
{
	struct stat opened, named;

	return !fstat(lock->fd, &opened) && !lstat(lock->path, &named) &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* 0, or why it cannot be had: EWOULDBLOCK while another daemon has it. */
static int lock_open(const struct logd_lock *lock)
{
	struct stat status;

	if (fstat(lock->fd, &status))
		return errno;
	/* Who owns it could hold it for ever. */
	if (!S_ISREG(status.st_mode) || (status.st_uid != geteuid() && status.st_uid))
		return EPERM;
	return flock(lock->fd, LOCK_EX | LOCK_NB) ? errno : 0;
}

static int fail(struct logd_lock *lock, const char *path, int error, char *message, size_t size)
{
	if (error == EWOULDBLOCK)
		snprintf(message, size,
		         "cannot write to %s: kextlogd with pid %ld does so already (it holds "
		         "%s); end that one, or choose another file",
		         path, owner(lock->fd), lock->path);
	else
		snprintf(message, size,
		         "cannot lock %s by %s: %s; its folder must be there and yours to write "
		         "to, and what has that name already must be a file of yours",
		         path, lock->path, strerror(error));
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
	return -1;
}

int logd_lock_take(struct logd_lock *lock, const char *path, char *message, size_t size)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	char text[24];
	int error, length;

	lock->fd = -1;
	if (snprintf(lock->path, sizeof(lock->path), "%s.lock", path) >= (int)sizeof(lock->path))
		return fail(lock, path, ENAMETOOLONG, message, size);
	do {
		if (lock->fd >= 0)
			close(lock->fd);
		lock->fd = open(lock->path, flags, 0600);
		error = lock->fd < 0 ? errno : lock_open(lock);
		if (error)
			return fail(lock, path, error, message, size);
	} while (!is_current(lock));
	length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	/* For people alone: where the disk is full, the lock holds without it. */
	if (ftruncate(lock->fd, 0) || pwrite(lock->fd, text, (size_t)length, 0) != length)
		errno = 0;
	return 0;
}

void logd_lock_release(struct logd_lock *lock)
{
	if (lock->fd < 0)
		return;
	unlink(lock->path);
	close(lock->fd);
	lock->fd = -1;
}
