// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "extension.h"
#include "system.h"

bool search_add_kext(struct search *search, const char *path)
{
	if (search->kext_count == SEARCH_MAX)
		return false;
	search->kexts[search->kext_count++] = path;
	return true;
}

bool search_add_folder(struct search *search, const char *path)
{
	if (search->folder_count == SEARCH_MAX)
		return false;
	search->folders[search->folder_count++] = path;
	return true;
}

static bool is_bundle(const char *name)
{
	static const char suffix[] = ".kext";
	const size_t length = strlen(name);

	return length >= sizeof(suffix) && !strcmp(name + length - strlen(suffix), suffix);
}

static bool is_it(struct extension *extension, const char *identifier, const char *path)
{
	if (extension_open(extension, path) || strcmp(extension->identifier, identifier))
		return false;
	extension->path = extension->absolute;
	return true;
}

static bool is_in(struct extension *extension, const char *identifier, const char *folder)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	bool found = false;
	char path[PATH_MAX];

	while (directory && !found && (entry = readdir(directory)))
		found = is_bundle(entry->d_name) &&
		        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) <
		            (int)sizeof(path) &&
		        is_it(extension, identifier, path);
	if (directory)
		closedir(directory);
	return found;
}

osreturn_t extension_find(struct extension *extension, const char *identifier,
                          const struct search *search)
{
	int i;

	for (i = 0; i < search->kext_count; i++)
		if (is_it(extension, identifier, search->kexts[i]))
			return OSRETURN_SUCCESS;
	for (i = 0; i < search->folder_count; i++)
		if (is_in(extension, identifier, search->folders[i]))
			return OSRETURN_SUCCESS;
	if (is_in(extension, identifier, system_path("/System/Library/Extensions").text) ||
	    is_in(extension, identifier, system_path("/Library/Extensions").text))
		return OSRETURN_SUCCESS;
	return OSRETURN_NOT_FOUND;
}
