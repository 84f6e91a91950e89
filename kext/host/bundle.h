/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A kext on disk: X.kext/Contents/Info.plist and Contents/MacOS/X. */
#ifndef KEXTHOST_BUNDLE_H
#define KEXTHOST_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "osreturn.h"
#include "plist.h"

#define BUNDLE_NAME_MAX 64 /* with the NUL: what kmod_info has room for */

struct bundle {
	char identifier[BUNDLE_NAME_MAX];
	char version[BUNDLE_NAME_MAX];
	char compatible[BUNDLE_NAME_MAX]; /* as a library; empty where it is none */
	struct plist *information;
	const struct plist *libraries; /* a dictionary of version strings */
	uint8_t *file;                 /* the executable */
	size_t file_size;
};

/* Why it fails is in the log. bundle_close also takes what a failure has left. */
osreturn_t bundle_open(struct bundle *bundle, const char *path);
void bundle_close(struct bundle *bundle);

#endif
