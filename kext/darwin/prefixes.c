// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "prefixes.h"

#include <IOKit/IOLib.h>
#include <string.h>

#include "locks.h"

struct prefix {
	struct prefix *next;
	size_t length;
	char path[];
};

static lck_rw_t *lock;
static struct prefix *prefixes;
static size_t count;

int osq_prefixes_init(void)
{
	lock = lck_rw_alloc_init(osq_lock_group, NULL);
	return lock ? 0 : ENOMEM;
}

void osq_prefixes_exit(void)
{
	lck_rw_free(lock, osq_lock_group);
}

/* The pointer to the prefix, or the one behind the last. */
static struct prefix **find(const char *path, size_t length)
{
	struct prefix **link = &prefixes;

	while (*link && ((*link)->length != length || memcmp((*link)->path, path, length)))
		link = &(*link)->next;
	return link;
}

static int add(const char *path, size_t length)
{
	struct prefix **link = find(path, length);
	struct prefix *prefix;

	if (*link)
		return EEXIST;
	if (count == OSQ_PREFIXES_MAX)
		return ENOSPC;
	prefix = IOMalloc(sizeof(*prefix) + length);
	if (!prefix)
		return ENOMEM;
	prefix->next = NULL;
	prefix->length = length;
	memcpy(prefix->path, path, length);
	lck_rw_lock_exclusive(lock);
	*link = prefix;
	lck_rw_unlock_exclusive(lock);
	count++;
	return 0;
}

static void drop(struct prefix **link)
{
	struct prefix *prefix = *link;

	lck_rw_lock_exclusive(lock);
	*link = prefix->next;
	lck_rw_unlock_exclusive(lock);
	IOFree(prefix, sizeof(*prefix) + prefix->length);
	count--;
}

int osq_prefixes_change(const struct osq_prefix_args *args)
{
	size_t length = strnlen(args->prefix, sizeof(args->prefix));
	struct prefix **link;

	if (length == sizeof(args->prefix) || args->prefix[0] != '/')
		return EINVAL;
	if (args->add == 1)
		return add(args->prefix, length);
	if (args->add != 0)
		return EINVAL;
	link = find(args->prefix, length);
	if (!*link)
		return ENOENT;
	drop(link);
	return 0;
}

void osq_prefixes_clear(void)
{
	while (prefixes)
		drop(&prefixes);
}

bool osq_prefixes_cover(const struct osq_text *path)
{
	const struct prefix *prefix;
	bool covered;

	lck_rw_lock_shared(lock);
	covered = !prefixes;
	for (prefix = prefixes; prefix && !covered; prefix = prefix->next)
		covered =
		    osq_path_is_under(path->bytes, path->length, prefix->path, prefix->length);
	lck_rw_unlock_shared(lock);
	return covered;
}
