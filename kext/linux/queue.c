// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "queue.h"

#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "log.h"
#include "mapping.h"
#include "ring.h"

static struct osq_ring ring;
static DECLARE_WAIT_QUEUE_HEAD(readers);

static void *buffer;
static struct mm_struct *owner; /* compared only; held so that its address is not used again */
static struct osq_mapping mapping;
static bool count_lost;

int osq_queue_init(void)
{
	return -osq_ring_init(&ring);
}

void osq_queue_exit(void)
{
	osq_ring_exit(&ring);
}

int osq_queue_allocate(struct osq_allocate_args *args, void __user *answer)
{
	void *memory;
	int error;

	if (args->version != OSQ_VERSION || buffer)
		return -EINVAL;
	if (args->size < OSQ_BUFFER_MIN || args->size > OSQ_BUFFER_MAX)
		return -EINVAL;

	memory = vmalloc_user(PAGE_ALIGN(args->size));
	if (!memory) {
		osq_log_warning("no memory for a buffer of %llu bytes", args->size);
		return -ENOMEM;
	}
	error = osq_mapping_make(&mapping, memory, PAGE_ALIGN(args->size));
	if (error)
		goto free;
	args->buffer = (void *)mapping.address;
	if (copy_to_user(answer, args, sizeof(*args))) {
		error = -EFAULT;
		goto unmap;
	}
	error = -osq_ring_open(&ring, memory, args->size);
	if (error)
		goto unmap;

	buffer = memory;
	mmgrab(current->mm);
	WRITE_ONCE(owner, current->mm);
	count_lost = false;
	osq_log_debug("a buffer of %llu bytes", args->size);
	return 0;

unmap:
	osq_mapping_remove(&mapping, true);
free:
	vfree(memory);
	return error;
}

bool osq_queue_is_foreign(void)
{
	return buffer && owner != current->mm;
}

void osq_queue_destroy(void)
{
	if (!buffer)
		return;
	osq_ring_close(&ring);
	wake_up_all(&readers);
	/* A producer holds a reservation for the length of a copy, but may lose the processor. */
	while (osq_ring_busy(&ring))
		usleep_range(50, 200);
	osq_mapping_remove(&mapping, owner == current->mm);
	vfree(buffer);
	buffer = NULL;
	mmdrop(owner);
	WRITE_ONCE(owner, NULL);
	osq_log_debug("the buffer is gone");
}

/*
 * Not wait_event_interruptible: the mutex must be free while asleep, or a blocked reader would
 * keep everybody from any other request. Enqueued before the ring is asked, so a wake-up between
 * the two makes schedule() return at once.
 */
static int wait_for_events(struct mutex *held)
{
	DEFINE_WAIT(wait);
	int error = 0;

	for (;;) {
		prepare_to_wait(&readers, &wait, TASK_INTERRUPTIBLE);
		if (owner != current->mm) { /* while asleep */
			error = -EINVAL;
			break;
		}
		if (osq_ring_arm(&ring))
			break;
		if (signal_pending(current)) {
			error = -EINTR;
			break;
		}
		mutex_unlock(held);
		schedule();
		mutex_lock(held);
	}
	finish_wait(&readers, &wait);
	return error;
}

int osq_queue_sync(struct osq_sync_args *args, struct mutex *held)
{
	int error;

	if (args->options != OSQ_SYNC_BLOCK && args->options != OSQ_SYNC_NO_BLOCK)
		return -EINVAL;
	error = -osq_ring_release(&ring, args->read_offset);
	if (!error && args->options == OSQ_SYNC_BLOCK)
		error = wait_for_events(held);
	if (!error)
		error = -osq_ring_collect(&ring, &args->max_read_offset, &args->drops);
	if (error)
		return error;
	if (count_lost)
		args->drops = -1;
	count_lost = false;
	/* Collecting disarmed the ring: whoever else sleeps on it (here under `held`) arms anew. */
	if (waitqueue_active(&readers))
		wake_up_all(&readers);
	return 0;
}

void osq_queue_lose_count(void)
{
	count_lost = true;
}

void *osq_queue_reserve(int32_t event, size_t size)
{
	return osq_ring_reserve(&ring, event, size);
}

void osq_queue_commit(void *record)
{
	if (osq_ring_commit(&ring, record))
		wake_up_all(&readers);
}

/* No ring is that large, so the attempt is counted and nothing else. */
void osq_queue_drop(void)
{
	osq_ring_reserve(&ring, OSQ_EVENT_FILE, SIZE_MAX);
}

bool osq_queue_is_client(void)
{
	const struct mm_struct *client = READ_ONCE(owner);

	return client && client == current->mm;
}
