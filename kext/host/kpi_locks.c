// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "allocations.h"
#include "kpi.h"
#include "locks.h"
#include "panic.h"
#include "thread.h"

#define CALLER    (uintptr_t) __builtin_return_address(0)
#define OWNED     1
#define NOT_OWNED 2

/* Attributes say nothing that this kernel would do differently. */
static void *make_attributes(uintptr_t site)
{
	uint64_t *attributes =
	    allocation_make(sizeof(*attributes), 1, ALLOCATION_OBJECT, NULL, site);

	if (attributes)
		*attributes = 0;
	return attributes;
}

static void free_attributes(void *attributes)
{
	allocation_free(attributes, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_OBJECT, NULL);
}

static void *kernel_lck_grp_attr_alloc_init(void)
{
	return make_attributes(CALLER);
}

static void *kernel_lck_attr_alloc_init(void)
{
	return make_attributes(CALLER);
}

static void kernel_lck_grp_attr_free(void *attributes)
{
	free_attributes(attributes);
}

static void kernel_lck_attr_free(void *attributes)
{
	free_attributes(attributes);
}

static void kernel_lck_grp_attr_setstat(uint64_t *attributes)
{
	*attributes |= 1;
}

static void kernel_lck_attr_setdebug(uint64_t *attributes)
{
	*attributes |= 1;
}

static struct lock *kernel_lck_grp_alloc_init(const char *name, void *attributes)
{
	struct lock *group = lock_make(LOCK_GROUP, CALLER);

	(void)attributes;
	if (group)
		strncpy(group->name, name, sizeof(group->name) - 1);
	return group;
}

static void kernel_lck_grp_free(struct lock *group)
{
	lock_destroy(group, LOCK_GROUP);
}

static struct lock *kernel_lck_mtx_alloc_init(struct lock *group, void *attributes)
{
	(void)attributes;
	lock_check(group, LOCK_GROUP);
	return lock_make(LOCK_MUTEX, CALLER);
}

static void kernel_lck_mtx_free(struct lock *mutex, struct lock *group)
{
	lock_check(group, LOCK_GROUP);
	lock_destroy(mutex, LOCK_MUTEX);
}

static void kernel_lck_mtx_lock(struct lock *mutex)
{
	mutex_lock(mutex);
}

static void kernel_lck_mtx_unlock(struct lock *mutex)
{
	mutex_unlock(mutex);
}

static uint32_t kernel_lck_mtx_try_lock(struct lock *mutex)
{
	return mutex_try_lock(mutex);
}

static void kernel_lck_mtx_lock_spin(struct lock *mutex)
{
	mutex_lock_spin(mutex);
}

static uint32_t kernel_lck_mtx_try_lock_spin(struct lock *mutex)
{
	return mutex_try_lock_spin(mutex);
}

static void kernel_lck_mtx_convert_spin(struct lock *mutex)
{
	mutex_convert_spin(mutex);
}

static void kernel_lck_mtx_assert(struct lock *mutex, unsigned int how)
{
	const bool owned = lock_owner(mutex) == thread_current();

	lock_check(mutex, LOCK_MUTEX);
	if (how == OWNED && !owned)
		panic("mutex (%p) not owned\n", (void *)mutex);
	if (how == NOT_OWNED && owned)
		panic("mutex (%p) owned\n", (void *)mutex);
}

static struct lock *kernel_lck_spin_alloc_init(struct lock *group, void *attributes)
{
	(void)attributes;
	lock_check(group, LOCK_GROUP);
	return lock_make(LOCK_SPIN, CALLER);
}

static void kernel_lck_spin_free(struct lock *lock, struct lock *group)
{
	lock_check(group, LOCK_GROUP);
	lock_destroy(lock, LOCK_SPIN);
}

static void kernel_lck_spin_lock(struct lock *lock)
{
	spin_lock(lock);
}

static void kernel_lck_spin_unlock(struct lock *lock)
{
	spin_unlock(lock);
}

static uint32_t kernel_lck_spin_try_lock(struct lock *lock)
{
	return spin_try_lock(lock);
}

const struct kpi_symbol kpi_locks[] = {
    KPI_FUNCTION(KPI_LIBKERN, lck_grp_attr_alloc_init),
    KPI_FUNCTION(KPI_LIBKERN, lck_grp_attr_setstat),
    KPI_FUNCTION(KPI_LIBKERN, lck_grp_attr_free),
    KPI_FUNCTION(KPI_LIBKERN, lck_attr_alloc_init),
    KPI_FUNCTION(KPI_LIBKERN, lck_attr_setdebug),
    KPI_FUNCTION(KPI_LIBKERN, lck_attr_free),
    KPI_FUNCTION(KPI_LIBKERN, lck_grp_alloc_init),
    KPI_FUNCTION(KPI_LIBKERN, lck_grp_free),
    KPI_FUNCTION(KPI_LIBKERN, lck_mtx_alloc_init),
    KPI_FUNCTION(KPI_LIBKERN, lck_mtx_free),
    KPI_FUNCTION(KPI_LIBKERN, lck_mtx_lock),
    KPI_FUNCTION(KPI_LIBKERN, lck_mtx_unlock),
    KPI_FUNCTION(KPI_LIBKERN, lck_mtx_try_lock),
    KPI_FUNCTION(KPI_LIBKERN, lck_mtx_lock_spin),
    KPI_FUNCTION(KPI_LIBKERN, lck_mtx_try_lock_spin),
    KPI_FUNCTION(KPI_LIBKERN, lck_mtx_convert_spin),
    KPI_FUNCTION(KPI_UNSUPPORTED, lck_mtx_assert),
    KPI_FUNCTION(KPI_LIBKERN, lck_spin_alloc_init),
    KPI_FUNCTION(KPI_LIBKERN, lck_spin_free),
    KPI_FUNCTION(KPI_LIBKERN, lck_spin_lock),
    KPI_FUNCTION(KPI_LIBKERN, lck_spin_unlock),
    KPI_FUNCTION(KPI_LIBKERN, lck_spin_try_lock),
    {0},
};
