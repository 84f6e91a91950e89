// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Nobody says when a socket of another process' is gone. But an epoll keeps a file only as long as
 * somebody has it open, by whatever descriptor, and shows in /proc what it keeps: so each known
 * socket is put into one, and every so often those that are not in it any more are forgotten.
 */
#include "watch_known_sockets.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "trap.h"

#define PERIOD_NS 100000000 /* between two looks */

struct known {
	struct known *next;
	uint64_t cookie, handle;
	bool alive; /* seen in the look that is under way */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t some = PTHREAD_COND_INITIALIZER; /* are known */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct known *all;
static int alive = -1;

static uint64_t cookie_of(int socket)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &size) ? 0 : cookie;
}

/* Under the mutex. */
static struct known *find(uint64_t cookie)
{
	struct known *known;

	for (known = all; known && known->cookie != cookie; known = known->next)
		;
	return known;
}

static bool mark_alive(void)
{
	unsigned long long cookie;
	struct known *known;
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", alive);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (getline(&line, &room, file) >= 0) {
		if (sscanf(line, "tfd: %*d events: %*x data: %llx", &cookie) != 1)
			continue;
		known = find(cookie);
		if (known)
			known->alive = true;
	}
	free(line);
	fclose(file);
	return true;
}

/* The ones that are gone, taken out of the list. */
static struct known *take_gone(void)
{
	struct known **link, *known, *gone = NULL;

	for (known = all; known; known = known->next)
		known->alive = false;
	if (!mark_alive())
		return NULL;
	for (link = &all; (known = *link);) {
		if (known->alive) {
			link = &known->next;
			continue;
		}
		*link = known->next;
		known->next = gone;
		gone = known;
	}
	return gone;
}

static void *forget_gone(void *unused)
{
	const struct timespec period = {.tv_nsec = PERIOD_NS};
	struct known *gone, *next;

	trap_init_thread();
	for (;;) {
		nanosleep(&period, NULL);
		pthread_mutex_lock(&mutex);
		while (!all)
			pthread_cond_wait(&some, &mutex);
		gone = take_gone();
		pthread_mutex_unlock(&mutex);
		for (; gone; gone = next) {
			next = gone->next;
			socket_shut(gone->handle);
			free(gone);
		}
	}
	return unused;
}

static void init(void)
{
	pthread_attr_t detached;
	pthread_t thread;

	alive = epoll_create1(EPOLL_CLOEXEC);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (alive < 0 || pthread_create(&thread, &detached, forget_gone, NULL))
		abort();
	pthread_attr_destroy(&detached);
}

/* False where it cannot be remembered: then it is the caller's to shut. */
static bool remember(int socket, uint64_t handle)
{
	struct known *known = malloc(sizeof(*known));
	struct epoll_event event = {.data.u64 = cookie_of(socket)};

	pthread_once(&once, init);
	if (!known || !event.data.u64 || epoll_ctl(alive, EPOLL_CTL_ADD, socket, &event)) {
		free(known);
		return false;
	}
	*known = (struct known){.cookie = event.data.u64, .handle = handle};
	pthread_mutex_lock(&mutex);
	known->next = all;
	all = known;
	pthread_cond_signal(&some);
	pthread_mutex_unlock(&mutex);
	return true;
}

uint64_t known_socket(int socket)
{
	const uint64_t cookie = cookie_of(socket);
	struct known *known;
	uint64_t handle;

	pthread_mutex_lock(&mutex);
	known = find(cookie);
	handle = known ? known->handle : 0;
	pthread_mutex_unlock(&mutex);
	return handle;
}

void known_socket_make(int socket, const struct kexthost_socket *kind)
{
	uint64_t handle;

	if (!socket_make(kind, true, &handle) && !remember(socket, handle))
		socket_shut(handle);
}

uint64_t known_socket_listening(int socket, const struct kexthost_socket *kind)
{
	uint64_t handle = known_socket(socket);

	if (handle || socket_make(kind, false, &handle))
		return handle;
	if (remember(socket, handle))
		return handle;
	socket_shut(handle);
	return 0;
}

uint32_t known_socket_accept(uint64_t listening, int socket, const struct kexthost_socket *kind)
{
	uint64_t handle = 0;
	const uint32_t error =
	    (uint32_t)socket_accept(listening, &kind->local, &kind->remote, &handle);

	if (handle && !remember(socket, handle))
		socket_shut(handle);
	return error;
}
