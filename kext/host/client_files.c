// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "client.h"
#include "client_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the descriptors that kexthost_open has made. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t *handles;
static size_t handle_count;

static void lock(void)
{
	pthread_mutex_lock(&mutex);
}

static void unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

/* A child of fork has one thread; the one that held the mutex need not be it. */
__attribute__((constructor)) static void mind_forks(void)
{
	pthread_atfork(lock, unlock, unlock);
}

static bool remember(int descriptor, uint64_t handle)
{
	bool remembered = true;

	lock();
	if ((size_t)descriptor >= handle_count) {
		const size_t count = (size_t)descriptor + 64;
		uint64_t *more = realloc(handles, count * sizeof(*more));

		remembered = more != NULL;
		if (more) {
			memset(more + handle_count, 0, (count - handle_count) * sizeof(*more));
			handles = more;
			handle_count = count;
		}
	}
	if (remembered)
		handles[descriptor] = handle;
	unlock();
	return remembered;
}

static uint64_t look_up(int descriptor, bool forget)
{
	uint64_t handle = 0;

	lock();
	if (descriptor >= 0 && (size_t)descriptor < handle_count) {
		handle = handles[descriptor];
		if (forget)
			handles[descriptor] = 0;
	}
	unlock();
	return handle;
}

uint64_t kexthost_handle(int descriptor)
{
	return look_up(descriptor, false);
}

int kexthost_adopt(const struct kexthost_answer *answer, bool close_on_exec)
{
	if (answer->descriptor < 0 || !remember(answer->descriptor, answer->header.handle)) {
		errno = ENOMEM;
		return -1;
	}
	if (!close_on_exec)
		fcntl(answer->descriptor, F_SETFD, 0);
	return answer->descriptor;
}

int kexthost_open(const char *name, int flags)
{
	static const char folder[] = "/dev/";
	static const uint64_t access[] = {[O_RDONLY] = 1, [O_WRONLY] = 2, [O_RDWR] = 3};
	struct kexthost_header request = {.operation = KEXTHOST_OPEN,
	                                  .value = access[(flags & O_ACCMODE) % 3]};
	struct kexthost_answer answer;

	if (!strncmp(name, folder, sizeof(folder) - 1))
		name += sizeof(folder) - 1;
	if (!kexthost_request(&request, name, strlen(name), &answer) ||
	    kexthost_succeed(answer.header.error))
		return -1;
	return kexthost_adopt(&answer, flags & O_CLOEXEC);
}

int kexthost_ioctl(int descriptor, unsigned long request, void *argument)
{
	const size_t size = KEXTHOST_IOC_SIZE(request);
	struct kexthost_header header = {.operation = KEXTHOST_IOCTL,
	                                 .handle = kexthost_handle(descriptor),
	                                 .value = (uint32_t)request,
	                                 .argument = (uintptr_t)argument};
	struct kexthost_answer answer;

	if (!kexthost_request(&header, argument, request & KEXTHOST_IOC_IN ? size : 0, &answer) ||
	    kexthost_succeed(answer.header.error))
		return -1;
	if (request & KEXTHOST_IOC_OUT && size &&
	    (answer.header.length != size ||
	     !kexthost_copy((void *)answer.data, (uintptr_t)argument, size, false))) {
		errno = EFAULT;
		return -1;
	}
	return 0;
}

int kexthost_dup(int descriptor)
{
	int copy = dup(descriptor);

	if (copy >= 0 && !remember(copy, kexthost_handle(descriptor))) {
		close(copy);
		errno = ENOMEM;
		return -1;
	}
	return copy;
}

int kexthost_close(int descriptor)
{
	const struct kexthost_header request = {.operation = KEXTHOST_CLOSED,
	                                        .handle = look_up(descriptor, true)};
	struct kexthost_answer answer;
	int result;

	do /* Nothing is closed yet when a signal comes: see dial in client.c. */
		result = close(descriptor);
	while (result && errno == EINTR);
	if (!result && request.handle)
		kexthost_request(&request, NULL, 0, &answer);
	return result;
}
