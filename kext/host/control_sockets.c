// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "control_sockets.h"

#include <stdlib.h>
#include <string.h>

#include "darwin.h"
#include "kernel_controls.h"
#include "kext.h"
#include "mbufs.h"
#include "open_files.h"
#include "selections.h"
#include "thread.h"
#include "user_memory.h"
#include "wait.h"

#define AF_SYSTEM      32
#define AF_SYS_CONTROL 2
#define DATA_NOWAKEUP  1u
#define DATA_EOR       2u

static void end_socket(void *object)
{
	struct control_socket *socket = object;

	pthread_mutex_lock(&socket->mutex);
	socket->ended = true;
	wait_wake(socket, false);
	pthread_mutex_unlock(&socket->mutex);
}

static void disconnect(struct control_socket *socket)
{
	const struct control_callbacks *callbacks = &socket->control->registration.callbacks;
	struct kext_call call;

	pthread_mutex_lock(&socket->mutex);
	socket->connected = false;
	pthread_mutex_unlock(&socket->mutex);
	if (callbacks->disconnect) {
		KEXT_CALL_BEGIN(&call, callbacks->disconnect);
		callbacks->disconnect(socket->control, socket->unit, socket->information);
		kext_call_end(&call);
	}
	control_detach(socket);
}

static void close_socket(void *object)
{
	struct control_socket *socket = object;

	if (socket->control)
		disconnect(socket);
	receive_buffer_clear(&socket->in);
	pthread_mutex_destroy(&socket->mutex);
	free(socket);
}

static uint32_t poll_socket(void *object, uint32_t events, struct selection *selection)
{
	struct control_socket *socket = object;
	uint32_t ready = 0;

	pthread_mutex_lock(&socket->mutex);
	if (socket->in.records || socket->ended)
		ready |= KEXTHOST_READABLE;
	if (socket->connected || socket->ended)
		ready |= KEXTHOST_WRITABLE;
	ready &= events;
	if (!ready && selection)
		selection_record(selection, socket);
	pthread_mutex_unlock(&socket->mutex);
	return ready;
}

const struct open_file_kind control_socket_kind = {
    .end = end_socket, .poll = poll_socket, .close = close_socket};

int control_socket_make(uint32_t type, uint64_t *handle, int *descriptor)
{
	struct control_socket *socket;

	if (type != CONTROL_SOCK_STREAM && type != CONTROL_SOCK_DGRAM)
		return DARWIN_EPROTOTYPE;
	socket = calloc(1, sizeof(*socket));
	if (!socket)
		return DARWIN_ENOMEM;
	socket->type = (int)type;
	pthread_mutex_init(&socket->mutex, NULL);
	if (open_file_make(&control_socket_kind, socket, &socket->file, handle, descriptor))
		return 0;
	close_socket(socket);
	return DARWIN_ENOBUFS;
}

/* Two threads may connect at once: one of them does. */
static bool claim(struct control_socket *socket)
{
	bool claimed;

	pthread_mutex_lock(&socket->mutex);
	claimed = !socket->connected && !socket->connecting;
	if (claimed)
		socket->connecting = true;
	pthread_mutex_unlock(&socket->mutex);
	return claimed;
}

static void settle(struct control_socket *socket, bool connected)
{
	pthread_mutex_lock(&socket->mutex);
	socket->connecting = false;
	socket->connected = connected;
	if (connected)
		selections_wake(socket);
	else
		receive_buffer_clear(&socket->in);
	pthread_mutex_unlock(&socket->mutex);
}

static int call_connect(struct control_socket *socket)
{
	const struct control_registration *registration = &socket->control->registration;
	struct control_address address = {.length = sizeof(address),
	                                  .family = AF_SYSTEM,
	                                  .kind = AF_SYS_CONTROL,
	                                  .id = registration->id,
	                                  .unit = socket->unit};
	struct kext_call call;
	int error;

	/* Data may be put into it as soon as its unit is known. */
	KEXT_CALL_BEGIN(&call, registration->callbacks.connect);
	error = registration->callbacks.connect(socket->control, &address, &socket->information);
	kext_call_end(&call);
	return error;
}

static int connect_claimed(struct control_socket *socket, uint32_t id, uint32_t *unit)
{
	const bool privileged = !thread_current()->process->credential->uid;
	int error = control_attach(socket, id, *unit, privileged);

	if (error)
		return error;
	*unit = socket->unit;
	error = call_connect(socket);
	if (error)
		disconnect(socket);
	return error;
}

int control_socket_connect(uint64_t handle, uint32_t id, uint32_t *unit)
{
	struct open_file *file = open_file_get(handle, &control_socket_kind);
	struct control_socket *socket;
	int error = DARWIN_EISCONN;

	if (!file)
		return DARWIN_EBADF;
	socket = open_file_object(file);
	if (claim(socket)) {
		error = connect_claimed(socket, id, unit);
		settle(socket, !error);
	}
	open_file_put(file);
	return error;
}

static bool is_connected(struct control_socket *socket)
{
	bool connected;

	pthread_mutex_lock(&socket->mutex);
	connected = socket->connected && !socket->ended;
	pthread_mutex_unlock(&socket->mutex);
	return connected;
}

/* A packet out of the caller's memory. It is the callback's to free, so it is the kext's own. */
static int fetch(uint64_t from, size_t length, uintptr_t site, struct mbuf **packet)
{
	struct mbuf *mbuf;
	int error;

	*packet = mbuf_make_packet(length, site);
	if (!*packet)
		return DARWIN_ENOBUFS;
	(*packet)->packet_length = length;
	for (mbuf = *packet; mbuf; mbuf = mbuf->next) {
		mbuf->length = length < mbuf->room ? length : mbuf->room;
		error = mbuf->length ? user_copy_in(from, mbuf->data, mbuf->length) : 0;
		if (error) {
			mbuf_release_chain(*packet);
			return error;
		}
		from += mbuf->length;
		length -= mbuf->length;
	}
	return 0;
}

static int send_packet(struct control_socket *socket, uint64_t from, size_t length)
{
	const struct control_callbacks *callbacks = &socket->control->registration.callbacks;
	struct kext_call call;
	struct mbuf *packet;
	int error;

	if (!callbacks->send)
		return DARWIN_ENOTSUP;
	error = fetch(from, length, (uintptr_t)callbacks->send, &packet);
	if (error)
		return error;
	KEXT_CALL_BEGIN(&call, callbacks->send);
	error = callbacks->send(socket->control, socket->unit, socket->information, packet, 0);
	kext_call_end(&call);
	return error;
}

/* A datagram at once; of a stream, as much as the buffer would hold. */
static int send_all(struct control_socket *socket, uint64_t from, uint64_t length, uint64_t *done)
{
	int error = 0;

	if (!is_connected(socket))
		return DARWIN_ENOTCONN;
	if (socket->type == CONTROL_SOCK_DGRAM) {
		if (length > socket->send_max)
			return DARWIN_EMSGSIZE;
		error = send_packet(socket, from, length);
		*done = error ? 0 : length;
		return error;
	}
	for (*done = 0; !error && *done < length;) {
		const uint64_t left = length - *done;
		const size_t part = left < socket->send_max ? left : socket->send_max;

		error = send_packet(socket, from + *done, part);
		*done += error ? 0 : part;
	}
	return error;
}

int control_socket_send(uint64_t handle, const struct kexthost_transfer *transfer, uint64_t *done)
{
	struct open_file *file = open_file_get(handle, &control_socket_kind);
	int error;

	if (!file)
		return DARWIN_EBADF;
	error = send_all(open_file_object(file), transfer->address, transfer->length, done);
	open_file_put(file);
	return error;
}

/* Under the socket's mutex, which it lets go of meanwhile. */
static int await_data(struct control_socket *socket, bool no_wait)
{
	const uint64_t deadline =
	    socket->receive_timeout ? clock_uptime() + socket->receive_timeout : WAIT_FOREVER;
	int result;

	while (!socket->in.records) {
		if (socket->ended)
			return DARWIN_EBADF;
		if (!socket->connected)
			return DARWIN_ENOTCONN;
		if (no_wait)
			return DARWIN_EWOULDBLOCK;
		wait_assert(socket);
		pthread_mutex_unlock(&socket->mutex);
		result = wait_block(deadline, true);
		pthread_mutex_lock(&socket->mutex);
		if (result != WAIT_AWAKENED && !socket->in.records)
			return result == WAIT_TIMED_OUT ? DARWIN_EWOULDBLOCK : DARWIN_EINTR;
	}
	return 0;
}

static int take(struct control_socket *socket, const struct kexthost_transfer *transfer,
                void **data, uint64_t *done, uint64_t *flags)
{
	const bool records = socket->type == CONTROL_SOCK_DGRAM;
	struct received received;
	size_t size;
	int error = await_data(socket, transfer->flags & KEXTHOST_TRANSFER_NO_WAIT);

	if (error)
		return error;
	size = transfer->length < socket->in.bytes ? transfer->length : socket->in.bytes;
	*data = malloc(size + 1);
	if (!*data)
		return DARWIN_ENOBUFS;
	*done = receive_buffer_take(&socket->in, *data, size, records,
	                            transfer->flags & KEXTHOST_TRANSFER_PEEK, &received);
	*flags = (received.end ? KEXTHOST_RECEIVED_END : 0) |
	         (received.truncated ? KEXTHOST_RECEIVED_TRUNCATED : 0);
	if (!socket->in.records && socket->signalled) {
		socket->signalled = false;
		*flags |= KEXTHOST_RECEIVED_LAST;
	}
	return 0;
}

int control_socket_receive(uint64_t handle, const struct kexthost_transfer *transfer,
                           uint64_t *done, uint64_t *flags)
{
	struct open_file *file = open_file_get(handle, &control_socket_kind);
	struct control_socket *socket;
	void *data = NULL;
	int error;

	if (!file)
		return DARWIN_EBADF;
	socket = open_file_object(file);
	pthread_mutex_lock(&socket->mutex);
	error = take(socket, transfer, &data, done, flags);
	pthread_mutex_unlock(&socket->mutex);
	open_file_put(file);
	if (!error && *done)
		error = user_copy_out(data, transfer->address, *done);
	free(data);
	return error;
}

int control_enqueue(const struct kernel_control *control, uint32_t unit, struct mbuf *packet,
                    size_t length, uint32_t flags)
{
	struct control_socket *socket = control_get_socket(control, unit);
	int error = 0;

	if (!socket)
		return DARWIN_EINVAL;
	pthread_mutex_lock(&socket->mutex);
	if (receive_buffer_space(&socket->in) < length) {
		error = DARWIN_ENOBUFS;
	} else {
		if (flags & DATA_EOR)
			packet->flags |= MBUF_FLAG_EOR;
		receive_buffer_append(&socket->in, packet, socket->type == CONTROL_SOCK_DGRAM);
		if (!(flags & DATA_NOWAKEUP)) {
			if (!socket->signalled)
				open_file_signal(socket->file);
			socket->signalled = true;
			wait_wake(socket, false);
			selections_wake(socket);
		}
	}
	pthread_mutex_unlock(&socket->mutex);
	control_put_socket(socket);
	return error;
}

int control_space(const struct kernel_control *control, uint32_t unit, size_t *space)
{
	struct control_socket *socket = control_get_socket(control, unit);

	if (!socket)
		return DARWIN_EINVAL;
	pthread_mutex_lock(&socket->mutex);
	*space = receive_buffer_space(&socket->in);
	pthread_mutex_unlock(&socket->mutex);
	control_put_socket(socket);
	return 0;
}
