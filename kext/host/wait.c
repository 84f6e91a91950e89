// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "wait.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"
#include "panic.h"
#include "thread.h"

#define SECOND  1000000000u
#define BUCKETS 64

static struct bucket {
	pthread_mutex_t mutex;
	struct thread *first, **last; /* in the order in which they came */
} buckets[BUCKETS];

__attribute__((constructor)) static void init(void)
{
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		pthread_mutex_init(&buckets[i].mutex, NULL);
		buckets[i].last = &buckets[i].first;
	}
}

uint64_t clock_uptime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static struct bucket *bucket_of(const void *event)
{
	return &buckets[((uintptr_t)event >> 4 ^ (uintptr_t)event >> 12) % BUCKETS];
}

void wait_check_may_sleep(void)
{
	int level = thread_current()->preemption_level;

	if (level)
		panic("thread_invoke: preemption_level %d, possible cause: %s", level,
		      level > 0 ? "blocking while holding a spinlock, or within interrupt context"
		                : "unlocking an unlocked mutex or spinlock");
}

void wait_assert(const void *event)
{
	struct thread *thread = thread_current();
	struct bucket *bucket = bucket_of(event);

	if (!event)
		panic("assert_wait() called with NO_EVENT");
	if (thread->event)
		panic("assert_wait: thread %p already waits for %p", (void *)thread, thread->event);
	pthread_mutex_lock(&bucket->mutex);
	thread->event = event;
	thread->next_waiter = NULL;
	*bucket->last = thread;
	bucket->last = &thread->next_waiter;
	pthread_mutex_unlock(&bucket->mutex);
}

static void dequeue(struct bucket *bucket, struct thread **link)
{
	struct thread *thread = *link;

	*link = thread->next_waiter;
	if (bucket->last == &thread->next_waiter)
		bucket->last = link;
}

bool wait_wake(const void *event, bool one)
{
	struct bucket *bucket = bucket_of(event);
	const uint64_t count = 1;
	struct thread **link;
	bool any = false;

	pthread_mutex_lock(&bucket->mutex);
	for (link = &bucket->first; *link && !(one && any);) {
		struct thread *thread = *link;

		if (thread->event != event) {
			link = &thread->next_waiter;
			continue;
		}
		dequeue(bucket, link);
		any = true;
		/* The last that is done with it: it may end as soon as it is awake. */
		if (write(thread->wake_descriptor, &count, sizeof(count)) < 0)
			abort();
	}
	pthread_mutex_unlock(&bucket->mutex);
	return any;
}

/* Whether it was still there. Takes the wakeup back where it was not. */
static bool give_up(struct thread *thread)
{
	struct bucket *bucket = bucket_of(thread->event);
	struct thread **link;
	bool waiting = false;

	pthread_mutex_lock(&bucket->mutex);
	for (link = &bucket->first; *link; link = &(*link)->next_waiter) {
		if (*link == thread) {
			dequeue(bucket, link);
			waiting = true;
			break;
		}
	}
	pthread_mutex_unlock(&bucket->mutex);
	return waiting;
}

static bool take_wakeup(struct thread *thread)
{
	uint64_t count;

	return read(thread->wake_descriptor, &count, sizeof(count)) == sizeof(count);
}

/* WAIT_AWAKENED also where it is not clear why poll returned. */
static int look(struct thread *thread, uint64_t deadline, bool interruptible)
{
	struct pollfd files[2] = {{.fd = thread->wake_descriptor, .events = POLLIN}};
	nfds_t count = 1;
	struct timespec left;
	uint64_t now = clock_uptime();

	if (interruptible && thread->connection) {
		if (connection_is_interrupted(thread->connection))
			return WAIT_INTERRUPTED;
		files[count++] = (struct pollfd){.fd = connection_descriptor(thread->connection),
		                                 .events = POLLIN};
	}
	if (deadline != WAIT_FOREVER) {
		if (deadline <= now)
			return WAIT_TIMED_OUT;
		left.tv_sec = (time_t)((deadline - now) / SECOND);
		left.tv_nsec = (long)((deadline - now) % SECOND);
	}
	if (ppoll(files, count, deadline == WAIT_FOREVER ? NULL : &left, NULL) < 0 &&
	    errno != EINTR)
		abort();
	return WAIT_AWAKENED;
}

int wait_block(uint64_t deadline, bool interruptible)
{
	struct thread *thread = thread_current();
	int result = WAIT_AWAKENED;

	wait_check_may_sleep();
	if (!thread->event)
		return WAIT_AWAKENED;
	while (!take_wakeup(thread)) {
		result = look(thread, deadline, interruptible);
		if (result == WAIT_AWAKENED)
			continue;
		if (!give_up(thread)) {
			/* Woken at the last moment. A signal has precedence even then. */
			take_wakeup(thread);
			if (result == WAIT_TIMED_OUT)
				result = WAIT_AWAKENED;
		}
		break;
	}
	thread->event = NULL;
	return result;
}

void wait_for(uint64_t nanoseconds)
{
	struct timespec left = {.tv_sec = (time_t)(nanoseconds / SECOND),
	                        .tv_nsec = (long)(nanoseconds % SECOND)};

	wait_check_may_sleep();
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}
