// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * A crew of threads for each filter. One waits for the next call; it lets go at once what concerns
 * nobody, and leaves its place to the next thread, which is made where there is none, to handle
 * what does. So there are as many as calls being handled at once, and one.
 */
#include "watch.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trap.h"
#include "watch_call.h"

#define THREADS_MAX 1024 /* calls beyond it wait */
#define SPARES_MAX  4    /* idle threads that stay */
#define STACK_SIZE  (256u << 10)

struct crew {
	int listener;
	pthread_mutex_t turn; /* of the one that waits for a call */
	bool over;            /* under it: nobody is watched any more */
	unsigned int threads;
	unsigned int idle; /* of them, those that wait for their turn */
};

static const struct handler {
	int number;
	bool (*concerns)(void);
	void (*handle)(struct call *call);
} handlers[] = {
#define HANDLER(number, name) {SYS_##number, watch_##name##_concerns, watch_##name},
    WATCHED_CALLS(HANDLER)
#undef HANDLER
};

static const struct handler *find_handler(int number)
{
	size_t i;

	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].number == number)
			return &handlers[i];
	return NULL;
}

/* A later kernel may have longer ones. */
union notification {
	struct seccomp_notif known;
	char room[512];
};

static bool receive(struct crew *crew, struct call *call)
{
	struct pollfd waited = {.fd = crew->listener, .events = POLLIN};
	union notification got;

	for (;;) {
		if (poll(&waited, 1, -1) < 0)
			continue;
		if (!(waited.revents & POLLIN))
			return false;
		memset(&got, 0, sizeof(got));
		/* Its caller may have been interrupted, or have died, since. */
		if (!ioctl(crew->listener, SECCOMP_IOCTL_NOTIF_RECV, &got))
			break;
	}
	*call = (struct call){.listener = crew->listener,
	                      .id = got.known.id,
	                      .thread = (pid_t)got.known.pid,
	                      .number = got.known.data.nr};
	memcpy(call->arguments, got.known.data.args, sizeof(call->arguments));
	return true;
}

/* The next that concerns somebody, or NULL at the end. */
static const struct handler *next(struct crew *crew, struct call *call)
{
	const struct handler *handler;

	while (!crew->over) {
		if (!receive(crew, call)) {
			crew->over = true;
			break;
		}
		handler = find_handler(call->number);
		if (handler && handler->concerns() && !call_is_followed(call))
			return handler;
		call_let_go(call);
	}
	return NULL;
}

static void disband(struct crew *crew)
{
	close(crew->listener);
	pthread_mutex_destroy(&crew->turn);
	free(crew);
}

static void *work(void *data);

static int enlarge(struct crew *crew)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	__atomic_add_fetch(&crew->threads, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&crew->idle, 1, __ATOMIC_SEQ_CST);
	error = pthread_create(&thread, &attributes, work, crew);
	if (error) {
		__atomic_sub_fetch(&crew->idle, 1, __ATOMIC_SEQ_CST);
		__atomic_sub_fetch(&crew->threads, 1, __ATOMIC_SEQ_CST);
	}
	pthread_attr_destroy(&attributes);
	return error;
}

static bool serve(struct crew *crew)
{
	const struct handler *handler;
	struct call call;

	pthread_mutex_lock(&crew->turn);
	__atomic_sub_fetch(&crew->idle, 1, __ATOMIC_SEQ_CST);
	handler = next(crew, &call);
	if (handler && !__atomic_load_n(&crew->idle, __ATOMIC_SEQ_CST) &&
	    __atomic_load_n(&crew->threads, __ATOMIC_SEQ_CST) < THREADS_MAX)
		enlarge(crew); /* where it fails, calls wait until this one is handled */
	pthread_mutex_unlock(&crew->turn);
	if (!handler)
		return false;
	handler->handle(&call);
	call_let_go(&call);
	if (__atomic_add_fetch(&crew->idle, 1, __ATOMIC_SEQ_CST) <= SPARES_MAX)
		return true;
	__atomic_sub_fetch(&crew->idle, 1, __ATOMIC_SEQ_CST);
	return false;
}

static void *work(void *data)
{
	struct crew *crew = data;

	trap_init_thread();
	while (serve(crew))
		;
	trap_exit_thread();
	if (!__atomic_sub_fetch(&crew->threads, 1, __ATOMIC_SEQ_CST))
		disband(crew);
	return NULL;
}

static int take_listener(pid_t process, int descriptor, int *listener)
{
	struct seccomp_notif_sizes sizes;
	int holder, error = 0;
	uint64_t none = 0;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes))
		return errno;
	if (sizes.seccomp_notif > sizeof(union notification))
		return ENOTSUP;
	holder = (int)syscall(SYS_pidfd_open, process, 0);
	if (holder < 0)
		return errno;
	*listener = (int)syscall(SYS_pidfd_getfd, holder, descriptor, 0);
	if (*listener < 0)
		error = errno;
	close(holder);
	if (error)
		return error;
	/* Nobody has a call of number 0: a listener says that, another file does not know. */
	if (ioctl(*listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &none) && errno == ENOENT)
		return 0;
	close(*listener);
	return EINVAL;
}

int watch_begin(pid_t process, int descriptor)
{
	struct crew *crew;
	int listener = -1, error;

	if (descriptor < 0)
		return 0;
	error = take_listener(process, descriptor, &listener);
	if (error)
		return error;
	crew = calloc(1, sizeof(*crew));
	if (!crew) {
		close(listener);
		return ENOMEM;
	}
	crew->listener = listener;
	pthread_mutex_init(&crew->turn, NULL);
	error = enlarge(crew);
	if (error)
		disband(crew);
	return error;
}
