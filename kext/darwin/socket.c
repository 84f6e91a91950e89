// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Sockets, from filters on the TCP and UDP of both internets. A filter is asked before the kernel
 * connects or binds, on the caller's thread, and there is no way to be told what became of it: so
 * the result of both is not known, nor a port that the kernel has yet to choose. An acceptance is
 * told when it has come about. A filter sees the sockets that are made while it is there.
 */
#include <IOKit/IOLib.h>
#include <libkern/OSByteOrder.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/kauth.h>
#include <sys/kpi_socket.h>
#include <sys/kpi_socketfilter.h>

#include "event.h"
#include "identity.h"
#include "publishers.h"
#include "queue.h"

#define UNKNOWN (-1)

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool is_link_local(const struct in6_addr *address)
{
	return address->s6_addr[0] == 0xFE && (address->s6_addr[1] & 0xC0) == 0x80;
}

/* What is absent, too short or of another family changes nothing. */
static void read_address(struct osq_endpoint *endpoint, struct osq_socket *event,
                         const struct sockaddr *given)
{
	union address address;

	if (!given)
		return;
	if (event->family == 4 && given->sa_family == AF_INET &&
	    given->sa_len >= sizeof(address.v4)) {
		memcpy(&address.v4, given, sizeof(address.v4));
		memcpy(endpoint->address, &address.v4.sin_addr, 4);
		endpoint->port = OSSwapBigToHostInt16(address.v4.sin_port);
	} else if (event->family == 6 && given->sa_family == AF_INET6 &&
	           given->sa_len >= sizeof(address.v6)) {
		memcpy(&address.v6, given, sizeof(address.v6));
		memcpy(endpoint->address, &address.v6.sin6_addr, 16);
		endpoint->port = OSSwapBigToHostInt16(address.v6.sin6_port);
		if (is_link_local(&address.v6.sin6_addr))
			event->scope = address.v6.sin6_scope_id;
	}
}

static void read_local(struct osq_socket *event, socket_t socket)
{
	union address address;

	memset(&address, 0, sizeof(address));
	if (!sock_getsockname(socket, &address.any, sizeof(address)))
		read_address(&event->local, event, &address.any);
}

static bool read_socket(struct osq_socket *event, socket_t socket)
{
	int domain;

	if (sock_gettype(socket, &domain, &event->type, &event->protocol))
		return false;
	event->family = domain == PF_INET ? 4 : 6;
	return domain == PF_INET || domain == PF_INET6;
}

static void publish(struct osq_socket *event)
{
	void *record;

	osq_identity_get(&event->identity, kauth_cred_get());
	record = osq_queue_reserve(OSQ_EVENT_SOCKET, osq_socket_size(event));
	if (!record)
		return;
	osq_socket_fill(record, event);
	osq_queue_commit(record);
}

static errno_t connecting(void *cookie, socket_t socket, const struct sockaddr *to)
{
	struct osq_socket event = {.action = OSQ_SOCKET_CONNECT, .result = UNKNOWN};

	(void)cookie;
	if (!osq_queue_is_client() && read_socket(&event, socket)) {
		read_local(&event, socket);
		read_address(&event.remote, &event, to);
		publish(&event);
	}
	return 0;
}

static errno_t binding(void *cookie, socket_t socket, const struct sockaddr *to)
{
	struct osq_socket event = {.action = OSQ_SOCKET_BIND, .result = UNKNOWN};

	(void)cookie;
	if (!osq_queue_is_client() && read_socket(&event, socket)) {
		read_address(&event.local, &event, to);
		publish(&event);
	}
	return 0;
}

static errno_t accepted(void *cookie, socket_t listening, socket_t socket,
                        const struct sockaddr *local, const struct sockaddr *remote)
{
	struct osq_socket event = {.action = OSQ_SOCKET_ACCEPT};

	(void)cookie;
	(void)listening;
	if (!osq_queue_is_client() && read_socket(&event, socket)) {
		read_address(&event.local, &event, local);
		read_address(&event.remote, &event, remote);
		publish(&event);
	}
	return 0;
}

static errno_t attached(void **cookie, socket_t socket)
{
	(void)socket;
	*cookie = NULL;
	return 0;
}

static void detached(void *cookie, socket_t socket)
{
	(void)cookie;
	(void)socket;
}

/* The kernel's list of filters is one for all: numbers that nobody else will have chosen. */
#define HANDLE 0x6F737130u /* "osq0" and so on */

static const struct {
	int domain, type, protocol;
} kinds[] = {
    {PF_INET, SOCK_STREAM, IPPROTO_TCP},
    {PF_INET6, SOCK_STREAM, IPPROTO_TCP},
    {PF_INET, SOCK_DGRAM, IPPROTO_UDP},
    {PF_INET6, SOCK_DGRAM, IPPROTO_UDP},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* How many filters the kernel has, those that are on their way out included. */
static uint32_t present;

/* The last that is heard of a filter: none of its functions runs any more. */
static void unregistered(sflt_handle handle)
{
	(void)handle;
	__atomic_fetch_sub(&present, 1, __ATOMIC_SEQ_CST);
}

static int add_filter(size_t kind)
{
	const struct sflt_filter filter = {
	    .sf_handle = HANDLE + (sflt_handle)kind,
	    .sf_flags = SFLT_GLOBAL | SFLT_EXTENDED,
	    .sf_name = "osquery",
	    .sf_unregistered = unregistered,
	    .sf_attach = attached,
	    .sf_detach = detached,
	    .sf_connect_out = connecting,
	    .sf_bind = binding,
	    .sf_ext = {.sf_ext_len = sizeof(struct sflt_filter_ext), .sf_ext_accept = accepted},
	};
	int error =
	    sflt_register(&filter, kinds[kind].domain, kinds[kind].type, kinds[kind].protocol);

	if (!error)
		__atomic_fetch_add(&present, 1, __ATOMIC_SEQ_CST);
	return error;
}

/* The first `count` ones. They leave by themselves, each when the last thread is out of it. */
static void remove_filters(size_t count)
{
	while (count--)
		sflt_unregister(HANDLE + (sflt_handle)count);
	while (__atomic_load_n(&present, __ATOMIC_SEQ_CST))
		IOSleep(1);
}

static int start(void)
{
	size_t kind;
	int error;

	for (kind = 0; kind < KINDS; kind++) {
		error = add_filter(kind);
		if (error) {
			remove_filters(kind);
			return error;
		}
	}
	return 0;
}

static void stop(void)
{
	remove_filters(KINDS);
}

const struct osq_publisher osq_socket_publisher = {
    .event = OSQ_EVENT_SOCKET,
    .start = start,
    .stop = stop,
};
