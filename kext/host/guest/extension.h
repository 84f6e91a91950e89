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

struct plist;

/* Info.plist, which plist_free takes; NULL where it cannot be read. */
struct plist *extension_information(const struct extension *extension);

/* OSRETURN_NOT_FOUND where there is no such folder. */
osreturn_t extension_open(struct extension *extension, const char *path);

/* All of it root's own, and nobody else may write to it; `said`: whether to say why not. */
osreturn_t extension_authenticate(const struct extension *extension, bool said);

/* Whether the system lets a kext be loaded that nobody has signed. */
osreturn_t extension_permit(void);

/* Where libraries are looked for: kexts and folders with kexts, then the system's own folders. */
#define SEARCH_MAX 32

struct search {
	const char *kexts[SEARCH_MAX], *folders[SEARCH_MAX];
	int kext_count, folder_count;
};

/* False where there are too many. */
bool search_add_kext(struct search *search, const char *path);
bool search_add_folder(struct search *search, const char *path);

/*
 * All of that, for the libraries first that are found, and then what the kernel says; its log is
 * empty where it was not asked.
 */
osreturn_t extension_load(const struct extension *extension, const struct search *search,
                          struct kexthost_answer *answer);

/* <OSKext 0x... [0x...]> { URL = "...", ID = "..." } */
void extension_describe(const struct extension *extension, char *text, unsigned int size);

/* By its identifier. OSRETURN_NOT_FOUND. */
osreturn_t extension_find(struct extension *extension, const char *identifier,
                          const struct search *search);

#endif
