// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Notes each sync of a file: how many bytes it had then, in the file that KEXTLOGD_SYNCS names. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
	const char *path = getenv("KEXTLOGD_SYNCS");
	struct stat status;
	int notes;

	if (path && !fstat(fd, &status) && S_ISREG(status.st_mode)) {
		notes = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		dprintf(notes, "%lld\n", (long long)status.st_size);
		close(notes);
	}
	return __real_fsync(fd);
}
