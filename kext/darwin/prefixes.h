/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The paths that file events are limited to. Changed under the device's mutex, read by anyone. */
#ifndef OSQ_PREFIXES_H
#define OSQ_PREFIXES_H

#include "event.h"
#include "osq_device.h"

/* 0 or ENOMEM. */
int osq_prefixes_init(void);
void osq_prefixes_exit(void);

/* The PREFIX request: 0, EINVAL, EEXIST, ENOENT, ENOSPC or ENOMEM. */
int osq_prefixes_change(const struct osq_prefix_args *args);

/* Back to the empty set, which covers everything. */
void osq_prefixes_clear(void);

/* May sleep. */
bool osq_prefixes_cover(const struct osq_text *path);

#endif
