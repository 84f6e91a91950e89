// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Asks kexthost from many threads and from children that are forked in the middle of that, under
 * signals that end system calls, and prints how many children got their answer:
 *
 *     disturbed CHILDREN
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

#define THREADS 3

/* Of standard input, which is none of the host's. 0: it said so. */
static int ask(void)
{
	return kexthost_ioctl(0, 0, NULL) == -1 && errno == EBADF ? 0 : errno;
}

static void *ask_for_ever(void *unused)
{
	while (!ask())
		;
	perror("a thread");
	exit(1);
	return unused;
}

static void on_alarm(int number)
{
	(void)number;
}

/* A child has no timer of its parent's. */
static void disturb(bool often)
{
	const struct itimerval alarms = {.it_interval = {.tv_usec = often ? 2000 : 0},
	                                 .it_value = {.tv_usec = often ? 100 : 0}};

	setitimer(ITIMER_REAL, &alarms, NULL);
}

static int fork_one(void)
{
	int child = fork(), status;

	if (!child) {
		disturb(true);
		_exit(ask());
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

int main(int count, char **arguments)
{
	struct sigaction action = {.sa_handler = on_alarm}; /* no restart */
	int children = count > 1 ? atoi(arguments[1]) : 0, answered = 0, i;
	pthread_t thread;

	sigaction(SIGALRM, &action, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, ask_for_ever, NULL);
	disturb(true);
	for (i = 0; i < children; i++)
		answered += fork_one() == 0;
	disturb(false);
	printf("%d\n", answered);
	fflush(stdout);
	_exit(0);
}
