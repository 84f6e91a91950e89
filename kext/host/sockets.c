// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The sockets that events are about. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "darwin.h"
#include "events.h"
#include "socket_filters.h"

#define EJUSTRETURN (-2)

struct socket *sockets;

static uint64_t handles;

static void set_address(struct sockaddr_darwin *to, int domain,
                        const struct kexthost_endpoint *from)
{
	memset(to, 0, sizeof(*to));
	to->family = (uint8_t)domain;
	to->port = htons(from->port);
	if (domain == DARWIN_AF_INET) {
		to->length = 16;
		memcpy(to->v4.address, from->address, sizeof(to->v4.address));
	} else {
		to->length = 28;
		memcpy(to->v6.address, from->address, sizeof(to->v6.address));
		to->v6.scope = from->scope;
	}
}

static struct socket *find(uint64_t handle)
{
	struct socket *socket = __atomic_load_n(&sockets, __ATOMIC_ACQUIRE);

	while (socket && socket->handle != handle)
		socket = socket->next;
	return socket;
}

/* Only whoever changes may take one out of the list; so many may put theirs in at once. */
static void enlist(struct socket *socket)
{
	socket->handle = __atomic_add_fetch(&handles, 1, __ATOMIC_RELAXED);
	socket->next = __atomic_load_n(&sockets, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&sockets, &socket->next, socket, true, __ATOMIC_RELEASE,
	                                    __ATOMIC_RELAXED))
		;
}

int socket_make(const struct kexthost_socket *kind, bool filtered, uint64_t *handle)
{
	struct socket *socket;

	if (kind->family != 4 && kind->family != 6)
		return DARWIN_EINVAL;
	socket = calloc(1, sizeof(*socket));
	if (!socket)
		return DARWIN_ENOMEM;
	socket->domain = kind->family == 4 ? DARWIN_AF_INET : DARWIN_AF_INET6;
	socket->type = kind->type;
	socket->protocol = kind->protocol;
	set_address(&socket->local, socket->domain, &kind->local);
	set_address(&socket->remote, socket->domain, &kind->remote);
	sockets_use();
	if (filtered)
		filters_attach(socket);
	enlist(socket);
	*handle = socket->handle;
	sockets_leave();
	return 0;
}

void socket_rename(uint64_t handle, const struct kexthost_endpoint *local)
{
	struct socket *socket;

	sockets_use();
	socket = find(handle);
	if (socket)
		set_address(&socket->local, socket->domain, local);
	sockets_leave();
}

static int visible(int error)
{
	return error == EJUSTRETURN ? 0 : error;
}

int socket_bind(uint64_t handle, const struct kexthost_endpoint *local)
{
	struct socket *socket;
	int error = DARWIN_EBADF;

	sockets_use();
	socket = find(handle);
	if (socket) {
		set_address(&socket->local, socket->domain, local);
		error = filters_ask(socket, FILTER_BIND, NULL);
	}
	sockets_leave();
	return visible(error);
}

int socket_connect(uint64_t handle, const struct kexthost_endpoint *remote)
{
	struct socket *socket;
	int error = DARWIN_EBADF;

	sockets_use();
	socket = find(handle);
	if (socket) {
		set_address(&socket->remote, socket->domain, remote);
		error = filters_ask(socket, FILTER_CONNECT, NULL);
	}
	sockets_leave();
	return visible(error);
}

int socket_accept(uint64_t listening, const struct kexthost_endpoint *local,
                  const struct kexthost_endpoint *remote, uint64_t *handle)
{
	struct socket *socket = calloc(1, sizeof(*socket)), *listener;
	int error = DARWIN_EBADF;

	if (!socket)
		return DARWIN_ENOMEM;
	sockets_use();
	listener = find(listening);
	if (listener) {
		socket->domain = listener->domain;
		socket->type = listener->type;
		socket->protocol = listener->protocol;
		set_address(&socket->local, socket->domain, local);
		set_address(&socket->remote, socket->domain, remote);
		filters_attach(socket);
		error = filters_ask(socket, FILTER_ACCEPT, listener);
		enlist(socket);
		*handle = socket->handle;
		socket = NULL;
	}
	sockets_leave();
	free(socket);
	return visible(error);
}

int socket_shut(uint64_t handle)
{
	struct socket *socket, **link;

	sockets_change();
	for (link = &sockets; *link && (*link)->handle != handle; link = &(*link)->next)
		;
	socket = *link;
	if (socket) {
		*link = socket->next;
		filters_detach(socket);
	}
	sockets_leave();
	if (!socket)
		return DARWIN_EBADF;
	free(socket);
	return 0;
}
