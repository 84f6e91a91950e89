/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Kernel controls, sysctl's objects, threads, the log, and the clock that they need. */
#include "xnu.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../harness.h"

#define CONTROLS    4
#define SOCKETS     16
#define STREAM      0x4
#define XNU_ENOBUFS 55

struct address {
	unsigned char length, family;
	uint16_t kind;
	uint32_t id, unit, reserved[5];
};

struct registration {
	char name[96];
	uint32_t id, unit, flags, send_size, receive_size;
	int (*connect)(void *control, struct address *address, void **information);
	int (*disconnect)(void *control, uint32_t unit, void *information);
	int (*send)(void *control, uint32_t unit, void *information, void *packet, int flags);
	int (*set)(void *control, uint32_t unit, void *information, int option, void *data,
	           size_t length);
	int (*get)(void *control, uint32_t unit, void *information, int option, void *data,
	           size_t *length);
	char beyond[32]; /* what later kernels read */
};

struct socket {
	bool taken, lives;
	char *bytes;
	size_t length;
	unsigned users; /* who puts something into it */
};

struct control {
	bool taken;
	struct registration registration;
	struct socket sockets[SOCKETS];
};

size_t strlcpy(char *to, const char *from, size_t size)
{
	const size_t length = strlen(from);

	EXPECT(length < size);
	memcpy(to, from, length + 1);
	return length;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct control controls[CONTROLS];

int ctl_register(const struct registration *registration, void **reference)
{
	static const char zeros[32];
	struct control *control = controls;

	EXPECT(registration->connect && registration->disconnect && registration->flags & 1);
	EXPECT(!memcmp(registration->beyond, zeros, sizeof(zeros)));
	if (xnu_fails(XNU_NO_CONTROL))
		return ENOMEM;
	pthread_mutex_lock(&lock);
	while (control->taken)
		control++;
	EXPECT(control < controls + CONTROLS);
	control->taken = true;
	control->registration = *registration;
	pthread_mutex_unlock(&lock);
	xnu_count(1);
	*reference = control;
	return 0;
}

int ctl_deregister(void *reference)
{
	struct control *control = reference;
	unsigned i;
	int error = 0;

	pthread_mutex_lock(&lock);
	for (i = 0; i < SOCKETS; i++)
		if (control->sockets[i].taken)
			error = EBUSY;
	if (!error)
		control->taken = false;
	pthread_mutex_unlock(&lock);
	if (!error)
		xnu_count(-1);
	return error;
}

int ctl_enqueuedata(void *reference, uint32_t unit, const void *data, size_t length, uint32_t flags)
{
	struct control *control = reference;
	struct socket *socket = &control->sockets[unit - 1];
	const bool stream = control->registration.flags & STREAM;
	int error = 0;

	EXPECT(flags == (stream ? 0u : 2u));
	xnu_pause();
	pthread_mutex_lock(&lock);
	if (!socket->lives)
		error = EINVAL;
	else if (control->registration.receive_size - socket->length < length)
		error = XNU_ENOBUFS;
	else {
		memcpy(socket->bytes + socket->length, data, length);
		socket->length += length;
	}
	pthread_mutex_unlock(&lock);
	return error;
}

static struct control *find(const char *name)
{
	unsigned i;

	for (i = 0; i < CONTROLS; i++)
		if (controls[i].taken && !strcmp(controls[i].registration.name, name))
			return &controls[i];
	return NULL;
}

/* Nobody is refused by the kernel here; a refused one is disconnected as well. */
int xnu_control_connect(const char *name, struct xnu_client *client)
{
	struct address address = {.length = sizeof(address), .unit = 0};
	struct socket *socket = NULL;
	struct control *control;
	void *information = NULL;
	int error;

	pthread_mutex_lock(&lock);
	control = find(name);
	if (control) {
		socket = control->sockets;
		while (socket->taken)
			socket++;
		address.unit = (uint32_t)(socket - control->sockets) + 1;
		*socket = (struct socket){.taken = true, .lives = true};
		socket->bytes = harness_buffer(control->registration.receive_size);
	}
	pthread_mutex_unlock(&lock);
	if (!control)
		return ENOENT;
	*client = (struct xnu_client){control, address.unit};
	xnu_enter_extension();
	error = control->registration.connect(control, &address, &information);
	xnu_leave_extension();
	if (error)
		xnu_control_close(client);
	return error;
}

void xnu_control_close(const struct xnu_client *client)
{
	struct control *control = client->control;
	struct socket *socket = &control->sockets[client->unit - 1];

	xnu_enter_extension();
	(void)control->registration.disconnect(control, client->unit, NULL);
	xnu_pause();
	xnu_leave_extension();
	pthread_mutex_lock(&lock);
	socket->lives = false;
	free(socket->bytes);
	*socket = (struct socket){.taken = false};
	pthread_mutex_unlock(&lock);
}

size_t xnu_control_read(const struct xnu_client *client, void *to, size_t size)
{
	struct control *control = client->control;
	struct socket *socket = &control->sockets[client->unit - 1];
	size_t length;

	pthread_mutex_lock(&lock);
	length = socket->length < size ? socket->length : size;
	memcpy(to, socket->bytes, length);
	memmove(socket->bytes, socket->bytes + length, socket->length - length);
	socket->length -= length;
	pthread_mutex_unlock(&lock);
	return length;
}

int xnu_control_set(const struct xnu_client *client, int option, const void *data, size_t length)
{
	const struct control *control = client->control;
	void *copy = length ? harness_buffer(length) : NULL;
	int error;

	if (copy)
		memcpy(copy, data, length);
	xnu_enter_extension();
	error =
	    control->registration.set(client->control, client->unit, NULL, option, copy, length);
	xnu_leave_extension();
	free(copy);
	return error;
}

int xnu_control_get(const struct xnu_client *client, int option, void *data, size_t *length)
{
	const struct control *control = client->control;
	const size_t room = *length;
	int error;

	xnu_enter_extension();
	error =
	    control->registration.get(client->control, client->unit, NULL, option, data, length);
	xnu_leave_extension();
	EXPECT(error || !data || *length <= room);
	return error;
}

/* sysctl(8) */
struct sysctl_object {
	void *parent;
	struct sysctl_object *next;
	int number, kind;
	void *first;
	int second;
	const char *name;
	int (*handler)(struct sysctl_object *object, void *first, int second, void *request);
	const char *format, *description;
	int version, references;
};

void *sysctl__debug_children;
static struct sysctl_object *objects;

void sysctl_register_oid(struct sysctl_object *object)
{
	EXPECT(object->version == 1 && object->kind & 0x400000 && object->number == -1);
	pthread_mutex_lock(&lock);
	object->next = objects;
	objects = object;
	pthread_mutex_unlock(&lock);
	xnu_count(1);
}

void sysctl_unregister_oid(struct sysctl_object *object)
{
	struct sysctl_object **link = &objects;

	pthread_mutex_lock(&lock);
	while (*link && *link != object)
		link = &(*link)->next;
	if (EXPECT(*link))
		*link = object->next;
	pthread_mutex_unlock(&lock);
	xnu_count(-1);
}

struct request {
	void *process;
	int locked;
	void *old;
	size_t old_length, old_at;
	int (*give)(struct request *request, const void *from, size_t length);
	const void *new;
	size_t new_length, new_at;
	int (*take)(struct request *request, void *to, size_t length);
};

static int give(struct request *request, const void *from, size_t length)
{
	if (request->old_length < length)
		return ENOMEM;
	memcpy(request->old, from, length);
	request->old_at = length;
	return 0;
}

static int take(struct request *request, void *to, size_t length)
{
	if (request->new_length < length)
		return EINVAL;
	memcpy(to, request->new, length);
	return 0;
}

int xnu_sysctl(const char *name, void *old, size_t old_length, const void *new, size_t new_length)
{
	struct request request = {.old = old,
	                          .old_length = old_length,
	                          .give = give,
	                          .new = new,
	                          .new_length = new_length,
	                          .take = take};
	struct sysctl_object *object;
	int error = ENOENT;

	pthread_mutex_lock(&lock);
	for (object = objects; object; object = object->next)
		if (!strcmp(object->name, name))
			break;
	if (object && object->handler)
		error = object->handler(object, object->first, object->second, &request);
	pthread_mutex_unlock(&lock);
	return error;
}

/* Threads */
struct thread {
	void (*function)(void *parameter, int result);
	void *parameter;
};
static __thread jmp_buf out;

static void *run_thread(void *data)
{
	struct thread thread = *(struct thread *)data;

	free(data);
	if (!setjmp(out))
		thread.function(thread.parameter, 0);
	return NULL;
}

int kernel_thread_start(void (*function)(void *, int), void *parameter, void **reference)
{
	struct thread *thread = harness_buffer(sizeof(*thread));
	pthread_attr_t detached;
	pthread_t started;

	*thread = (struct thread){function, parameter};
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	EXPECT(!pthread_create(&started, &detached, run_thread, thread));
	pthread_attr_destroy(&detached);
	*reference = &out;
	xnu_count(1);
	return 0;
}

void thread_deallocate(void *thread)
{
	(void)thread;
	xnu_count(-1);
}

int thread_terminate(void *thread)
{
	(void)thread;
	longjmp(out, 1);
}

const char unresolved __asm("_gOSKextUnresolved") = 0;
uint64_t thread_id(void *thread) __asm("_thread_tid");
uint64_t thread_id(void *thread)
{
	return (uintptr_t)thread;
}

/* Time */
uint64_t mach_absolute_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void absolutetime_to_nanoseconds(uint64_t time, uint64_t *nanoseconds)
{
	*nanoseconds = time;
}

void nanotime(struct timespec *now)
{
	clock_gettime(CLOCK_REALTIME, now);
}
