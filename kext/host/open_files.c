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

#include "cdevsw.h"
#include "darwin.h"
#include "kext.h"
#include "process.h"
#include "thread.h"
#include "trap.h"

#define READ  1 /* FREAD, FWRITE */
#define WRITE 2

/* All openings of one device number. */
struct special {
	struct special *next;
	int32_t device;
	unsigned int files; /* that refer to it, under `mutex` */
	unsigned int opens;
	pthread_mutex_t turn; /* held across the driver's open and close */
};

struct open_file {
	struct open_file *next;
	uint64_t handle;
	struct special *special;
	struct process *opener;
	int flags;
	int descriptor;     /* our end of the client's */
	unsigned int users; /* requests under way, and the watcher */
	bool ended;         /* no copy of the descriptor is left */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gone = PTHREAD_COND_INITIALIZER;
static struct special *specials;
static struct open_file *files;
static uint64_t handles;
static int watcher = -1;

static struct special *get_special(int32_t device)
{
	struct special *special;

	pthread_mutex_lock(&mutex);
	for (special = specials; special && special->device != device; special = special->next)
		;
	if (!special) {
		special = calloc(1, sizeof(*special));
		if (special) {
			special->device = device;
			pthread_mutex_init(&special->turn, NULL);
			special->next = specials;
			specials = special;
		}
	}
	if (special)
		special->files++;
	pthread_mutex_unlock(&mutex);
	return special;
}

static void put_special(struct special *special)
{
	struct special **link;

	pthread_mutex_lock(&mutex);
	if (--special->files == 0) {
		for (link = &specials; *link != special; link = &(*link)->next)
			;
		*link = special->next;
		pthread_mutex_destroy(&special->turn);
		free(special);
	}
	pthread_mutex_unlock(&mutex);
}

static int open_special(struct special *special, int flags)
{
	struct kext_call call;
	struct cdevsw functions;
	int error;

	pthread_mutex_lock(&special->turn);
	functions = cdevsw_get(special->device);
	KEXT_CALL_BEGIN(&call, functions.open);
	error = functions.open(special->device, flags, DARWIN_S_IFCHR, thread_current()->process);
	kext_call_end(&call);
	if (!error)
		special->opens++;
	pthread_mutex_unlock(&special->turn);
	return error;
}

static void close_special(struct special *special, int flags)
{
	struct kext_call call;
	struct cdevsw functions;

	pthread_mutex_lock(&special->turn);
	if (--special->opens == 0) {
		functions = cdevsw_get(special->device);
		KEXT_CALL_BEGIN(&call, functions.close);
		functions.close(special->device, flags, DARWIN_S_IFCHR, thread_current()->process);
		kext_call_end(&call);
	}
	pthread_mutex_unlock(&special->turn);
}

/* The file is the watcher's from then on. */
static bool enlist(struct open_file *file, uint64_t *handle, int descriptors[2])
{
	struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, descriptors))
		return false;
	file->descriptor = descriptors[0];
	pthread_mutex_lock(&mutex);
	*handle = file->handle = ++handles;
	file->next = files;
	files = file;
	pthread_mutex_unlock(&mutex);
	event.data.u64 = *handle;
	return !epoll_ctl(watcher, EPOLL_CTL_ADD, descriptors[0], &event);
}

int open_file_make(const char *name, int flags, uint64_t *handle, int *descriptor)
{
	struct process *process = thread_current()->process;
	struct open_file *file;
	int descriptors[2] = {-1, -1};
	int32_t device;
	int error;

	flags &= READ | WRITE;
	error =
	    devfs_look_up(name, process, (flags & READ ? 4 : 0) | (flags & WRITE ? 2 : 0), &device);
	if (error)
		return error;
	file = calloc(1, sizeof(*file));
	if (!file)
		return DARWIN_ENOMEM;
	file->special = get_special(device);
	file->flags = flags;
	error = file->special ? open_special(file->special, flags) : DARWIN_ENOMEM;
	if (error) {
		if (file->special)
			put_special(file->special);
		free(file);
		return error;
	}
	file->opener = process;
	process_retain(process);
	if (!enlist(file, handle, descriptors))
		abort();
	*descriptor = descriptors[1];
	return 0;
}

/* Under the mutex. */
static struct open_file *find(uint64_t handle)
{
	struct open_file *file;

	for (file = files; file && file->handle != handle; file = file->next)
		;
	return file;
}

static struct open_file *get(uint64_t handle)
{
	struct open_file *file;

	pthread_mutex_lock(&mutex);
	file = find(handle);
	if (file && !file->ended)
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
	close_special(file->special, file->flags);
	thread_become(was);
	put_special(file->special);
	delist(file);
	process_release(file->opener);
	close(file->descriptor);
	free(file);
}

int open_file_ioctl(uint64_t handle, uint32_t request, void *data)
{
	struct open_file *file = get(handle);
	struct cdevsw functions;
	struct kext_call call;
	int error;

	if (!file)
		return DARWIN_EBADF;
	functions = cdevsw_get(file->special->device);
	KEXT_CALL_BEGIN(&call, functions.ioctl);
	error = functions.ioctl(file->special->device, request, data, file->flags,
	                        thread_current()->process);
	kext_call_end(&call);
	put(file, false);
	return error;
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
		file = get(event.data.u64);
		if (!file)
			continue;
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
