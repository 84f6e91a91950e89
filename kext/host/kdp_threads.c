// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Each thread is told by a signal, and waits in its handler. What the handlers use must not wait
 * for a thread that is stopped: they take no lock, and a thread has all signals blocked while it
 * has the lock of the list.
 */
#include "kdp_threads.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "wait.h"

#define STOP       SIGUSR1
#define STOP_LIMIT 10000000000u /* nanoseconds */

struct processor {
	struct processor *next;
	pid_t thread;
	bool stopped, away; /* away: waits for the lock, and runs no kext's code meanwhile */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of the list; held while stopped */
static sigset_t signals_before;                           /* of the thread that holds it */
static struct processor *all;
static _Thread_local struct processor self;

static uint32_t stopping; /* 1 from stop to go */
static uint32_t changes;  /* of anybody's `stopped` and `away` */

static void wait_while(uint32_t *word, uint32_t value, const struct timespec *limit)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, limit, NULL, 0);
}

static void tell(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void note_change(bool *what, bool value)
{
	__atomic_store_n(what, value, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&changes, 1, __ATOMIC_SEQ_CST);
	tell(&changes);
}

static void on_stop(int number)
{
	const int error = errno;

	(void)number;
	if (__atomic_load_n(&stopping, __ATOMIC_SEQ_CST)) {
		note_change(&self.stopped, true);
		while (__atomic_load_n(&stopping, __ATOMIC_SEQ_CST))
			wait_while(&stopping, 1, NULL);
		note_change(&self.stopped, false);
	}
	errno = error;
}

void kdp_threads_init(void)
{
	struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART | SA_ONSTACK};

	sigaction(STOP, &action, NULL);
}

static void lock(sigset_t *before)
{
	sigset_t every;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, before);
	pthread_mutex_lock(&mutex);
}

static void unlock(const sigset_t *before)
{
	pthread_mutex_unlock(&mutex);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

void kdp_threads_enter(void)
{
	sigset_t before;

	lock(&before);
	self = (struct processor){.next = all, .thread = (pid_t)syscall(SYS_gettid)};
	all = &self;
	unlock(&before);
}

void kdp_threads_leave(void)
{
	struct processor **link;
	sigset_t before;

	if (!self.thread)
		return;
	note_change(&self.away, true);
	lock(&before);
	for (link = &all; *link && *link != &self; link = &(*link)->next)
		;
	if (*link)
		*link = self.next;
	self.thread = 0;
	unlock(&before);
}

static bool all_stand_still(void)
{
	const struct processor *other;

	for (other = all; other; other = other->next)
		if (other != &self && !__atomic_load_n(&other->stopped, __ATOMIC_SEQ_CST) &&
		    !__atomic_load_n(&other->away, __ATOMIC_SEQ_CST))
			return false;
	return true;
}

bool kdp_threads_stop(void)
{
	const uint64_t limit = clock_uptime() + STOP_LIMIT;
	const struct timespec second = {.tv_sec = 1};
	const struct processor *other;
	uint32_t seen;

	/* Who waits here stands still as well. */
	note_change(&self.away, true);
	lock(&signals_before);
	note_change(&self.away, false);
	__atomic_store_n(&stopping, 1, __ATOMIC_SEQ_CST);
	for (other = all; other; other = other->next)
		if (other != &self)
			syscall(SYS_tgkill, getpid(), other->thread, STOP);
	for (;;) {
		seen = __atomic_load_n(&changes, __ATOMIC_SEQ_CST);
		if (all_stand_still())
			return true;
		if (clock_uptime() > limit)
			return false;
		wait_while(&changes, seen, &second);
	}
}

bool kdp_threads_are_stopped(void)
{
	return __atomic_load_n(&stopping, __ATOMIC_SEQ_CST);
}

void kdp_threads_go(void)
{
	__atomic_store_n(&stopping, 0, __ATOMIC_SEQ_CST);
	tell(&stopping);
	unlock(&signals_before);
}
