// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "panic.h"

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local struct thread *current;

static void destroy(void *data)
{
	struct thread *thread = data;

	close(thread->wake_descriptor);
	free(thread);
	current = NULL;
}

static void make_key(void)
{
	pthread_key_create(&key, destroy);
}

static void find_stack(struct thread *thread)
{
	pthread_attr_t attributes;
	void *low;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attributes))
		return;
	if (!pthread_attr_getstack(&attributes, &low, &size)) {
		thread->stack_low = (uintptr_t)low;
		thread->stack_high = (uintptr_t)low + size;
	}
	pthread_attr_destroy(&attributes);
}

static struct thread *make(void)
{
	static uint64_t numbers;
	struct thread *thread = calloc(1, sizeof(*thread));

	pthread_once(&once, make_key);
	if (!thread)
		abort();
	thread->number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
	thread->process = &process_kernel;
	thread->wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (thread->wake_descriptor < 0)
		abort();
	find_stack(thread);
	pthread_setspecific(key, thread);
	current = thread;
	return thread;
}

struct thread *thread_current(void)
{
	return current ? current : make();
}

struct process *thread_become(struct process *process)
{
	struct thread *thread = thread_current();
	struct process *was = thread->process;

	thread->process = process;
	return was;
}

void thread_note_lock(struct thread *thread, const void *lock)
{
	if (thread->lock_count == THREAD_LOCKS_MAX)
		panic("thread %p holds more than %d locks", (void *)thread, THREAD_LOCKS_MAX);
	thread->locks[thread->lock_count++] = lock;
}

void thread_forget_lock(struct thread *thread, const void *lock)
{
	unsigned int i = thread->lock_count;

	while (i-- > 0) {
		if (thread->locks[i] != lock)
			continue;
		thread->locks[i] = thread->locks[--thread->lock_count];
		return;
	}
}
