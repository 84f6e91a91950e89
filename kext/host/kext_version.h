/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Versions as kexts have them: 1, 1.2, 1.2.3, and 1.2.3b4 on the way to 1.2.3. */
#ifndef KEXTHOST_KEXT_VERSION_H
#define KEXTHOST_KEXT_VERSION_H

#include <stdint.h>

/* A number that compares as the versions do; negative for what is no version. */
int64_t kext_version_parse(const char *text);

#endif
