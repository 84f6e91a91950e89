/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Loading, tasks, memory, locks, sleep and time. */
#include "xnu.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../harness.h"

int osquery_start(void *info, void *data);
int osquery_stop(void *info, void *data);

static bool loaded;
static long remaining;
static int failures[XNU_FAILURES] = {-1, -1, -1, -1, -1, -1, -1};

void xnu_count(long things)
{
	__atomic_fetch_add(&remaining, things, __ATOMIC_SEQ_CST);
}

long xnu_remaining(void)
{
	return __atomic_load_n(&remaining, __ATOMIC_SEQ_CST);
}

static void set_loaded(bool is)
{
	__atomic_store_n(&loaded, is, __ATOMIC_SEQ_CST);
}

bool xnu_load(void)
{
	set_loaded(true);
	if (!osquery_start(NULL, NULL))
		return true;
	set_loaded(false);
	EXPECT_EQUAL(xnu_remaining(), 0);
	return false;
}

bool xnu_unload(void)
{
	if (osquery_stop(NULL, NULL))
		return false;
	set_loaded(false);
	EXPECT_EQUAL(xnu_remaining(), 0);
	return true;
}

void xnu_enter_extension(void)
{
	EXPECT(__atomic_load_n(&loaded, __ATOMIC_SEQ_CST));
}

void xnu_leave_extension(void)
{
	EXPECT(__atomic_load_n(&loaded, __ATOMIC_SEQ_CST));
}

void xnu_pause(void)
{
	static __thread struct random random;
	uint32_t dice;

	if (!random.state)
		random = harness_random((uint64_t)(uintptr_t)&random);
	dice = random_below(&random, 16);
	if (dice == 0)
		usleep(random_below(&random, 200));
	else if (dice < 4)
		sched_yield();
}

void xnu_fail(enum xnu_failure what, int after)
{
	__atomic_store_n(&failures[what], after, __ATOMIC_SEQ_CST);
}

bool xnu_fails(enum xnu_failure what)
{
	return __atomic_load_n(&failures[what], __ATOMIC_SEQ_CST) >= 0 &&
	       __atomic_fetch_sub(&failures[what], 1, __ATOMIC_SEQ_CST) == 0;
}

/* Tasks */
struct xnu_task {
	int references;
	int pid;
	bool signalled;
};

static struct xnu_task kernel = {.references = 1};
struct xnu_task *kernel_task __asm("_kernel_task") = &kernel;
static __thread struct xnu_task *running;
static __thread bool unprivileged;

struct xnu_task *xnu_task_make(int pid)
{
	struct xnu_task *task = harness_buffer(sizeof(*task));

	task->references = 1;
	task->pid = pid;
	return task;
}

void xnu_task_release(struct xnu_task *task)
{
	if (__atomic_sub_fetch(&task->references, 1, __ATOMIC_SEQ_CST) == 0)
		free(task);
}

void xnu_task_switch(struct xnu_task *task)
{
	running = task;
}

struct xnu_task *xnu_task_current(void)
{
	return running ? running : &kernel;
}

int xnu_task_pid(const struct xnu_task *task)
{
	return task->pid;
}

void xnu_task_make_superuser(bool superuser)
{
	unprivileged = !superuser;
}

void *current_task(void)
{
	return xnu_task_current();
}

void task_reference(struct xnu_task *task)
{
	xnu_count(1);
	__atomic_add_fetch(&task->references, 1, __ATOMIC_SEQ_CST);
}

void deallocate_task(struct xnu_task *task) __asm("_task_deallocate");
void deallocate_task(struct xnu_task *task)
{
	xnu_count(-1);
	xnu_task_release(task);
}

void *current_thread(void)
{
	return &running;
}

int proc_selfpid(void)
{
	return xnu_task_current()->pid;
}

int proc_selfppid(void)
{
	return 1;
}

int proc_suser(void *process)
{
	(void)process;
	return unprivileged ? EPERM : 0;
}

/* Memory; as in the kernel, what is new holds anything. */
void *IOMalloc(size_t size)
{
	void *memory = malloc(size);

	xnu_count((long)size);
	return memset(memory, 0xDB, size);
}

void IOFree(void *memory, size_t size)
{
	xnu_count(-(long)size);
	free(memset(memory, 0xDE, size));
}

void IOLog(const char *format, ...)
{
	(void)format;
}

void IOSleep(unsigned int milliseconds)
{
	usleep(milliseconds * 1000);
}

void microtime(struct timeval *time)
{
	gettimeofday(time, NULL);
}

void microuptime(struct timeval *uptime)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	*uptime = (struct timeval){.tv_sec = now.tv_sec};
}

/* Locks. Sleeping is for who holds no spin lock. */
static __thread int spinning;

static void *make_lock(size_t size, const void *group)
{
	EXPECT(group);
	xnu_count(1);
	return harness_buffer(size);
}

static void free_lock(void *lock, const void *group)
{
	EXPECT(group);
	xnu_count(-1);
	free(lock);
}

void *lck_grp_alloc_init(const char *name, void *attributes)
{
	EXPECT(name && !attributes);
	return make_lock(1, name);
}

void lck_grp_free(void *group)
{
	free_lock(group, group);
}

void *lck_mtx_alloc_init(void *group, void *attributes)
{
	pthread_mutex_t *mutex = make_lock(sizeof(*mutex), group);

	(void)attributes;
	pthread_mutex_init(mutex, NULL);
	return mutex;
}

void lck_mtx_free(void *mutex, void *group)
{
	EXPECT_EQUAL(pthread_mutex_destroy(mutex), 0);
	free_lock(mutex, group);
}

void lck_mtx_lock(void *mutex)
{
	EXPECT(!spinning);
	pthread_mutex_lock(mutex);
}

void lck_mtx_unlock(void *mutex)
{
	pthread_mutex_unlock(mutex);
}

void *lck_rw_alloc_init(void *group, void *attributes)
{
	pthread_rwlock_t *lock = make_lock(sizeof(*lock), group);

	(void)attributes;
	pthread_rwlock_init(lock, NULL);
	return lock;
}

void lck_rw_free(void *lock, void *group)
{
	EXPECT_EQUAL(pthread_rwlock_destroy(lock), 0);
	free_lock(lock, group);
}

void lck_rw_lock_shared(void *lock)
{
	EXPECT(!spinning);
	pthread_rwlock_rdlock(lock);
}

void lck_rw_lock_exclusive(void *lock)
{
	EXPECT(!spinning);
	pthread_rwlock_wrlock(lock);
}

void lck_rw_unlock_shared(void *lock)
{
	pthread_rwlock_unlock(lock);
}

void lck_rw_unlock_exclusive(void *lock)
{
	pthread_rwlock_unlock(lock);
}

/* A mutex: here its holder may lose the processor. */
void *lck_spin_alloc_init(void *group, void *attributes)
{
	return lck_mtx_alloc_init(group, attributes);
}

void lck_spin_free(void *lock, void *group)
{
	lck_mtx_free(lock, group);
}

void lck_spin_lock(void *lock)
{
	pthread_mutex_lock(lock);
	spinning++;
}

void lck_spin_unlock(void *lock)
{
	spinning--;
	pthread_mutex_unlock(lock);
}

/* Sleep: one queue for all channels, so that each sleeper also wakes without a reason. */
static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static uint64_t wakings;

bool xnu_task_is_signalled(const struct xnu_task *task)
{
	bool is;

	pthread_mutex_lock(&sleep_lock);
	is = task->signalled;
	pthread_mutex_unlock(&sleep_lock);
	return is;
}

void xnu_task_signal(struct xnu_task *task)
{
	pthread_mutex_lock(&sleep_lock);
	task->signalled = true;
	pthread_cond_broadcast(&woken);
	pthread_mutex_unlock(&sleep_lock);
}

#define CATCH 0x100 /* PCATCH: a signal wins even when it comes with a waking */
#define DROP  0x400 /* PDROP */

int msleep(void *channel, void *mutex, int priority, const char *message, struct timespec *timeout)
{
	const struct xnu_task *task = xnu_task_current();
	const bool catches = priority & CATCH;
	uint64_t before;
	int error;

	EXPECT(channel && message && !timeout && !spinning);
	pthread_mutex_lock(&sleep_lock);
	before = wakings;
	pthread_mutex_unlock(mutex);
	while (wakings == before && !(catches && task->signalled))
		pthread_cond_wait(&woken, &sleep_lock);
	error = catches && task->signalled ? (wakings % 2 ? EINTR : -1) : 0; /* -1: ERESTART */
	pthread_mutex_unlock(&sleep_lock);
	if (!(priority & DROP))
		pthread_mutex_lock(mutex);
	return error;
}

void wakeup(void *channel)
{
	EXPECT(channel);
	pthread_mutex_lock(&sleep_lock);
	wakings++;
	pthread_cond_broadcast(&woken);
	pthread_mutex_unlock(&sleep_lock);
}
