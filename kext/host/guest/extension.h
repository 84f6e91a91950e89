/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A kext, as the system sees it before its kernel does: whose it is, and whether it may be loaded.
 */
#ifndef GUEST_EXTENSION_H
#define GUEST_EXTENSION_H

#include <limits.h>
#include <stdbool.h>

#include "osreturn.h"

struct kexthost_answer;

struct extension {
	const char *path;        /* as it was given */
	char absolute[PATH_MAX]; /* without links */
	char identifier[256];    /* empty where it has none that can be read */
};

/* OSRETURN_NOT_FOUND where there is no such folder. */
osreturn_t extension_open(struct extension *extension, const char *path);

/* All of it root's own, and nobody else may write to it; `said`: whether to say why not. */
osreturn_t extension_authenticate(const struct extension *extension, bool said);

/* Whether the system lets a kext be loaded that nobody has signed. */
osreturn_t extension_permit(void);

/* All of that, and then what the kernel says; its log is empty where it was not asked. */
osreturn_t extension_load(const struct extension *extension, struct kexthost_answer *answer);

/* <OSKext 0x... [0x...]> { URL = "...", ID = "..." } */
void extension_describe(const struct extension *extension, char *text, unsigned int size);

/* By its identifier, in the folders of the system's and others'. OSRETURN_NOT_FOUND. */
osreturn_t extension_find(struct extension *extension, const char *identifier);

/* The kext of that identifier that lies in a folder. */
osreturn_t extension_find_in(struct extension *extension, const char *identifier,
                             const char *folder);

#endif
