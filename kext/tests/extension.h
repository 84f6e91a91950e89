/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Loading and unloading the extension, by the commands that the test's surroundings name. */
#ifndef OSQ_EXTENSION_H
#define OSQ_EXTENSION_H

#include <stdbool.h>

/* Did the command of $KEXTDEV_LOAD, of $KEXTDEV_UNLOAD, succeed? Ends the program if unset. */
bool extension_load(void);
bool extension_unload(void);

/* Unloads, which must succeed; else a failure that says so. */
void extension_must_unload(void);

/* Does the system list the extension, or anything that belongs to it? */
bool extension_is_listed(void);

#endif
