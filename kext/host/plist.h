/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* An XML property list, read strictly: as much of the format as Info.plist of a kext uses. */
#ifndef KEXTHOST_PLIST_H
#define KEXTHOST_PLIST_H

#include <stdbool.h>
#include <stddef.h>

enum plist_kind {
	PLIST_DICTIONARY,
	PLIST_ARRAY,
	PLIST_STRING,
	PLIST_BOOLEAN,
	PLIST_OTHER, /* integer, real, date, data: their text, unread */
};

struct plist {
	enum plist_kind kind;
	char *key;           /* in a dictionary */
	char *text;          /* of a string and of others */
	bool truth;          /* of a boolean */
	struct plist *first; /* of a dictionary or an array */
	struct plist *next;  /* in it */
};

/* NULL after an error, which `error` tells. plist_free takes what this returns. */
struct plist *plist_read(const char *text, size_t length, const char **error);
void plist_free(struct plist *plist);

/* Of a dictionary; NULL where absent. */
const struct plist *plist_find(const struct plist *dictionary, const char *key);

/* The string under a key; NULL where there is none or where it is no string. */
const char *plist_string(const struct plist *dictionary, const char *key);

#endif
