// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "system.h"

#include <stdio.h>
#include <stdlib.h>

#include "files.h"
#include "plist.h"
#include "release.h"

#define PLIST_MAX (64u << 10)

struct system_path system_path(const char *path)
{
	const char *root = getenv("KEXTHOST_ROOT");
	struct system_path result;

	if (snprintf(result.text, sizeof(result.text), "%s%s", root ? root : "", path) >=
	    (int)sizeof(result.text))
		*result.text = '\0';
	return result;
}

const struct release *system_release(void)
{
	const char *version, *error;
	const struct release *release = NULL;
	struct plist *plist;
	size_t size;
	char *text = file_read(system_path(SYSTEM_VERSION).text, PLIST_MAX, &size);

	plist = text ? plist_read(text, size, &error) : NULL;
	version = plist_string(plist, "ProductVersion");
	if (version)
		release = release_find(version);
	plist_free(plist);
	free(text);
	return release ? release : release_running();
}
