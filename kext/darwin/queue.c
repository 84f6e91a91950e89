// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "queue.h"

#include <IOKit/IOLib.h>
#include <kern/task.h>
#include <sys/errno.h>
#include <sys/param.h>
#include <sys/proc.h>

#include "locks.h"
#include "log.h"
#include "mapping.h"
#include "ring.h"

static struct osq_ring ring;
static lck_mtx_t *doze; /* held from asking the ring whether to sleep until asleep, and to wake */

static task_t owner; /* compared only; held so that its address is not used again */
static struct osq_mapping mapping;
static unsigned int sleepers; /* under the caller's mutex */

int osq_queue_init(void)
{
	int error;

	doze = lck_mtx_alloc_init(osq_lock_group, NULL);
	if (!doze)
		return ENOMEM;
	error = osq_ring_init(&ring);
	if (error)
		lck_mtx_free(doze, osq_lock_group);
	return error;
}

void osq_queue_exit(void)
{
	osq_ring_exit(&ring);
	lck_mtx_free(doze, osq_lock_group);
}

static void set_owner(task_t task)
{
	__atomic_store_n(&owner, task, __ATOMIC_RELAXED);
}

/* A driver on XNU does not learn whether the kernel could copy its answer out to the client. */
int osq_queue_allocate(struct osq_allocate_args *args)
{
	int error;

	if (args->version != OSQ_VERSION || owner)
		return EINVAL;
	if (args->size < OSQ_BUFFER_MIN || args->size > OSQ_BUFFER_MAX)
		return EINVAL;

	error = osq_mapping_make(&mapping, args->size);
	if (error) {
		osq_log_warning("no memory for a buffer of %llu bytes", args->size);
		return error;
	}
	error = osq_ring_open(&ring, mapping.memory, args->size);
	if (error) {
		osq_mapping_remove(&mapping);
		return error;
	}
	args->buffer = (void *)(uintptr_t)mapping.address;
	task_reference(current_task());
	set_owner(current_task());
	osq_log_debug("a buffer of %llu bytes", args->size);
	return 0;
}

bool osq_queue_is_foreign(void)
{
	return owner && owner != current_task();
}

static void wake(void)
{
	lck_mtx_lock(doze);
	wakeup(&ring);
	lck_mtx_unlock(doze);
}

void osq_queue_destroy(void)
{
	task_t was = owner;

	if (!was)
		return;
	osq_ring_close(&ring);
	wake();
	/* A producer holds a reservation for the length of a copy, but may lose the processor. */
	while (osq_ring_busy(&ring))
		IOSleep(1);
	osq_mapping_remove(&mapping);
	set_owner(NULL);
	osq_task_release(was);
	osq_log_debug("the buffer is gone");
}

/*
 * Whoever finishes a record after the ring was asked wakes us, and has to wait for `doze` to do
 * so: by then msleep has made us a sleeper. The caller's mutex must be free while asleep, or a
 * blocked reader would keep everybody from any other request.
 */
static int wait_for_events(lck_mtx_t *held)
{
	int error = 0;

	for (;;) {
		if (owner != current_task()) /* while asleep */
			return EINVAL;
		lck_mtx_lock(doze);
		if (osq_ring_arm(&ring) || error) {
			lck_mtx_unlock(doze);
			break;
		}
		sleepers++;
		lck_mtx_unlock(held);
		error = msleep(&ring, doze, PZERO | PCATCH | PDROP, "osquery", NULL);
		lck_mtx_lock(held);
		sleepers--;
	}
	return error ? EINTR : 0;
}

int osq_queue_sync(struct osq_sync_args *args, lck_mtx_t *held)
{
	int error;

	if (args->options != OSQ_SYNC_BLOCK && args->options != OSQ_SYNC_NO_BLOCK)
		return EINVAL;
	error = osq_ring_release(&ring, args->read_offset);
	if (!error && args->options == OSQ_SYNC_BLOCK)
		error = wait_for_events(held);
	if (!error)
		error = osq_ring_collect(&ring, &args->max_read_offset, &args->drops);
	/* Collecting disarmed the ring: whoever else sleeps on it (here under `held`) arms anew. */
	if (!error && sleepers)
		wake();
	return error;
}

void *osq_queue_reserve(int32_t event, size_t size)
{
	return osq_ring_reserve(&ring, event, size);
}

void osq_queue_commit(void *record)
{
	if (osq_ring_commit(&ring, record))
		wake();
}

bool osq_queue_is_client(void)
{
	task_t client = __atomic_load_n(&owner, __ATOMIC_RELAXED);

	return client && client == current_task();
}
