// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "nodes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "log.h"

/* Beyond those that Linux gives to drivers (511), so never anybody's. */
#define MAJOR  4095u
#define MINORS 0xfffffu

static int folder = -1;

static bool is_ours(const char *name, struct stat *status)
{
	return !fstatat(folder, name, status, AT_SYMLINK_NOFOLLOW) && S_ISCHR(status->st_mode) &&
	       major(status->st_rdev) == MAJOR;
}

void nodes_set_folder(const char *path)
{
	const struct dirent *entry;
	struct stat status;
	DIR *entries;

	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	entries = opendir(path);
	if (folder < 0 || !entries)
		log_line("No device nodes: %s: %s.", path, strerror(errno));
	while (entries && (entry = readdir(entries)))
		if (is_ours(entry->d_name, &status))
			unlinkat(folder, entry->d_name, 0);
	if (entries)
		closedir(entries);
}

/* Of several parts ("a/b"), folders are not made: no kext here has one. */
void nodes_add(const char *name, int32_t device, uint32_t uid, uint32_t gid, int mode)
{
	const dev_t number = makedev(MAJOR, (uint32_t)device & MINORS);

	if (folder < 0)
		return;
	if (strchr(name, '/') || mknodat(folder, name, S_IFCHR, number) ||
	    fchownat(folder, name, uid, gid, AT_SYMLINK_NOFOLLOW) ||
	    fchmodat(folder, name, (mode_t)mode & 07777, 0))
		log_line("No node for the device %s: %s.", name, strerror(errno));
}

void nodes_remove(const char *name)
{
	struct stat status;

	if (folder >= 0 && is_ours(name, &status))
		unlinkat(folder, name, 0);
}

bool nodes_look_up(const char *name, struct stat *status)
{
	return folder >= 0 && is_ours(name, status);
}

bool nodes_are_made(void)
{
	return folder >= 0;
}
