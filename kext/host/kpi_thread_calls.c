// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Functions to be called later, by threads of the kernel's own: several at once, the same one
 * included. Cancelling takes back what has not begun, and waits for nothing.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "kext.h"
#include "kpi.h"
#include "leftovers.h"
#include "thread.h"
#include "trap.h"
#include "wait.h"

#define CALLER (uintptr_t) __builtin_return_address(0)
#define SECOND 1000000000u

typedef void (*function_t)(void *first, void *second);

struct thread_call {
	struct thread_call *next;    /* of those that are allocated */
	struct thread_call *waiting; /* the one that is due after it */
	function_t function;
	void *first, *second;
	uint64_t deadline;
	uintptr_t site;
	unsigned int running;
	bool pending;
	bool once; /* freed when it has run: of bsd_timeout */
	bool freed;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static struct thread_call *all, *queue;
static bool has_clockwork;

static void *keep_time(void *unused);

/* Under the mutex. */
static void start_clockwork(void)
{
	pthread_condattr_t attributes;
	pthread_t thread;

	if (has_clockwork)
		return;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attributes);
	if (pthread_create(&thread, NULL, keep_time, NULL))
		abort();
	pthread_detach(thread);
	has_clockwork = true;
}

static bool dequeue(struct thread_call *call)
{
	struct thread_call **link;

	if (!call->pending)
		return false;
	for (link = &queue; *link != call; link = &(*link)->waiting)
		;
	*link = call->waiting;
	call->pending = false;
	return true;
}

static void enqueue(struct thread_call *call, uint64_t deadline)
{
	struct thread_call **link = &queue;

	while (*link && (*link)->deadline <= deadline)
		link = &(*link)->waiting;
	call->deadline = deadline;
	call->pending = true;
	call->waiting = *link;
	*link = call;
	pthread_cond_signal(&changed);
}

static void discard(struct thread_call *call)
{
	struct thread_call **link;

	for (link = &all; *link != call; link = &(*link)->next)
		;
	*link = call->next;
	free(call);
}

struct run {
	struct thread_call *call;
	void *second;
};

static void *run(void *data)
{
	const struct run run = *(struct run *)data;
	struct thread_call *call = run.call;
	struct kext_call bounds;

	free(data);
	trap_init_thread();
	KEXT_CALL_BEGIN(&bounds, call->function);
	call->function(call->first, run.second);
	kext_call_end(&bounds);
	trap_exit_thread();
	pthread_mutex_lock(&mutex);
	if (--call->running == 0 && (call->freed || call->once))
		discard(call);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void begin(struct thread_call *call)
{
	struct run *data = malloc(sizeof(*data));
	pthread_t thread;

	if (!data)
		abort();
	*data = (struct run){call, call->second};
	call->running++;
	if (pthread_create(&thread, NULL, run, data))
		abort();
	pthread_detach(thread);
}

static void *keep_time(void *unused)
{
	struct timespec until;

	pthread_mutex_lock(&mutex);
	for (;;) {
		struct thread_call *first = queue;

		if (!first) {
			pthread_cond_wait(&changed, &mutex);
		} else if (first->deadline > clock_uptime()) {
			until.tv_sec = (time_t)(first->deadline / SECOND);
			until.tv_nsec = (long)(first->deadline % SECOND);
			pthread_cond_timedwait(&changed, &mutex, &until);
		} else {
			dequeue(first);
			begin(first);
		}
	}
	return unused;
}

static struct thread_call *make(function_t function, void *first, uintptr_t site)
{
	struct thread_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->function = function;
	call->first = first;
	call->site = site;
	pthread_mutex_lock(&mutex);
	start_clockwork();
	call->next = all;
	all = call;
	pthread_mutex_unlock(&mutex);
	return call;
}

static struct thread_call *kernel_thread_call_allocate(function_t function, void *first)
{
	wait_check_may_sleep();
	return make(function, first, CALLER);
}

/* Priorities are not told apart. */
static struct thread_call *kernel_thread_call_allocate_with_options(function_t function,
                                                                    void *first, int priority,
                                                                    uint32_t options)
{
	(void)priority;
	(void)options;
	wait_check_may_sleep();
	return make(function, first, CALLER);
}

/* Whether it was pending; then its deadline moves. */
static uint32_t enter(struct thread_call *call, void *second, uint64_t deadline)
{
	bool pending;

	pthread_mutex_lock(&mutex);
	pending = dequeue(call);
	call->second = second;
	enqueue(call, deadline);
	pthread_mutex_unlock(&mutex);
	return pending;
}

static uint32_t kernel_thread_call_enter(struct thread_call *call)
{
	return enter(call, NULL, 0);
}

static uint32_t kernel_thread_call_enter1(struct thread_call *call, void *second)
{
	return enter(call, second, 0);
}

static uint32_t kernel_thread_call_enter_delayed(struct thread_call *call, uint64_t deadline)
{
	return enter(call, NULL, deadline);
}

static uint32_t kernel_thread_call_enter1_delayed(struct thread_call *call, void *second,
                                                  uint64_t deadline)
{
	return enter(call, second, deadline);
}

static uint32_t kernel_thread_call_cancel(struct thread_call *call)
{
	bool pending;

	pthread_mutex_lock(&mutex);
	pending = dequeue(call);
	pthread_mutex_unlock(&mutex);
	return pending;
}

static uint32_t kernel_thread_call_free(struct thread_call *call)
{
	bool pending;

	pthread_mutex_lock(&mutex);
	pending = call->pending;
	if (!pending && call->running)
		call->freed = true;
	else if (!pending)
		discard(call);
	pthread_mutex_unlock(&mutex);
	return !pending;
}

struct darwin_timespec {
	int64_t seconds, nanoseconds;
};

static void kernel_bsd_timeout(void (*function)(void *), void *argument,
                               const struct darwin_timespec *after)
{
	struct thread_call *call = make((function_t)(void *)function, argument, CALLER);
	uint64_t deadline = 0;

	if (!call)
		abort();
	call->once = true;
	if (after && (after->seconds || after->nanoseconds))
		deadline = clock_uptime() + (uint64_t)after->seconds * SECOND +
		           (uint64_t)after->nanoseconds;
	enter(call, NULL, deadline);
}

/* The first of those that are pending; one that runs is let alone. */
static void kernel_bsd_untimeout(void (*function)(void *), void *argument)
{
	struct thread_call *call;

	pthread_mutex_lock(&mutex);
	for (call = queue; call; call = call->waiting)
		if (call->once && call->function == (function_t)(void *)function &&
		    call->first == argument)
			break;
	if (call) {
		dequeue(call);
		discard(call);
	}
	pthread_mutex_unlock(&mutex);
}

void thread_calls_tell_left(const struct kext *kext)
{
	const struct thread_call *call;

	pthread_mutex_lock(&mutex);
	for (call = all; call; call = call->next)
		if (kext_at(call->site) == kext)
			leftovers_tell(call->site, "a thread call %p%s", (const void *)call,
			               call->pending ? ", still pending," : "");
	pthread_mutex_unlock(&mutex);
}

const struct kpi_symbol kpi_thread_calls[] = {
    KPI_FUNCTION(KPI_MACH, thread_call_allocate),
    KPI_FUNCTION(KPI_MACH, thread_call_allocate_with_options),
    KPI_FUNCTION(KPI_MACH, thread_call_enter),
    KPI_FUNCTION(KPI_MACH, thread_call_enter1),
    KPI_FUNCTION(KPI_MACH, thread_call_enter_delayed),
    KPI_FUNCTION(KPI_MACH, thread_call_enter1_delayed),
    KPI_FUNCTION(KPI_MACH, thread_call_cancel),
    KPI_FUNCTION(KPI_MACH, thread_call_free),
    KPI_FUNCTION(KPI_BSD, bsd_timeout),
    KPI_FUNCTION(KPI_BSD, bsd_untimeout),
    {0},
};
