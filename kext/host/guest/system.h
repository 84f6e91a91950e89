/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Which system this is, and where its files are. */
#ifndef GUEST_SYSTEM_H
#define GUEST_SYSTEM_H

#include <limits.h>

struct release;

#define SYSTEM_NVRAM        "/var/db/nvram"
#define SYSTEM_BOOTED_NVRAM "/var/run/nvram" /* as the kernel found it when it started */
#define SYSTEM_LOG          "/var/log/kernel.log"
#define SYSTEM_LOG_TIMES    "/var/log/kernel.log.times"
#define SYSTEM_REPORTS      "/Library/Logs/DiagnosticReports"
#define SYSTEM_VERSION      "/System/Library/CoreServices/SystemVersion.plist"

/* A path of the system's, below the folder that KEXTHOST_ROOT names where it names one. */
struct system_path {
	char text[PATH_MAX];
};
struct system_path system_path(const char *path);

/* As SystemVersion.plist has it. */
const struct release *system_release(void);

#endif
