// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "extension.h"

#include <dirent.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "files.h"
#include "kernel.h"
#include "plist.h"
#include "release.h"
#include "sip.h"
#include "system.h"

#define PLIST_MAX              (1u << 20)
#define FIRST_WITH_POLICY      13
#define LAST_WITHOUT_SIGNATURE 9

static void read_identifier(struct extension *extension)
{
	char path[PATH_MAX + sizeof("/Contents/Info.plist")], *text;
	const char *identifier, *error;
	struct plist *plist = NULL;
	size_t size;

	snprintf(path, sizeof(path), "%s/Contents/Info.plist", extension->absolute);
	text = file_read(path, PLIST_MAX, &size);
	if (text)
		plist = plist_read(text, size, &error);
	identifier = plist_string(plist, "CFBundleIdentifier");
	if (identifier && strlen(identifier) < sizeof(extension->identifier))
		strcpy(extension->identifier, identifier);
	plist_free(plist);
	free(text);
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

osreturn_t extension_load(const struct extension *extension, struct kexthost_answer *answer)
{
	osreturn_t result;

	answer->data = "";
	if (geteuid())
		return OSRETURN_NOT_PRIVILEGED;
	result = extension_authenticate(extension, true);
	if (!result)
		result = extension_permit();
	if (!result && !kernel_ask(KEXTHOST_LOAD, extension->absolute, answer)) {
		answer->data = "";
		result = OSRETURN_ERROR;
	}
	return result ? result : answer->header.error;
}

static bool is_bundle(const char *name)
{
	static const char suffix[] = ".kext";
	const size_t length = strlen(name);

	return length >= sizeof(suffix) && !strcmp(name + length - strlen(suffix), suffix);
}

osreturn_t extension_find_in(struct extension *extension, const char *identifier,
                             const char *folder)
{
	DIR *directory = opendir(folder);
	osreturn_t result = OSRETURN_NOT_FOUND;
	struct dirent *entry;
	char path[PATH_MAX];

	while (directory && result && (entry = readdir(directory))) {
		if (!is_bundle(entry->d_name) ||
		    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
		        (int)sizeof(path) ||
		    extension_open(extension, path) || strcmp(extension->identifier, identifier))
			continue;
		extension->path = extension->absolute;
		result = OSRETURN_SUCCESS;
	}
	if (directory)
		closedir(directory);
	return result;
}

osreturn_t extension_find(struct extension *extension, const char *identifier)
{
	if (!extension_find_in(extension, identifier,
	                       system_path("/System/Library/Extensions").text))
		return OSRETURN_SUCCESS;
	return extension_find_in(extension, identifier, system_path("/Library/Extensions").text);
}
