// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * posix_spawn gives the child its program on the parent's thread. kauth tells of the execution
 * there, and its arguments do not name the child: the public KPI would have nearly every process
 * of a Mac executed by its parent. A policy of the MAC framework (com.apple.kpi.dsep) is handed
 * the child. It is asked before the execution is certain; so what it learns waits here, under the
 * thread, until kauth says on the same thread that it came about.
 */
#include "executions.h"

#include <kern/thread.h>
#include <string.h>

#include "exported.h"
#include "identity.h"
#include "locks.h"

/*
 * A thread is here for the last steps of an execution, or for longer when that failed; then its
 * next one takes the same place, or the place is the oldest and another thread gets it.
 */
#define PLACES 256

static struct place {
	thread_t thread; /* compared only */
	uint64_t age;    /* 0: free */
	struct osq_identity identity;
} places[PLACES];

static lck_mtx_t *mutex;
static uint64_t count;

int osq_executions_init(void)
{
	mutex = lck_mtx_alloc_init(osq_lock_group, NULL);
	return mutex ? 0 : ENOMEM;
}

void osq_executions_exit(void)
{
	lck_mtx_free(mutex, osq_lock_group);
}

static struct place *find(thread_t thread)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (places[i].age && places[i].thread == thread)
			return &places[i];
	return NULL;
}

static struct place *find_oldest(void)
{
	struct place *oldest = places;
	size_t i;

	for (i = 1; i < PLACES && oldest->age; i++)
		if (places[i].age < oldest->age)
			oldest = &places[i];
	return oldest;
}

/* Or the second function may not be called. More arguments follow than are declared. */
static int check(kauth_cred_t old)
{
	(void)old;
	return 1;
}

/* Likewise; Darwin 13 takes no result, later kernels an errno. */
static int update(kauth_cred_t old, kauth_cred_t new, proc_t process)
{
	struct osq_identity identity;
	struct place *place;

	(void)old;
	osq_identity_of(&identity, process, new);
	lck_mtx_lock(mutex);
	place = find(current_thread());
	if (!place)
		place = find_oldest();
	place->thread = current_thread();
	place->age = ++count;
	place->identity = identity;
	lck_mtx_unlock(mutex);
	return 0;
}

bool osq_executions_take(struct osq_identity *identity)
{
	struct place *place;

	lck_mtx_lock(mutex);
	place = find(current_thread());
	if (place) {
		*identity = place->identity;
		place->age = 0;
	}
	lck_mtx_unlock(mutex);
	return place != NULL;
}

static const struct osq_policy_functions functions = {
    .cred_check_label_update_execve = check,
    .cred_label_update_execve = update,
};

static struct osq_policy policy;
static unsigned int handle;

int osq_executions_start(void)
{
	memset(places, 0, sizeof(places));
	policy = (struct osq_policy){.name = "osquery",
	                             .full_name = "Kernel events for osquery",
	                             .functions = &functions,
	                             .load_flags = OSQ_POLICY_UNLOADABLE};
	return osq_policy_register(&policy, &handle, NULL);
}

/* Waits for whoever is in one of the functions. */
void osq_executions_stop(void)
{
	osq_policy_unregister(handle);
}
