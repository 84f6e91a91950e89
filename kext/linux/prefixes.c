// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "prefixes.h"

#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

struct prefix {
	struct list_head list;
	struct rcu_head rcu;
	size_t length;
	char path[];
};

static LIST_HEAD(prefixes);
static size_t count;

static struct prefix *find(const char *path, size_t length)
{
	struct prefix *prefix;

	list_for_each_entry(prefix, &prefixes,
	                    list) if (prefix->length == length &&
	                              !memcmp(prefix->path, path, length)) return prefix;
	return NULL;
}

static int add(const char *path, size_t length)
{
	struct prefix *prefix;

	if (find(path, length))
		return -EEXIST;
	if (count == OSQ_PREFIXES_MAX)
		return -ENOSPC;
	prefix = kmalloc(struct_size(prefix, path, length), GFP_KERNEL);
	if (!prefix)
		return -ENOMEM;
	prefix->length = length;
	memcpy(prefix->path, path, length);
	list_add_tail_rcu(&prefix->list, &prefixes);
	count++;
	return 0;
}

static void drop(struct prefix *prefix)
{
	list_del_rcu(&prefix->list);
	kfree_rcu(prefix, rcu);
	count--;
}

int osq_prefixes_change(const struct osq_prefix_args *args)
{
	size_t length = strnlen(args->prefix, sizeof(args->prefix));
	struct prefix *prefix;

	if (length == sizeof(args->prefix) || args->prefix[0] != '/')
		return -EINVAL;
	if (args->add == 1)
		return add(args->prefix, length);
	if (args->add != 0)
		return -EINVAL;
	prefix = find(args->prefix, length);
	if (!prefix)
		return -ENOENT;
	drop(prefix);
	return 0;
}

void osq_prefixes_clear(void)
{
	struct prefix *prefix, *next;

	list_for_each_entry_safe(prefix, next, &prefixes, list) drop(prefix);
}

bool osq_prefixes_cover(const struct osq_text *path)
{
	const struct prefix *prefix;
	bool any = false, covered = false;

	rcu_read_lock();
	list_for_each_entry_rcu(prefix, &prefixes, list)
	{
		any = true;
		covered =
		    osq_path_is_under(path->bytes, path->length, prefix->path, prefix->length);
		if (covered)
			break;
	}
	rcu_read_unlock();
	return covered || !any;
}
