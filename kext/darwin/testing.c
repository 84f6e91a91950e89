// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "testing.h"

#ifdef OSQ_TEST_BUILD

#include <IOKit/IOLib.h>

#include "event.h"
#include "locks.h"
#include "queue.h"

/* Is one opening's; goes with the last of who uses it: the opening itself, and requests on it. */
struct state {
	struct state *next;
	dev_t device;
	uint32_t users;
	lck_mtx_t *mutex; /* numbers come in the order of the records */
	uint32_t descriptor;
	uint32_t sequence;
};

static lck_mtx_t *list; /* guards these, and `users` */
static struct state *states;
static uint32_t opened;

int osq_testing_init(void)
{
	list = lck_mtx_alloc_init(osq_lock_group, NULL);
	return list ? 0 : ENOMEM;
}

void osq_testing_exit(void)
{
	lck_mtx_free(list, osq_lock_group);
}

/*
 * Asked, under the lock of devfs, at each look at the node and not only at an opening: so it keeps
 * nothing. It must not fail either, or devfs would wait for ever.
 */
static int choose_minor(dev_t device, int action)
{
	static uint32_t count;

	(void)device;
	if (action != DEVFS_CLONE_ALLOC)
		return 0;
	return (int)(__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) & 0xFFFFFF);
}

void *osq_testing_make_node(int major, int mode, const char *name)
{
	return devfs_make_node_clone(makedev(major, 0), DEVFS_CHAR, UID_ROOT, GID_WHEEL, mode,
	                             choose_minor, "%s", name);
}

/* The pointer to it, or the one behind the last. */
static struct state **find(dev_t device)
{
	struct state **link = &states;

	while (*link && (*link)->device != device)
		link = &(*link)->next;
	return link;
}

static void destroy(struct state *state)
{
	lck_mtx_free(state->mutex, osq_lock_group);
	IOFree(state, sizeof(*state));
}

/* Under the device's mutex, so the order of openings is that of their numbers. */
int osq_testing_open(dev_t device)
{
	struct state *state = IOMalloc(sizeof(*state));
	struct state **link;

	if (!state)
		return ENOMEM;
	*state = (struct state){
	    .device = device, .users = 1, .mutex = lck_mtx_alloc_init(osq_lock_group, NULL)};
	if (!state->mutex) {
		IOFree(state, sizeof(*state));
		return ENOMEM;
	}
	lck_mtx_lock(list);
	link = find(device);
	if (*link) {
		lck_mtx_unlock(list);
		destroy(state);
		return EBUSY;
	}
	state->descriptor = opened++;
	*link = state;
	lck_mtx_unlock(list);
	return 0;
}

static struct state *get(dev_t device)
{
	struct state *state;

	lck_mtx_lock(list);
	state = *find(device);
	if (state)
		state->users++;
	lck_mtx_unlock(list);
	return state;
}

static void put(struct state *state)
{
	bool last;

	lck_mtx_lock(list);
	last = --state->users == 0;
	lck_mtx_unlock(list);
	if (last)
		destroy(state);
}

void osq_testing_close(dev_t device)
{
	struct state **link, *state;

	lck_mtx_lock(list);
	link = find(device);
	state = *link;
	if (state)
		*link = state->next;
	lck_mtx_unlock(list);
	if (state)
		put(state);
}

static void produce(struct state *state, int32_t event, size_t size)
{
	void *record;

	lck_mtx_lock(state->mutex);
	record = osq_queue_reserve(event, size);
	if (record) {
		osq_test_fill(record, event, OSQ_TEST_NUMBER(state->descriptor, state->sequence));
		osq_queue_commit(record);
	}
	state->sequence++;
	lck_mtx_unlock(state->mutex);
}

int osq_testing_produce(dev_t device, int32_t event)
{
	size_t size = osq_test_size(event);
	struct state *state;

	if (!size)
		return EINVAL;
	state = get(device);
	if (!state)
		return ENXIO;
	produce(state, event, size);
	put(state);
	return 0;
}

#endif
