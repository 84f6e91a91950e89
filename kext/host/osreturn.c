// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "osreturn.h"

#include <stddef.h>

static const struct {
	osreturn_t code;
	const char *text;
} texts[] = {
    {OSRETURN_SUCCESS, "success"},
    {OSRETURN_NO_MEMORY, "(libkern/kext) allocation failure"},
    {OSRETURN_NOT_PRIVILEGED, "(libkern/kext) not privileged"},
    {OSRETURN_INVALID_ARGUMENT, "(libkern/kext) invalid argument"},
    {OSRETURN_NOT_FOUND, "(libkern/kext) not found"},
    {OSRETURN_BAD_DATA, "(libkern/kext) bad data (mkext/other)"},
    {OSRETURN_NOT_A_KEXT, "(libkern/kext) malformed kext (bundle layout/missing plist)"},
    {OSRETURN_VALIDATION, "(libkern/kext) validation failure (plist/executable)"},
    {OSRETURN_AUTHENTICATION, "(libkern/kext) authentication failure (file ownership/permissions)"},
    {OSRETURN_DEPENDENCIES, "(libkern/kext) dependency resolution failure"},
    {OSRETURN_ARCH_NOT_FOUND, "(libkern/kext) requested architecture/executable not found"},
    {OSRETURN_NOT_LOADABLE, "(libkern/kext) not loadable (reason unspecified)"},
    {OSRETURN_LOADED_VERSION_DIFFERS, "(libkern/kext) different version/uuid already loaded"},
    {OSRETURN_LINK_ERROR, "(libkern/kext) link error"},
    {OSRETURN_START_STOP_ERROR, "(libkern/kext) kext (kmod) start/stop routine failed"},
    {OSRETURN_IN_USE, "(libkern/kext) kext is in use or retained (cannot unload)"},
    {OSRETURN_SYSTEM_POLICY, "(libkern/kext) system policy prevents loading"},
};

const char *osreturn_text(osreturn_t code)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].code == code)
			return texts[i].text;
	return "error";
}
