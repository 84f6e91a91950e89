// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "open_files.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"
#include "thread.h"
#include "trap.h"

struct open_file {
	struct open_file *next;
	uint64_t handle;
	const struct open_file_kind *kind;
	void *object;
	struct process *opener;
	int descriptor;     /* our end of the client's */
	unsigned int users; /* requests under way, and the watcher */
	bool ended;         /* no copy of the descriptor is left */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gone = PTHREAD_COND_INITIALIZER;
static struct open_file *files;
static int watcher = -1;

bool open_file_make(const struct open_file_kind *kind, void *object, struct open_file **made,
                    uint64_t *handle, int *descriptor)
{
	struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT};
	struct open_file *file = calloc(1, sizeof(*file));
	int descriptors[2];

	if (!file || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, descriptors)) {
		free(file);
		return false;
	}
	file->kind = kind;
	file->object = object;
	file->opener = thread_current()->process;
	process_retain(file->opener);
	file->descriptor = descriptors[0];
	*descriptor = descriptors[1];
	/* Whoever knows it may use it: nobody is to guess it. */
	arc4random_buf(&file->handle, sizeof(file->handle));
	pthread_mutex_lock(&mutex);
	*handle = file->handle;
	*made = file;
	file->next = files;
	files = file;
	pthread_mutex_unlock(&mutex);
	/* The file is the watcher's from then on. */
	event.data.u64 = *handle;
	if (epoll_ctl(watcher, EPOLL_CTL_ADD, descriptors[0], &event))
		abort();
	return true;
}

uint32_t open_file_poll(const struct open_file *file, uint32_t events, struct selection *selection)
{
	return file->kind->poll(file->object, events, selection);
}

void *open_file_object(const struct open_file *file)
{
	return file->object;
}

void open_file_signal(const struct open_file *file)
{
	(void)send(file->descriptor, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Under the mutex. */
static struct open_file *find(uint64_t handle)
{
	struct open_file *file;

	for (file = files; file && file->handle != handle; file = file->next)
		;
	return file;
}

struct open_file *open_file_get(uint64_t handle, const struct open_file_kind *kind)
{
	struct open_file *file;

	pthread_mutex_lock(&mutex);
	file = find(handle);
	if (file && !file->ended && (!kind || file->kind == kind))
		file->users++;
	else
		file = NULL;
	pthread_mutex_unlock(&mutex);
	return file;
}

static void delist(struct open_file *file)
{
	struct open_file **link;

	pthread_mutex_lock(&mutex);
	for (link = &files; *link != file; link = &(*link)->next)
		;
	*link = file->next;
	pthread_cond_broadcast(&gone);
	pthread_mutex_unlock(&mutex);
}

/* The last one out, after the end of the descriptor, closes: as the process that opened. */
static void put(struct open_file *file, bool ended)
{
	struct process *was;
	bool last;

	pthread_mutex_lock(&mutex);
	file->ended |= ended;
	last = --file->users == 0 && file->ended;
	pthread_mutex_unlock(&mutex);
	if (!last)
		return;
	was = thread_become(file->opener);
	file->kind->close(file->object);
	thread_become(was);
	delist(file);
	process_release(file->opener);
	close(file->descriptor);
	free(file);
}

void open_file_put(struct open_file *file)
{
	put(file, false);
}

static bool has_ended(int descriptor)
{
	struct pollfd poll_file = {.fd = descriptor, .events = POLLRDHUP};

	return poll(&poll_file, 1, 0) == 1;
}

void open_file_closed(uint64_t handle)
{
	pthread_mutex_lock(&mutex);
	for (;;) {
		struct open_file *file = find(handle);

		if (!file || !has_ended(file->descriptor))
			break;
		pthread_cond_wait(&gone, &mutex);
	}
	pthread_mutex_unlock(&mutex);
}

/* A thread for each end: a driver may take its time to close. */
static void *close_ended(void *data)
{
	trap_init_thread();
	put(data, true);
	trap_exit_thread();
	return NULL;
}

static void *watch(void *unused)
{
	pthread_attr_t detached;
	struct epoll_event event;
	struct open_file *file;
	pthread_t thread;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (;;) {
		if (epoll_wait(watcher, &event, 1, -1) != 1)
			continue;
		file = open_file_get(event.data.u64, NULL);
		if (!file)
			continue;
		if (file->kind->end)
			file->kind->end(file->object);
		if (pthread_create(&thread, &detached, close_ended, file))
			close_ended(file);
	}
	return unused;
}

int open_files_init(void)
{
	pthread_t thread;

	watcher = epoll_create1(EPOLL_CLOEXEC);
	if (watcher < 0)
		return errno;
	return pthread_create(&thread, NULL, watch, NULL);
}
