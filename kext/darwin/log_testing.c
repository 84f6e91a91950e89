// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_testing.h"

#ifdef OSQ_TEST_BUILD

#include <IOKit/IOLib.h>
#include <kern/locks.h>
#include <kern/thread.h>
#include <mach/mach_types.h>
#include <string.h>
#include <sys/proc.h>

#include "callbacks.h"
#include "locks.h"
#include "log_port.h"
#include "log_test.h"

struct flood {
	struct osq_log_test test;
	lck_mtx_t *mutex; /* guards what follows */
	uint32_t begun;   /* threads, which take their numbers from it */
	uint32_t running;
};

static struct osq_callbacks talkers;

/* It counts itself out before its last instructions: what unloads the extension lets it settle. */
static void talk(void *parameter, int result)
{
	struct flood *flood = parameter;
	uint32_t thread;
	uint64_t number;

	(void)result;
	osq_callbacks_enter(&talkers);
	lck_mtx_lock(flood->mutex);
	thread = flood->begun++;
	lck_mtx_unlock(flood->mutex);
	for (number = 0; number < flood->test.messages; number++)
		osq_log_test_say(&flood->test, thread, number);
	lck_mtx_lock(flood->mutex);
	if (!--flood->running)
		wakeup(flood);
	lck_mtx_unlock(flood->mutex);
	osq_callbacks_leave(&talkers);
	(void)thread_terminate(current_thread());
}

static int begin(struct flood *flood)
{
	thread_t thread;

	lck_mtx_lock(flood->mutex);
	flood->running++;
	lck_mtx_unlock(flood->mutex);
	if (kernel_thread_start(talk, flood, &thread) == KERN_SUCCESS) {
		thread_deallocate(thread);
		return 0;
	}
	lck_mtx_lock(flood->mutex);
	flood->running--;
	lck_mtx_unlock(flood->mutex);
	return ENOMEM;
}

static int run(struct flood *flood)
{
	const uint64_t start = osq_log_port_time();
	uint32_t i;
	int error = 0;

	for (i = 0; i < flood->test.threads && !error; i++)
		error = begin(flood);
	lck_mtx_lock(flood->mutex);
	while (flood->running)
		msleep(flood, flood->mutex, 0, "osquery log test", NULL);
	lck_mtx_unlock(flood->mutex);
	osq_callbacks_drain(&talkers);
	flood->test.nanoseconds = osq_log_port_time() - start;
	return error;
}

int osq_log_testing_run(void *data, size_t *length)
{
	struct flood flood = {.begun = 0};
	int error;

	if (!data || *length != sizeof(flood.test))
		return EINVAL;
	memcpy(&flood.test, data, sizeof(flood.test));
	error = osq_log_test_check(&flood.test);
	if (error)
		return error;
	if (flood.test.context == OSQ_LOG_TEST_INTERRUPT ||
	    flood.test.context == OSQ_LOG_TEST_LOCKED)
		return EOPNOTSUPP;
	flood.mutex = lck_mtx_alloc_init(osq_lock_group, NULL);
	if (!flood.mutex)
		return ENOMEM;
	error = run(&flood);
	lck_mtx_free(flood.mutex, osq_lock_group);
	memcpy(data, &flood.test, sizeof(flood.test));
	return error;
}

#endif
