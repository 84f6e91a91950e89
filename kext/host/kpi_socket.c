// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Filters. One that is unregistered is asked no more; when nobody is in any of them, a thread of
 * the kernel's own detaches it from its sockets and tells it that it is gone.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "darwin.h"
#include "events.h"
#include "kext.h"
#include "kpi.h"
#include "leftovers.h"
#include "socket_filters.h"
#include "trap.h"
#include "wait.h"

#define GLOBAL   1 /* SFLT_* */
#define EXTENDED 4
#define CALLER   (uintptr_t) __builtin_return_address(0)

struct filter {
	struct filter *next;
	struct filter_functions functions;
	int domain, type, protocol;
	uintptr_t site;
	bool leaving;
};

static pthread_rwlock_t use = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the list */
static struct filter *filters;                            /* the newest first */

void sockets_use(void)
{
	pthread_rwlock_rdlock(&use);
}

void sockets_change(void)
{
	pthread_rwlock_wrlock(&use);
}

void sockets_leave(void)
{
	pthread_rwlock_unlock(&use);
}

bool filters_exist(void)
{
	return __atomic_load_n(&filters, __ATOMIC_RELAXED) != NULL;
}

static struct filter *find(uint32_t handle)
{
	struct filter *filter;

	for (filter = filters; filter; filter = filter->next)
		if (filter->functions.handle == handle)
			return filter;
	return NULL;
}

static bool has_protocol(int type, int protocol)
{
	return (type == 1 && protocol == 6) || (type == 2 && protocol == 17) || type == 3;
}

static int kernel_sflt_register(const struct filter_functions *functions, int domain, int type,
                                int protocol)
{
	struct filter *filter;
	bool taken;

	wait_check_may_sleep();
	if (domain != DARWIN_AF_INET && domain != DARWIN_AF_INET6)
		return DARWIN_ENOTSUP;
	if (!has_protocol(type, protocol))
		return DARWIN_ENOENT;
	if (!functions->attach || !functions->detach || !functions->handle || !functions->name)
		return DARWIN_EINVAL;
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		return DARWIN_ENOBUFS;
	*filter = (struct filter){.functions = *functions,
	                          .domain = domain,
	                          .type = type,
	                          .protocol = protocol,
	                          .site = CALLER};
	if (!(functions->flags & EXTENDED))
		filter->functions.accept = NULL;
	pthread_mutex_lock(&mutex);
	taken = find(functions->handle) != NULL;
	if (!taken) {
		filter->next = filters;
		filters = filter;
	}
	pthread_mutex_unlock(&mutex);
	if (taken)
		free(filter);
	return taken ? DARWIN_EEXIST : 0;
}

static void detach(struct socket *socket, struct attachment *attachment)
{
	const struct filter *filter = attachment->filter;
	struct kext_call call;

	KEXT_CALL_BEGIN(&call, filter->functions.detach);
	filter->functions.detach(attachment->cookie, socket);
	kext_call_end(&call);
	attachment->filter = NULL;
}

static void delist(struct filter *filter)
{
	struct filter **link;

	pthread_mutex_lock(&mutex);
	for (link = &filters; *link != filter; link = &(*link)->next)
		;
	*link = filter->next;
	pthread_mutex_unlock(&mutex);
}

static void *finish(void *data)
{
	struct filter *filter = data;
	struct kext_call call;
	struct socket *socket;
	size_t i;

	trap_init_thread();
	sockets_change();
	for (socket = sockets; socket; socket = socket->next)
		for (i = 0; i < SOCKET_FILTERS_MAX; i++)
			if (socket->attachments[i].filter == filter)
				detach(socket, &socket->attachments[i]);
	delist(filter);
	sockets_leave();
	if (filter->functions.unregistered) {
		KEXT_CALL_BEGIN(&call, filter->functions.unregistered);
		filter->functions.unregistered(filter->functions.handle);
		kext_call_end(&call);
	}
	free(filter);
	trap_exit_thread();
	return NULL;
}

static int kernel_sflt_unregister(uint32_t handle)
{
	pthread_attr_t detached;
	struct filter *filter;
	pthread_t thread;

	wait_check_may_sleep();
	pthread_mutex_lock(&mutex);
	filter = find(handle);
	if (filter && filter->leaving)
		filter = NULL;
	if (filter)
		__atomic_store_n(&filter->leaving, true, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&mutex);
	if (!filter)
		return DARWIN_ENOENT;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &detached, finish, filter))
		abort();
	pthread_attr_destroy(&detached);
	return 0;
}

static int attach(struct socket *socket, struct filter *filter)
{
	struct attachment *free_one = NULL;
	struct kext_call call;
	void *cookie = NULL;
	int error;
	size_t i;

	for (i = 0; i < SOCKET_FILTERS_MAX; i++) {
		if (socket->attachments[i].filter == filter)
			return DARWIN_EEXIST;
		if (!socket->attachments[i].filter)
			free_one = &socket->attachments[i];
	}
	if (!free_one)
		return DARWIN_ENOMEM;
	KEXT_CALL_BEGIN(&call, filter->functions.attach);
	error = filter->functions.attach(&cookie, socket);
	kext_call_end(&call);
	if (!error)
		*free_one = (struct attachment){.filter = filter, .cookie = cookie};
	return error;
}

/* While the lists are in use none of their members is freed. */
void filters_attach(struct socket *socket)
{
	struct filter *all[64];
	struct filter *filter;
	size_t count = 0;

	pthread_mutex_lock(&mutex);
	for (filter = filters; filter && count < 64; filter = filter->next)
		if (filter->functions.flags & GLOBAL && filter->domain == socket->domain &&
		    filter->type == socket->type && filter->protocol == socket->protocol &&
		    !filter->leaving)
			all[count++] = filter;
	pthread_mutex_unlock(&mutex);
	while (count--)
		attach(socket, all[count]);
}

void filters_detach(struct socket *socket)
{
	size_t i;

	for (i = 0; i < SOCKET_FILTERS_MAX; i++)
		if (socket->attachments[i].filter)
			detach(socket, &socket->attachments[i]);
}

static int ask(const struct attachment *attachment, struct socket *socket, enum filter_event event,
               struct socket *listening)
{
	const struct filter_functions *functions = &attachment->filter->functions;

	switch (event) {
	case FILTER_BIND:
		return functions->bind ? functions->bind(attachment->cookie, socket, &socket->local)
		                       : 0;
	case FILTER_CONNECT:
		return functions->connect_out
		           ? functions->connect_out(attachment->cookie, socket, &socket->remote)
		           : 0;
	case FILTER_ACCEPT:
		return functions->accept ? functions->accept(attachment->cookie, listening, socket,
		                                             &socket->local, &socket->remote)
		                         : 0;
	}
	return 0;
}

int filters_ask(struct socket *socket, enum filter_event event, struct socket *listening)
{
	struct kext_call call;
	int error = 0;
	size_t i;

	for (i = 0; !error && i < SOCKET_FILTERS_MAX; i++) {
		const struct attachment *attachment = &socket->attachments[i];

		if (!attachment->filter ||
		    __atomic_load_n(&attachment->leaving, __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&attachment->filter->leaving, __ATOMIC_SEQ_CST))
			continue;
		KEXT_CALL_BEGIN(&call, attachment->filter->functions.attach);
		error = ask(attachment, socket, event, listening);
		kext_call_end(&call);
	}
	return error;
}

static int kernel_sflt_attach(struct socket *socket, uint32_t handle)
{
	struct filter *filter;

	pthread_mutex_lock(&mutex);
	filter = find(handle);
	pthread_mutex_unlock(&mutex);
	return socket && filter ? attach(socket, filter) : DARWIN_EINVAL;
}

/* Those that were let go of; by a thread of its own, as no event may wait for another. */
static void *finish_detaching(void *unused)
{
	struct socket *socket;
	size_t i;

	trap_init_thread();
	sockets_change();
	for (socket = sockets; socket; socket = socket->next)
		for (i = 0; i < SOCKET_FILTERS_MAX; i++)
			if (socket->attachments[i].filter && socket->attachments[i].leaving)
				detach(socket, &socket->attachments[i]);
	sockets_leave();
	trap_exit_thread();
	return unused;
}

/* One that is not attached is no error. */
static int kernel_sflt_detach(struct socket *socket, uint32_t handle)
{
	bool found = false;
	pthread_t thread;
	size_t i;

	if (!socket || !handle)
		return DARWIN_EINVAL;
	for (i = 0; i < SOCKET_FILTERS_MAX; i++) {
		struct attachment *attachment = &socket->attachments[i];

		if (!attachment->filter || attachment->filter->functions.handle != handle)
			continue;
		found = !__atomic_exchange_n(&attachment->leaving, true, __ATOMIC_SEQ_CST);
	}
	if (!found)
		return 0;
	if (pthread_create(&thread, NULL, finish_detaching, NULL))
		abort();
	pthread_detach(thread);
	return 0;
}

void filters_tell_left(const struct kext *kext)
{
	const struct filter *filter;

	pthread_mutex_lock(&mutex);
	for (filter = filters; filter; filter = filter->next)
		if (kext_at(filter->site) == kext)
			leftovers_tell(filter->site, "the socket filter 0x%x",
			               filter->functions.handle);
	pthread_mutex_unlock(&mutex);
}

static int kernel_sock_gettype(const struct socket *socket, int *domain, int *type, int *protocol)
{
	if (domain)
		*domain = socket->domain;
	if (type)
		*type = socket->type;
	if (protocol)
		*protocol = socket->protocol;
	return 0;
}

static int copy_name(const struct sockaddr_darwin *name, void *to, int size)
{
	if (!to || size < 0)
		return DARWIN_EINVAL;
	memcpy(to, name, (size_t)(size < name->length ? size : name->length));
	return 0;
}

static int kernel_sock_getsockname(const struct socket *socket, void *to, int size)
{
	return copy_name(&socket->local, to, size);
}

static int kernel_sock_getpeername(const struct socket *socket, void *to, int size)
{
	return copy_name(&socket->remote, to, size);
}

static int kernel_sock_isconnected(const struct socket *socket)
{
	return socket->remote.port != 0;
}

const struct kpi_symbol kpi_socket[] = {
    KPI_FUNCTION(KPI_BSD, sflt_register),
    KPI_FUNCTION(KPI_BSD, sflt_unregister),
    KPI_FUNCTION(KPI_BSD, sflt_attach),
    KPI_FUNCTION(KPI_BSD, sflt_detach),
    KPI_FUNCTION(KPI_BSD, sock_gettype),
    KPI_FUNCTION(KPI_BSD, sock_getsockname),
    KPI_FUNCTION(KPI_BSD, sock_getpeername),
    KPI_FUNCTION(KPI_BSD, sock_isconnected),
    {0},
};
