/* SPDX-License-Identifier: MIT */
/* What libkmod has on a Mac: the entry after loading, and what a kext may ask of itself. */
#include "kmod_info.h"

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN const char *OSKextGetCurrentIdentifier(void);
HIDDEN const char *OSKextGetCurrentVersionString(void);
HIDDEN unsigned int OSKextGetCurrentLoadTag(void);

int _start(struct kmod_info *info, void *data)
{
	return _realmain ? _realmain(info, data) : 0;
}

const char *OSKextGetCurrentIdentifier(void)
{
	return kmod_info.name;
}

const char *OSKextGetCurrentVersionString(void)
{
	return kmod_info.version;
}

unsigned int OSKextGetCurrentLoadTag(void)
{
	return kmod_info.id;
}
