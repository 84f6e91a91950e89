// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "opened.h"

#include <linux/hash.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#define BITS 8

static struct bucket {
	spinlock_t lock;
	struct hlist_head files;
} buckets[1 << BITS];

static struct bucket *bucket_of(const struct file *file)
{
	return &buckets[hash_ptr(file, BITS)];
}

static struct osq_opened *find(struct bucket *bucket, const struct file *file)
{
	struct osq_opened *opened;

	hlist_for_each_entry(opened, &bucket->files, node) if (opened->file == file) return opened;
	return NULL;
}

void osq_opened_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(buckets); i++)
		spin_lock_init(&buckets[i].lock);
}

struct osq_opened *osq_opened_add(const struct file *file, const struct osq_identity *opener,
                                  const struct osq_text *path)
{
	struct bucket *bucket = bucket_of(file);
	struct osq_opened *opened = kmalloc(struct_size(opened, path, path->length), GFP_KERNEL);

	if (!opened)
		return NULL;
	opened->file = file;
	opened->modified = false;
	opened->opener = *opener;
	opened->path_length = path->length;
	memcpy(opened->path, path->bytes, path->length);
	spin_lock(&bucket->lock);
	hlist_add_head(&opened->node, &bucket->files);
	spin_unlock(&bucket->lock);
	return opened;
}

void osq_opened_modify(const struct file *file)
{
	struct bucket *bucket = bucket_of(file);
	struct osq_opened *opened;

	spin_lock(&bucket->lock);
	opened = find(bucket, file);
	if (opened)
		opened->modified = true;
	spin_unlock(&bucket->lock);
}

struct osq_opened *osq_opened_take(const struct file *file)
{
	struct bucket *bucket = bucket_of(file);
	struct osq_opened *opened;

	spin_lock(&bucket->lock);
	opened = find(bucket, file);
	if (opened)
		hlist_del(&opened->node);
	spin_unlock(&bucket->lock);
	return opened;
}

void osq_opened_clear(void)
{
	struct osq_opened *opened;
	struct hlist_node *next;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(buckets); i++) {
		spin_lock(&buckets[i].lock);
		hlist_for_each_entry_safe(opened, next, &buckets[i].files, node)
		{
			hlist_del(&opened->node);
			kfree(opened);
		}
		spin_unlock(&buckets[i].lock);
	}
}
