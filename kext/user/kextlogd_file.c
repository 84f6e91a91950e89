// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kextlogd_output.h"

/* A rotation that failed is tried again after so many seconds. */
#define ROTATE_AGAIN 60

static uint64_t now_seconds(void)
{
	return (uint64_t)time(NULL);
}

/* The time in the first line, "2026-11-21T23:31:00", as the lines of both formats have it. */
static bool parse_first(const char *line, size_t length, uint64_t *first)
{
	struct tm date;

	for (size_t i = 0; i + 19 <= length && line[i] != '\n'; i++) {
		memset(&date, 0, sizeof(date));
		if (line[i + 4] == '-' && line[i + 10] == 'T' &&
		    sscanf(line + i, "%4d-%2d-%2dT%2d:%2d:%2d", &date.tm_year, &date.tm_mon,
		           &date.tm_mday, &date.tm_hour, &date.tm_min, &date.tm_sec) == 6) {
			date.tm_year -= 1900;
			date.tm_mon -= 1;
			*first = (uint64_t)timegm(&date);
			return true;
		}
	}
	return false;
}

/* Looks at the file that has just been opened: its age, and whether its last line is a whole one.
 */
static void look_at(struct logd_file *file)
{
	char line[257] = {0};
	struct stat status;
	ssize_t length;
	char last;

	file->half_line = false;
	file->first = 0;
	file->regular = !fstat(file->fd, &status) && S_ISREG(status.st_mode);
	if (!file->regular || !status.st_size || !file->options.path)
		return;
	if (pread(file->fd, &last, 1, status.st_size - 1) == 1)
		file->half_line = last != '\n';
	length = pread(file->fd, line, sizeof(line) - 1, 0);
	if (length < 0 || !parse_first(line, (size_t)length, &file->first))
		file->first = (uint64_t)status.st_mtime;
}

/* A new name, too, has to reach the disk. Where a folder cannot be synced it needs not. */
static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int logd_file_open(struct logd_file *file, const struct logd_file_options *options)
{
	memset(file, 0, sizeof(*file));
	file->options = *options;
	file->lock.fd = -1;
	if (!options->path) {
		file->fd = STDOUT_FILENO;
		snprintf(file->path, sizeof(file->path), "standard output");
		look_at(file);
		return 0;
	}
	if (snprintf(file->path, sizeof(file->path), "%s", options->path) >=
	    (int)sizeof(file->path)) {
		snprintf(file->message, sizeof(file->message), "cannot open %.100s...: %s",
		         options->path, strerror(ENAMETOOLONG));
		return -1;
	}
	if (logd_output_resolve(file->path, file->message, sizeof(file->message)))
		return -1;
	file->fd = logd_output_open(file->path, file->message, sizeof(file->message));
	if (file->fd < 0)
		return -1;
	look_at(file);
	if (!file->regular)
		return 0;
	/* Opened once more: whoever had the lock before may have rotated the file. */
	close(file->fd);
	if (logd_lock_take(&file->lock, file->path, file->message, sizeof(file->message)))
		return -1;
	file->fd = logd_output_open(file->path, file->message, sizeof(file->message));
	if (file->fd < 0) {
		logd_lock_release(&file->lock);
		return -1;
	}
	look_at(file);
	sync_folder(file->path);
	return 0;
}

void logd_file_close(struct logd_file *file)
{
	if (file->options.path)
		close(file->fd);
	logd_lock_release(&file->lock);
}

int logd_file_sync(struct logd_file *file)
{
#ifdef F_FULLFSYNC
	/* fsync(2) ends at the drive's own memory there. */
	if (!fcntl(file->fd, F_FULLFSYNC))
		return 0;
#endif
	if (!fsync(file->fd) || errno == EINVAL || errno == ENOTSUP || errno == EROFS)
		return 0; /* what is no file has nothing to sync */
	return -1;
}

int logd_file_reopen(struct logd_file *file)
{
	int fd;

	if (!file->options.path)
		return 0;
	fd = logd_output_open(file->path, file->message, sizeof(file->message));
	if (fd < 0)
		return -1;
	logd_file_sync(file);
	close(file->fd);
	file->fd = fd;
	file->moved = false;
	look_at(file);
	sync_folder(file->path);
	return 0;
}

/* Where the name of a file that old is too long: false. */
static bool old_name(const struct logd_file *file, uint64_t age, char name[PATH_MAX])
{
	return snprintf(name, PATH_MAX, "%s.%llu", file->path, (unsigned long long)age) < PATH_MAX;
}

/*
 * FILE.1 -> FILE.2 and so on, then FILE -> FILE.1. Gaps in the row stay where they are. Where
 * somebody else has taken FILE away, there is nothing to move.
 */
static int move_away(struct logd_file *file)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct stat status;
	uint64_t last = 1;

	if (lstat(file->path, &status) && errno == ENOENT)
		return 0;
	if (!file->options.keep)
		return unlink(file->path);
	while (last < file->options.keep && old_name(file, last, from) && !access(from, F_OK))
		last++;
	for (; last > 1; last--)
		if (!old_name(file, last - 1, from) || !old_name(file, last, to) ||
		    (rename(from, to) && errno != ENOENT))
			return -1;
	if (!old_name(file, 1, to)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return rename(file->path, to);
}

/* 0, or -1: then the old file goes on for some time. */
static int rotate(struct logd_file *file)
{
	logd_file_sync(file);
	if (!file->moved) {
		if (move_away(file)) {
			snprintf(file->message, sizeof(file->message), "cannot rename %s: %s",
			         file->path, strerror(errno));
			goto later;
		}
		file->moved = true;
	}
	if (!logd_file_reopen(file)) {
		file->told_rotate = false;
		return 0;
	}
later:
	if (!file->told_rotate)
		fprintf(stderr,
		        "kextlogd: cannot rotate: %s; lines go to the old file until it can be "
		        "done\n",
		        file->message);
	file->told_rotate = true;
	file->later = now_seconds() + ROTATE_AGAIN;
	return -1;
}

/* How much of the lines can be written before the next rotation: whole lines, one at least. */
static size_t lines_that_fit(const char *lines, size_t length, uint64_t room)
{
	size_t fitting = length < room ? length : (size_t)room;
	const char *end;

	if (fitting == length)
		return length;
	while (fitting && lines[fitting - 1] != '\n')
		fitting--;
	if (fitting)
		return fitting;
	end = memchr(lines, '\n', length);
	return end ? (size_t)(end + 1 - lines) : length;
}

/* All of it: 0. Else errno, and *written is less. */
static int write_all(int fd, const char *bytes, size_t length, size_t *written)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	*written = 0;
	while (*written < length) {
		ssize_t result = write(fd, bytes + *written, length - *written);

		if (result > 0)
			*written += (size_t)result;
		else if (result < 0 && errno == EAGAIN)
			poll(&ready, 1, -1); /* somebody made our standard output so */
		else if (result == 0 || errno != EINTR)
			return result ? errno : EIO;
	}
	return 0;
}

/* One write(2) of whole lines. How much of whole lines was written; the rest is taken back. */
static size_t write_lines(struct logd_file *file, const char *lines, size_t length, uint64_t size)
{
	size_t written, whole;

	file->error = write_all(file->fd, lines, length, &written);
	whole = written;
	while (whole && lines[whole - 1] != '\n')
		whole--;
	if (whole == written)
		return whole;
	if (file->regular && !ftruncate(file->fd, (off_t)(size + whole)))
		lseek(file->fd, (off_t)(size + whole), SEEK_SET);
	else
		file->half_line = true;
	return whole;
}

size_t logd_file_write(struct logd_file *file, const char *lines, size_t length)
{
	const struct logd_file_options *options = &file->options;
	bool rotates =
	    options->path && file->regular && (options->rotate_size || options->rotate_age);
	size_t done = 0;

	file->error = 0;
	while (done < length) {
		size_t part = length - done, written;
		struct stat status;
		uint64_t size;

		if (file->half_line) {
			file->error = write_all(file->fd, "\n", 1, &written);
			if (file->error)
				return done;
			file->half_line = false;
		}
		/* Not ours alone to change: who copies and truncates it, does so behind our back.
		 */
		if (file->regular && fstat(file->fd, &status)) {
			file->error = errno;
			return done;
		}
		size = file->regular ? (uint64_t)status.st_size : 0;
		if (!size)
			file->first = now_seconds();
		if (rotates && now_seconds() >= file->later) {
			uint64_t room =
			    options->rotate_size > size ? options->rotate_size - size : 0;

			if (options->rotate_size)
				part = lines_that_fit(lines + done, part, room);
			if (size && ((options->rotate_size && part > room) ||
			             (options->rotate_age &&
			              now_seconds() >= file->first + options->rotate_age))) {
				rotate(file);
				continue;
			}
		}
		written = write_lines(file, lines + done, part, size);
		done += written;
		if (written < part)
			return done;
	}
	return done;
}
