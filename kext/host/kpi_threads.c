// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Threads that a kext starts: they run as kernel_task, and one that it leaves behind is told. */
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "kext.h"
#include "kpi.h"
#include "leftovers.h"
#include "panic.h"
#include "thread.h"
#include "trap.h"
#include "wait.h"

#define CALLER                 (uintptr_t) __builtin_return_address(0)
#define KERN_SUCCESS           0
#define KERN_INVALID_ARGUMENT  4
#define KERN_RESOURCE_SHORTAGE 6

/* The kernel's thread_t for it is its `struct thread`; references to that are not counted. */
struct started {
	struct started *next;
	void (*function)(void *parameter, int result);
	void *parameter;
	uintptr_t site;
	struct thread *thread;
	struct kext_call call;
	jmp_buf out; /* of the function, without a return from it */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t begun = PTHREAD_COND_INITIALIZER;
static struct started *all;

static void end(struct started *started)
{
	struct started **link;

	kext_call_end(&started->call);
	pthread_mutex_lock(&mutex);
	for (link = &all; *link != started; link = &(*link)->next)
		;
	*link = started->next;
	pthread_mutex_unlock(&mutex);
	free(started);
	trap_exit_thread();
}

static void *run(void *data)
{
	struct started *started = data;

	trap_init_thread();
	KEXT_CALL_BEGIN(&started->call, started->function);
	pthread_mutex_lock(&mutex);
	started->thread = thread_current();
	pthread_cond_broadcast(&begun);
	pthread_mutex_unlock(&mutex);
	if (!setjmp(started->out))
		started->function(started->parameter, WAIT_AWAKENED);
	end(data);
	return NULL;
}

static int kernel_kernel_thread_start(void (*function)(void *, int), void *parameter,
                                      struct thread **thread)
{
	struct started *started = calloc(1, sizeof(*started));
	pthread_attr_t detached;
	pthread_t pthread;
	int error;

	wait_check_may_sleep();
	if (!started)
		return KERN_RESOURCE_SHORTAGE;
	*started = (struct started){.function = function, .parameter = parameter, .site = CALLER};
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_mutex_lock(&mutex);
	error = pthread_create(&pthread, &detached, run, started);
	if (!error) {
		started->next = all;
		all = started;
		while (!started->thread)
			pthread_cond_wait(&begun, &mutex);
		*thread = started->thread;
	}
	pthread_mutex_unlock(&mutex);
	pthread_attr_destroy(&detached);
	if (!error)
		return KERN_SUCCESS;
	free(started);
	return KERN_RESOURCE_SHORTAGE;
}

static int kernel_thread_terminate(struct thread *thread)
{
	struct started *started;

	pthread_mutex_lock(&mutex);
	for (started = all; started && started->thread != thread; started = started->next)
		;
	pthread_mutex_unlock(&mutex);
	if (!started)
		return KERN_INVALID_ARGUMENT;
	if (thread != thread_current())
		panic("thread_terminate: thread %p is not the calling one", (void *)thread);
	longjmp(started->out, 1);
}

static void kernel_thread_deallocate(struct thread *thread)
{
	(void)thread;
}

void threads_tell_left(const struct kext *kext)
{
	const struct started *started;

	pthread_mutex_lock(&mutex);
	for (started = all; started; started = started->next)
		if (kext_at(started->site) == kext)
			leftovers_tell(started->site, "a thread %p", (void *)started->thread);
	pthread_mutex_unlock(&mutex);
}

const struct kpi_symbol kpi_threads[] = {
    KPI_FUNCTION(KPI_MACH, kernel_thread_start),
    KPI_FUNCTION(KPI_MACH, thread_terminate),
    KPI_FUNCTION(KPI_MACH, thread_deallocate),
    {0},
};
