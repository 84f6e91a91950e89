// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * A filter holds a call back before it is made, so its end is seen as a debugger sees it, for just
 * this call. The thread that holds the call back becomes the caller's tracer and asks it to stop,
 * which it does when the call is over and before the program's next instruction:
 *
 *	PTRACE_INTERRUPT, let go ... the call ... PTRACE_EVENT_STOP: its result is in rax
 *
 * an execution that succeeds stops earlier, with the new image in place (PTRACE_EVENT_EXEC). The
 * wish to stop interrupts a call that waits: the kernel is then about to make the call again, and
 * the tracer goes with it through the beginning and the end of that second run:
 *
 *	stop, rax is ERESTART... -> PTRACE_SYSCALL, stop, PTRACE_SYSCALL ... the call ... stop: rax
 *
 * A call known to wait is not even begun the first time: it is answered with ERESTARTNOINTR.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "watch_call.h"

#define FIRST_RESTART  512 /* ERESTARTSYS; the kernel's own, never seen by programs */
#define ERESTARTNOINTR 513
#define LAST_RESTART   516 /* ERESTART_RESTARTBLOCK */
#define SYSCALL_SIZE   2   /* of the instruction, in bytes */
#define SYSCALL_STOP   (SIGTRAP | 0x80)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct followed *all;

static void enlist(struct followed *followed)
{
	pthread_mutex_lock(&mutex);
	followed->next = all;
	all = followed;
	pthread_mutex_unlock(&mutex);
}

static void delist(const struct followed *followed)
{
	struct followed **link;

	pthread_mutex_lock(&mutex);
	for (link = &all; *link != followed; link = &(*link)->next)
		;
	*link = followed->next;
	pthread_mutex_unlock(&mutex);
}

bool call_is_followed(const struct call *call)
{
	const struct followed *followed;

	pthread_mutex_lock(&mutex);
	for (followed = all; followed && followed->thread != call->thread;
	     followed = followed->next)
		;
	pthread_mutex_unlock(&mutex);
	return followed != NULL;
}

/* How it ended; what the thread then waits for. */
enum end {
	END_SEEN,
	END_MISSED, /* to go on with `signal` */
	END_DEATH,
};

/* The next stop of the one that this thread traces; a negative number when it has died. */
static int wait_for_stop(pid_t *thread)
{
	pid_t stopped;
	int status;

	do
		stopped = waitpid(-1, &status, __WALL | __WNOTHREAD);
	while (stopped < 0 && errno == EINTR);
	if (stopped < 0 || !WIFSTOPPED(status))
		return -1;
	/* An execution by another than the first thread makes it the first. */
	*thread = stopped;
	return status >> 8;
}

static int event_of(int stop)
{
	return stop >> 8;
}

static bool is_restart(int64_t result)
{
	return result <= -FIRST_RESTART && result >= -LAST_RESTART;
}

/* A signal: the program handles it first, and the call comes as a new one. */
static enum end miss(int stop, int *signal)
{
	*signal = event_of(stop) ? 0 : stop;
	return END_MISSED;
}

/* From a stop before the call is made again to the end of that run. */
static enum end run_again(const struct call *call, pid_t *thread, int64_t *result, int *signal)
{
	struct __ptrace_syscall_info information;
	bool began = false;
	int stop;

	for (;;) {
		ptrace(PTRACE_SYSCALL, *thread, NULL, NULL);
		stop = wait_for_stop(thread);
		if (stop < 0)
			return END_DEATH;
		if (event_of(stop) == PTRACE_EVENT_EXEC)
			return END_SEEN;
		if (stop != SYSCALL_STOP)
			return miss(stop, signal);
		*signal = 0;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, *thread, sizeof(information), &information) <=
		    0)
			return END_MISSED;
		if (began && information.op == PTRACE_SYSCALL_INFO_EXIT) {
			*result = information.exit.rval;
			return END_SEEN;
		}
		if (information.op != PTRACE_SYSCALL_INFO_ENTRY ||
		    information.entry.nr != (uint64_t)call->number)
			return END_MISSED;
		began = true;
	}
}

static enum end find_end(const struct call *call, pid_t *thread, int64_t *result, int *signal)
{
	struct user_regs_struct registers;
	int stop = wait_for_stop(thread);

	if (stop < 0)
		return END_DEATH;
	*result = 0;
	if (event_of(stop) == PTRACE_EVENT_EXEC)
		return END_SEEN;
	if (event_of(stop) != PTRACE_EVENT_STOP)
		return miss(stop, signal);
	*signal = 0;
	if (ptrace(PTRACE_GETREGS, *thread, NULL, &registers))
		return END_MISSED;
	*result = (int64_t)registers.rax;
	return is_restart(*result) ? run_again(call, thread, result, signal) : END_SEEN;
}

static void detach(pid_t thread, int signal)
{
	/* One that was killed meanwhile ends in its tracer's arms. */
	if (ptrace(PTRACE_DETACH, thread, NULL, (void *)(intptr_t)signal) && errno == ESRCH)
		wait_for_stop(&thread);
}

static bool follow(struct call *call, struct followed *followed, bool waiting)
{
	pid_t thread = call->thread;
	int64_t result = 0;
	enum end end;
	int signal;

	if (ptrace(PTRACE_SEIZE, thread, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD)) {
		call_let_go(call);
		return false;
	}
	followed->thread = thread;
	enlist(followed);
	ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
	if (waiting)
		call_refuse(call, ERESTARTNOINTR);
	else
		call_let_go(call);
	end = find_end(call, &thread, &result, &signal);
	/* Before it may make another call. */
	delist(followed);
	if (end == END_MISSED)
		detach(thread, signal);
	followed->thread = thread;
	followed->result = result;
	return end == END_SEEN;
}

bool call_follow(struct call *call, struct followed *followed)
{
	return follow(call, followed, false);
}

bool call_follow_waiting(struct call *call, struct followed *followed)
{
	return follow(call, followed, true);
}

void call_release(const struct followed *followed)
{
	detach(followed->thread, 0);
}

/* Runs close(2) of the descriptor in the thread, by the instruction that has made the call. */
static bool close_in(struct followed *followed, int *signal)
{
	unsigned int stops = 0;
	int stop;

	while (stops < 2) {
		ptrace(PTRACE_SYSCALL, followed->thread, NULL, NULL);
		stop = wait_for_stop(&followed->thread);
		if (stop < 0)
			return false;
		if (stop == SYSCALL_STOP)
			stops++;
		else if (!event_of(stop))
			*signal = stop; /* for later */
	}
	return true;
}

void call_release_failed(struct followed *followed, int error)
{
	struct user_regs_struct registers, closing;
	int signal = 0;
	bool lives;

	if (ptrace(PTRACE_GETREGS, followed->thread, NULL, &registers)) {
		call_release(followed);
		return;
	}
	closing = registers;
	closing.orig_rax = (unsigned long long)-1;
	closing.rax = SYS_close;
	closing.rdi = (unsigned long long)followed->result;
	closing.rip -= SYSCALL_SIZE;
	registers.rax = (unsigned long long)-error;
	enlist(followed);
	ptrace(PTRACE_SETREGS, followed->thread, NULL, &closing);
	lives = close_in(followed, &signal);
	delist(followed);
	if (!lives)
		return;
	ptrace(PTRACE_SETREGS, followed->thread, NULL, &registers);
	detach(followed->thread, signal);
}
