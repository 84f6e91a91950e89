// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "testing.h"

#ifdef OSQ_TEST_BUILD

#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "event.h"
#include "queue.h"

struct testing_state {
	struct mutex mutex; /* numbers come in the order of the records */
	uint32_t descriptor;
	uint32_t sequence;
};

int osq_testing_open(void **state)
{
	static atomic_t count = ATOMIC_INIT(-1);
	struct testing_state *opened = kmalloc(sizeof(*opened), GFP_KERNEL);

	if (!opened)
		return -ENOMEM;
	mutex_init(&opened->mutex);
	opened->descriptor = (uint32_t)atomic_inc_return(&count);
	opened->sequence = 0;
	*state = opened;
	return 0;
}

void osq_testing_close(void *state)
{
	kfree(state);
}

long osq_testing_produce(void *state, const void __user *argument)
{
	struct testing_state *opened = state;
	int32_t event;
	size_t size;
	void *record;

	if (copy_from_user(&event, argument, sizeof(event)))
		return -EFAULT;
	size = osq_test_size(event);
	if (!size)
		return -EINVAL;

	mutex_lock(&opened->mutex);
	record = osq_queue_reserve(event, size);
	if (record) {
		osq_test_fill(record, event, OSQ_TEST_NUMBER(opened->descriptor, opened->sequence));
		osq_queue_commit(record);
	}
	opened->sequence++;
	mutex_unlock(&opened->mutex);
	return 0;
}

#endif
