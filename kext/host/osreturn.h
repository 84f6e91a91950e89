/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What loading and unloading a kext returns on macOS: libkern/OSKextLib.h. */
#ifndef KEXTHOST_OSRETURN_H
#define KEXTHOST_OSRETURN_H

#include <stdint.h>

typedef uint32_t osreturn_t;

enum {
	OSRETURN_SUCCESS = 0,
	OSRETURN_ERROR = 0xdc000001u,
	OSRETURN_NO_MEMORY = 0xdc008002u,
	OSRETURN_INVALID_ARGUMENT = 0xdc008005u,
	OSRETURN_NOT_FOUND = 0xdc008006u,
	OSRETURN_BAD_DATA = 0xdc008007u,
	OSRETURN_NOT_PRIVILEGED = 0xdc008004u,
	OSRETURN_NOT_A_KEXT = 0xdc00800bu,
	OSRETURN_VALIDATION = 0xdc00800cu,
	OSRETURN_DEPENDENCIES = 0xdc00800eu,
	OSRETURN_ARCH_NOT_FOUND = 0xdc00800fu,
	OSRETURN_LOADED_VERSION_DIFFERS = 0xdc008014u,
	OSRETURN_LINK_ERROR = 0xdc008016u,
	OSRETURN_START_STOP_ERROR = 0xdc008017u,
	OSRETURN_IN_USE = 0xdc008018u,
};

/* "(libkern/kext) link error" */
const char *osreturn_text(osreturn_t code);

#endif
