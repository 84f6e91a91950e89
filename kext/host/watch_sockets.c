// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Sockets of both internets that watched threads make, bind, connect and accept. As in XNU, filters
 * are asked before a socket is bound or connected, and of an acceptance when it has come about; and
 * a socket is known to the filters that were there when it was made.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client.h"
#include "darwin.h"
#include "events.h"
#include "log.h"
#include "thread.h"
#include "watch_call.h"
#include "watch_known_sockets.h"

#define WAITING_MAX 900 /* acceptances followed at once: the crew has threads for more calls */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

static unsigned int waiting;

bool watch_making_socket_concerns(void)
{
	return filters_exist();
}

bool watch_binding_concerns(void)
{
	return filters_exist();
}

bool watch_connecting_concerns(void)
{
	return filters_exist();
}

bool watch_accepting_concerns(void)
{
	return filters_exist();
}

static void get_option(int socket, int option, int *value)
{
	socklen_t size = sizeof(*value);

	if (getsockopt(socket, SOL_SOCKET, option, value, &size))
		*value = -1;
}

/* False where it is no socket, or of another family. */
static bool read_kind(int socket, struct kexthost_socket *kind)
{
	int domain;

	memset(kind, 0, sizeof(*kind));
	get_option(socket, SO_DOMAIN, &domain);
	get_option(socket, SO_TYPE, &kind->type);
	get_option(socket, SO_PROTOCOL, &kind->protocol);
	kind->family = domain == AF_INET ? 4 : 6;
	return domain == AF_INET || domain == AF_INET6;
}

/* False where the address is none of the family. */
static bool read_endpoint(const union address *address, size_t length, int family,
                          struct kexthost_endpoint *endpoint)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (family == 4 && length >= sizeof(address->v4) && address->any.sa_family == AF_INET) {
		memcpy(endpoint->address, &address->v4.sin_addr, 4);
		endpoint->port = ntohs(address->v4.sin_port);
		return true;
	}
	/* The kernel does without the scope. */
	if (family == 6 && length >= sizeof(address->v6) - sizeof(address->v6.sin6_scope_id) &&
	    address->any.sa_family == AF_INET6) {
		memcpy(endpoint->address, &address->v6.sin6_addr, 16);
		endpoint->port = ntohs(address->v6.sin6_port);
		endpoint->scope = length < sizeof(address->v6) ? 0 : address->v6.sin6_scope_id;
		return true;
	}
	return false;
}

/* Zeros where it has none. */
static void read_names(int socket, struct kexthost_socket *kind)
{
	union address address;
	socklen_t size = sizeof(address);

	if (!getsockname(socket, &address.any, &size))
		read_endpoint(&address, size, kind->family, &kind->local);
	size = sizeof(address);
	if (!getpeername(socket, &address.any, &size))
		read_endpoint(&address, size, kind->family, &kind->remote);
}

static bool read_argument(const struct call *call, int family, struct kexthost_endpoint *endpoint)
{
	union address address;
	const uint64_t length = call->arguments[2];

	memset(&address, 0, sizeof(address));
	return length <= sizeof(address) &&
	       call_read(call, call->arguments[1], &address, length) == length &&
	       read_endpoint(&address, length, family, endpoint);
}

void watch_making_socket(struct call *call)
{
	const int domain = (int)call->arguments[0];
	struct kexthost_socket kind;
	struct process *process, *was;
	struct followed followed;
	int socket;

	if (domain != AF_INET && domain != AF_INET6)
		return;
	process = process_of_thread(call->thread);
	if (process && call_follow(call, &followed)) {
		was = thread_become(process);
		socket = followed.result < 0
		             ? -1
		             : call_copy_descriptor(call, process, (int)followed.result);
		if (socket >= 0 && read_kind(socket, &kind))
			known_socket_make(socket, &kind);
		if (socket >= 0)
			close(socket);
		thread_become(was);
		call_release(&followed);
	}
	if (process)
		process_release(process);
}

/* An errno of Darwin's, from a filter that objects, or 0. */
typedef uint32_t ask_t(uint64_t handle, const struct kexthost_socket *kind,
                       const struct kexthost_endpoint *argument);

static uint32_t ask_bind(uint64_t handle, const struct kexthost_socket *kind,
                         const struct kexthost_endpoint *argument)
{
	(void)kind;
	return (uint32_t)socket_bind(handle, argument);
}

static uint32_t ask_connect(uint64_t handle, const struct kexthost_socket *kind,
                            const struct kexthost_endpoint *argument)
{
	socket_rename(handle, &kind->local);
	return (uint32_t)socket_connect(handle, argument);
}

static uint32_t ask_as(struct process *process, int socket, const struct call *call, ask_t *ask)
{
	const uint64_t handle = known_socket(socket);
	struct process *was = thread_become(process);
	struct kexthost_endpoint argument;
	struct kexthost_socket kind;
	uint32_t error = 0;

	if (handle && read_kind(socket, &kind) && read_argument(call, kind.family, &argument)) {
		read_names(socket, &kind);
		error = ask(handle, &kind, &argument);
	}
	thread_become(was);
	return error;
}

static void ask_before(struct call *call, ask_t *ask)
{
	struct process *process = process_of_thread(call->thread);
	uint32_t error = 0;
	int socket;

	if (!process)
		return;
	socket = call_copy_descriptor(call, process, (int)call->arguments[0]);
	if (socket >= 0) {
		error = ask_as(process, socket, call, ask);
		close(socket);
	}
	if (error)
		call_refuse(call, kexthost_errno(error));
	process_release(process);
}

void watch_binding(struct call *call)
{
	ask_before(call, ask_bind);
}

void watch_connecting(struct call *call)
{
	ask_before(call, ask_connect);
}

static uint32_t tell_acceptance(uint64_t listening, int socket)
{
	struct kexthost_socket kind;

	if (!read_kind(socket, &kind))
		return 0;
	read_names(socket, &kind);
	return known_socket_accept(listening, socket, &kind);
}

static void accept_as(struct call *call, struct process *process, uint64_t listening)
{
	struct followed followed;
	struct process *was;
	uint32_t error = 0;
	int socket;

	if (!call_follow_waiting(call, &followed))
		return;
	socket =
	    followed.result < 0 ? -1 : call_copy_descriptor(call, process, (int)followed.result);
	if (socket >= 0) {
		was = thread_become(process);
		error = tell_acceptance(listening, socket);
		thread_become(was);
		close(socket);
	}
	if (error)
		call_release_failed(&followed, kexthost_errno(error));
	else
		call_release(&followed);
}

/* The copy is closed before the wait: or the port would stay taken when its holder is gone. */
static uint64_t find_listening(struct call *call, const struct process *process)
{
	int socket = call_copy_descriptor(call, process, (int)call->arguments[0]);
	struct kexthost_socket kind;
	uint64_t handle = 0;

	if (socket < 0)
		return 0;
	if (read_kind(socket, &kind)) {
		read_names(socket, &kind);
		handle = known_socket_listening(socket, &kind);
	}
	close(socket);
	return handle;
}

void watch_accepting(struct call *call)
{
	struct process *process = process_of_thread(call->thread);
	uint64_t listening = process ? find_listening(call, process) : 0;

	if (listening && __atomic_add_fetch(&waiting, 1, __ATOMIC_RELAXED) <= WAITING_MAX)
		accept_as(call, process, listening);
	else if (listening)
		log_line("More than %d processes wait for connections: not all are watched.",
		         WAITING_MAX);
	if (listening)
		__atomic_sub_fetch(&waiting, 1, __ATOMIC_RELAXED);
	if (process)
		process_release(process);
}
