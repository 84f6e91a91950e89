/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The group that XNU wants for each lock it makes; one for all of the extension's. */
#ifndef OSQ_LOCKS_H
#define OSQ_LOCKS_H

#include <kern/locks.h>

extern lck_grp_t *osq_lock_group;

/* 0 or ENOMEM. */
int osq_locks_init(void);
void osq_locks_exit(void);

#endif
