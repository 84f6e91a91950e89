// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "settings.h"

#include <kern/locks.h>
#include <string.h>
#include <sys/errno.h>

static lck_grp_t *group;
static lck_rw_t *lock;
static struct echo_settings settings;

int echo_settings_init(void)
{
	group = lck_grp_alloc_init("echo", NULL);
	if (!group)
		return ENOMEM;
	lock = lck_rw_alloc_init(group, NULL);
	if (!lock) {
		lck_grp_free(group);
		return ENOMEM;
	}
	memset(&settings, 0, sizeof(settings));
	return 0;
}

void echo_settings_exit(void)
{
	lck_rw_free(lock, group);
	lck_grp_free(group);
}

struct echo_settings echo_settings_get(void)
{
	struct echo_settings copy;

	lck_rw_lock_shared(lock);
	copy = settings;
	lck_rw_unlock_shared(lock);
	return copy;
}

int echo_settings_set_upper(const void *data, size_t length)
{
	int32_t value;

	if (length != sizeof(value))
		return EINVAL;
	memcpy(&value, data, sizeof(value));
	if (value != 0 && value != 1)
		return EINVAL;
	lck_rw_lock_exclusive(lock);
	settings.upper = value;
	lck_rw_unlock_exclusive(lock);
	return 0;
}

int echo_settings_set_prefix(const void *data, size_t length)
{
	if (length > ECHO_PREFIX_MAX)
		return EINVAL;
	lck_rw_lock_exclusive(lock);
	if (length)
		memcpy(settings.prefix, data, length);
	settings.prefix_length = length;
	lck_rw_unlock_exclusive(lock);
	return 0;
}
