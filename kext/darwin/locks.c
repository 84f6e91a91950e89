// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "locks.h"

#include <stddef.h>
#include <sys/errno.h>

lck_grp_t *osq_lock_group;

int osq_locks_init(void)
{
	osq_lock_group = lck_grp_alloc_init("osquery", NULL);
	return osq_lock_group ? 0 : ENOMEM;
}

void osq_locks_exit(void)
{
	lck_grp_free(osq_lock_group);
}
