// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_nmi.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "kdp_session.h"
#include "kdp_threads.h"

#define RECORD_MAX 8192
#define SOON       1000 /* microseconds */
#define UNKNOWN    "NMI received for unknown reason"

static int descriptor;
static int told;

/* One that comes while the kernel is stopped stops nothing; where it is about to go on, it does so
 * first. */
static bool is_lost(void)
{
	while (kdp_threads_are_stopped()) {
		if (!kdp_session_resumes())
			return true;
		usleep(SOON);
	}
	return false;
}

/* A read is one record; EPIPE tells that some were lost. */
static void *watch(void *unused)
{
	static char record[RECORD_MAX];
	ssize_t length;

	(void)unused;
	for (;;) {
		length = read(descriptor, record, sizeof(record));
		if (!length || (length < 0 && errno != EPIPE && errno != EINTR))
			return NULL;
		if (length > 0 && memmem(record, (size_t)length, UNKNOWN, strlen(UNKNOWN)) &&
		    !is_lost())
			kill(getpid(), told);
	}
}

int kdp_nmi_watch(const char *messages, int signal)
{
	sigset_t every, before;
	pthread_t thread;
	int error;

	told = signal;
	descriptor = open(messages, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	lseek(descriptor, 0, SEEK_END);
	/* It is no processor: signals are for those that are. */
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	error = pthread_create(&thread, NULL, watch, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}
