// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Sockets, from the tracepoint at the end of every system call: there the result is known, and
 * none is missed however many processes sleep in accept at once (a return probe would need an
 * instance for each). Not seen: what io_uring does on its own, and calls of 32-bit programs.
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mm_types.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include <asm/syscall.h>
#include <asm/unistd.h>

#include "event.h"
#include "identity.h"
#include "publishers.h"
#include "queue.h"
#include "tracepoints.h"

/* One for each processor: the tracepoint runs with preemption off. */
struct scratch {
	char path[OSQ_PATH_MAX];
};

static struct scratch __percpu *scratches;
static struct tracepoint *returned;

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* The endpoints as the socket itself has them; false where it is not of the internet. */
static bool read_socket(struct osq_socket *event, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	event->type = sk->sk_type;
	event->protocol = sk->sk_protocol;
	event->local.port = ntohs(inet->inet_sport);
	event->remote.port = ntohs(READ_ONCE(inet->inet_dport));
	if (sk->sk_family == AF_INET) {
		event->family = 4;
		memcpy(event->local.address, &inet->inet_saddr, 4);
		memcpy(event->remote.address, &inet->inet_daddr, 4);
		return true;
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && inet6_sk(sk)) {
		event->family = 6;
		memcpy(event->local.address, &inet6_sk(sk)->saddr, 16);
		memcpy(event->remote.address, &sk->sk_v6_daddr, 16);
		event->scope = (uint32_t)sk->sk_bound_dev_if;
		return true;
	}
#endif
	return false;
}

/*
 * The endpoint that the caller named. A failed call leaves no trace of it in the socket. What
 * cannot be read without a page fault, or is of another family, changes nothing.
 */
static void read_argument(struct osq_endpoint *endpoint, struct osq_socket *event,
                          unsigned long pointer, unsigned long length)
{
	union address address;

	memset(&address, 0, sizeof(address));
	if (copy_from_user_nofault(&address, (const void __user *)pointer,
	                           min_t(size_t, (unsigned int)length, sizeof(address))))
		return;
	if (event->family == 4 && address.any.sa_family == AF_INET) {
		memcpy(endpoint->address, &address.v4.sin_addr, 4);
		endpoint->port = ntohs(address.v4.sin_port);
	} else if (event->family == 6 && address.any.sa_family == AF_INET6) {
		memcpy(endpoint->address, &address.v6.sin6_addr, 16);
		endpoint->port = ntohs(address.v6.sin6_port);
		if (ipv6_addr_type(&address.v6.sin6_addr) & IPV6_ADDR_LINKLOCAL)
			event->scope = address.v6.sin6_scope_id;
	}
}

/* Of the calling process' executable. */
static struct osq_text read_program(struct scratch *scratch)
{
	struct osq_text path = {NULL, 0};
	struct file *file;

	rcu_read_lock();
	file = current->mm ? rcu_dereference(current->mm->exe_file) : NULL;
	if (file && get_file_rcu(file)) {
		path = osq_path_get(&file->f_path, scratch->path, sizeof(scratch->path));
		fput(file);
	}
	rcu_read_unlock();
	return path;
}

static void publish(struct osq_socket *event)
{
	void *record;

	osq_identity_get(&event->identity);
	event->path = read_program(this_cpu_ptr(scratches));
	record = osq_queue_reserve(OSQ_EVENT_SOCKET, osq_socket_size(event));
	if (!record)
		return;
	osq_socket_fill(record, event);
	osq_queue_commit(record);
}

/* A system call that is about to be restarted shows the kernel's own numbers. */
static int32_t result_of(long value)
{
	if (value >= 0)
		return 0;
	return value < -MAX_ERRNO || value <= -512 ? EINTR : (int32_t)-value;
}

static void told(int32_t action, int descriptor, const unsigned long *arguments, long value)
{
	struct osq_socket event = {.action = action, .result = result_of(value)};
	struct socket *socket;
	int error;

	socket = sockfd_lookup(descriptor, &error);
	if (!socket)
		return;
	if (socket->sk && read_socket(&event, socket->sk)) {
		if (action == OSQ_SOCKET_CONNECT)
			read_argument(&event.remote, &event, arguments[1], arguments[2]);
		if (action == OSQ_SOCKET_BIND) {
			if (value < 0)
				read_argument(&event.local, &event, arguments[1], arguments[2]);
			memset(&event.remote, 0, sizeof(event.remote));
		}
		publish(&event);
	}
	sockfd_put(socket);
}

static void call_returned(void *data, struct pt_regs *registers, long value)
{
	unsigned long arguments[6];
	int number = syscall_get_nr(current, registers);

	if (number != __NR_connect && number != __NR_bind && number != __NR_accept &&
	    number != __NR_accept4)
		return;
	if (in_compat_syscall() || osq_queue_is_client())
		return;
	syscall_get_arguments(current, registers, arguments);
	if (number == __NR_connect)
		told(OSQ_SOCKET_CONNECT, (int)arguments[0], arguments, value);
	else if (number == __NR_bind)
		told(OSQ_SOCKET_BIND, (int)arguments[0], arguments, value);
	else if (value >= 0) /* else nothing was accepted */
		told(OSQ_SOCKET_ACCEPT, (int)value, arguments, 0);
}

static int start(void)
{
	int error;

	returned = osq_tracepoint_find("sys_exit");
	if (!returned)
		return -ENOENT;
	scratches = alloc_percpu(struct scratch);
	if (!scratches)
		return -ENOMEM;
	error = tracepoint_probe_register(returned, call_returned, NULL);
	if (error)
		free_percpu(scratches);
	return error;
}

static void stop(void)
{
	tracepoint_probe_unregister(returned, call_returned, NULL);
	tracepoint_synchronize_unregister();
	free_percpu(scratches);
}

const struct osq_publisher osq_socket_publisher = {
    .event = OSQ_EVENT_SOCKET,
    .start = start,
    .stop = stop,
};
