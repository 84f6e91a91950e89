// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_all(int descriptor, size_t limit, size_t *size)
{
	struct stat status;
	size_t done = 0;
	char *text;

	if (fstat(descriptor, &status))
		return NULL;
	if (!S_ISREG(status.st_mode) || (size_t)status.st_size > limit) {
		errno = S_ISREG(status.st_mode) ? EFBIG : EISDIR;
		return NULL;
	}
	text = malloc((size_t)status.st_size + 1);
	while (text && done < (size_t)status.st_size) {
		ssize_t count = read(descriptor, text + done, (size_t)status.st_size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		done += (size_t)count;
	}
	if (text)
		text[done] = '\0';
	*size = done;
	return text;
}

char *file_read(const char *path, size_t limit, size_t *size)
{
	/* Not blocking: what is opened may be a fifo. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text;

	if (descriptor < 0)
		return NULL;
	text = read_all(descriptor, limit, size);
	close(descriptor);
	return text;
}
