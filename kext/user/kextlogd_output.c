// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours(const struct stat *status)
{
	return status->st_uid == geteuid() || status->st_uid == 0;
}

int logd_output_resolve(char path[PATH_MAX], char *message, size_t size)
{
	char target[PATH_MAX];
	struct stat status;

	if (lstat(path, &status) || !S_ISLNK(status.st_mode))
		return 0;
	if (!is_ours(&status)) {
		snprintf(message, size,
		         "cannot write to %s: it is a symbolic link of the user %ld, who could "
		         "lead it anywhere; remove it, or choose another file",
		         path, (long)status.st_uid);
		return -1;
	}
	if (!realpath(path, target)) {
		snprintf(message, size,
		         "cannot write to %s: the symbolic link leads nowhere (%s); make what it "
		         "leads to, remove it, or choose another file",
		         path, strerror(errno));
		return -1;
	}
	strcpy(path, target);
	return 0;
}

/* NULL, or why it is not to be written to. */
static const char *objection(int fd, const struct stat *status)
{
	if (S_ISCHR(status->st_mode) && isatty(fd))
		return NULL;
	if (!S_ISREG(status->st_mode) && !S_ISFIFO(status->st_mode))
		return "it is no file, FIFO or terminal";
	if (!is_ours(status))
		return "it is somebody else's";
	if (S_ISREG(status->st_mode) && status->st_nlink != 1)
		return "it has another name (a hard link), by which it may be somebody else's";
	return NULL;
}

static const char *open_advice(int error)
{
	switch (error) {
	case ENXIO:
		return "somebody has to read from the FIFO first";
	case ELOOP:
		return "a symbolic link has just come there; remove it";
	case ENOSPC:
	case EDQUOT:
		return "make room first";
	default:
		return "its folder must be there and yours to write to, and it must be a file";
	}
}

int logd_output_open(const char *path, char *message, size_t size)
{
	/* A FIFO without a reader, or a line without a carrier, would hold us up for ever. */
	int flags = O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const char *problem;
	struct stat status;
	int fd, error;

	/* Of a file, the first and the last line are looked at. */
	if (!lstat(path, &status) && S_ISFIFO(status.st_mode))
		flags |= O_WRONLY;
	else
		flags |= O_RDWR | O_CREAT;
	fd = open(path, flags, 0600);
	if (fd < 0 || fstat(fd, &status)) {
		error = errno;
		snprintf(message, size, "cannot open %s: %s; %s", path, strerror(error),
		         open_advice(error));
		if (fd >= 0)
			close(fd);
		errno = error;
		return -1;
	}
	problem = objection(fd, &status);
	if (problem) {
		snprintf(message, size, "cannot write to %s: %s; remove it, or choose another file",
		         path, problem);
		close(fd);
		errno = EPERM;
		return -1;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}
