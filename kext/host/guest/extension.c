// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "extension.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "plist.h"
#include "release.h"
#include "sip.h"
#include "system.h"

#define PLIST_MAX              (1u << 20)
#define FIRST_WITH_POLICY      13
#define LAST_WITHOUT_SIGNATURE 9

struct plist *extension_information(const struct extension *extension)
{
	char path[PATH_MAX + sizeof("/Contents/Info.plist")], *text;
	struct plist *plist = NULL;
	const char *error;
	size_t size;

	snprintf(path, sizeof(path), "%s/Contents/Info.plist", extension->absolute);
	text = file_read(path, PLIST_MAX, &size);
	if (text)
		plist = plist_read(text, size, &error);
	free(text);
	return plist;
}

static void read_identifier(struct extension *extension)
{
	struct plist *plist = extension_information(extension);
	const char *identifier = plist_string(plist, "CFBundleIdentifier");

	if (identifier && strlen(identifier) < sizeof(extension->identifier))
		strcpy(extension->identifier, identifier);
	plist_free(plist);
}

osreturn_t extension_open(struct extension *extension, const char *path)
{
	struct stat status;

	extension->path = path;
	extension->identifier[0] = '\0';
	if (!realpath(path, extension->absolute) || stat(extension->absolute, &status))
		return OSRETURN_NOT_FOUND;
	if (!S_ISDIR(status.st_mode))
		return OSRETURN_NOT_A_KEXT;
	read_identifier(extension);
	return OSRETURN_SUCCESS;
}

void extension_describe(const struct extension *extension, char *text, unsigned int size)
{
	snprintf(text, size, "<OSKext %p [0x7fff8e5b48f0]> { URL = \"file://%s/\", ID = \"%s\" }",
	         (const void *)extension, extension->absolute, extension->identifier);
}

static void say_improper(const struct extension *extension)
{
	char description[PATH_MAX + 512];

	if (system_release()->minor < FIRST_WITH_POLICY)
		return;
	extension_describe(extension, description, sizeof(description));
	fprintf(stderr, "Kext rejected due to improper filesystem permissions: %s\n", description);
}

osreturn_t extension_authenticate(const struct extension *extension, bool said)
{
	char *roots[] = {(char *)extension->absolute, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	bool proper = walk != NULL;
	FTSENT *entry;

	while (proper && (entry = fts_read(walk))) {
		const struct stat *status = entry->fts_statp;

		if (entry->fts_info == FTS_DP)
			continue;
		proper = entry->fts_info != FTS_ERR && entry->fts_info != FTS_DNR &&
		         entry->fts_info != FTS_NS && !status->st_uid && !status->st_gid &&
		         (S_ISLNK(status->st_mode) || !(status->st_mode & (S_IWGRP | S_IWOTH)));
	}
	if (walk)
		fts_close(walk);
	if (!proper && said)
		say_improper(extension);
	return proper ? OSRETURN_SUCCESS : OSRETURN_AUTHENTICATION;
}

osreturn_t extension_permit(void)
{
	const struct release *release = system_release();

	if (release->minor <= LAST_WITHOUT_SIGNATURE || sip_allows_kexts())
		return OSRETURN_SUCCESS;
	return release->minor >= FIRST_WITH_POLICY ? OSRETURN_SYSTEM_POLICY : OSRETURN_NOT_LOADABLE;
}
