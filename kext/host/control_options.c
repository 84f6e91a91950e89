// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Options of a kernel control's socket: the control's own, and those that every socket has. */
#include <limits.h>
#include <string.h>

#include "allocations.h"
#include "control_sockets.h"
#include "darwin.h"
#include "kernel_controls.h"
#include "kext.h"
#include "open_files.h"
#include "panic.h"
#include "user_memory.h"

#define SYSPROTO_CONTROL 2
#define SOL_SOCKET       0xffff
#define SO_SNDBUF        0x1001
#define SO_RCVBUF        0x1002
#define SO_RCVTIMEO      0x1006
#define SO_NREAD         0x1020

#define LENGTH_MAX       (16u << 20) /* there is no limit, but memory has one */

struct timeval64 {
	int64_t seconds, microseconds;
};

static int set_of_socket(struct control_socket *socket, int option, const void *data, size_t length)
{
	struct timeval64 time;
	int32_t number;
	int error = 0;

	if (option == SO_RCVTIMEO ? length < sizeof(time) : length < sizeof(number))
		return DARWIN_EINVAL;
	memcpy(&number, data, sizeof(number));
	pthread_mutex_lock(&socket->mutex);
	switch (option) {
	case SO_SNDBUF:
	case SO_RCVBUF:
		if (number < 1)
			error = DARWIN_EINVAL;
		else if (option == SO_SNDBUF)
			socket->send_max = (size_t)number;
		else
			receive_buffer_limit(&socket->in, (size_t)number);
		break;
	case SO_RCVTIMEO:
		memcpy(&time, data, sizeof(time));
		if (time.seconds < 0 || time.seconds > INT_MAX || time.microseconds < 0 ||
		    time.microseconds >= 1000000)
			error = DARWIN_EDOM;
		else
			socket->receive_timeout = (uint64_t)time.seconds * 1000000000u +
			                          (uint64_t)time.microseconds * 1000u;
		break;
	default:
		error = DARWIN_ENOPROTOOPT;
	}
	pthread_mutex_unlock(&socket->mutex);
	return error;
}

static int get_of_socket(struct control_socket *socket, int option, int32_t *number)
{
	int error = 0;

	pthread_mutex_lock(&socket->mutex);
	switch (option) {
	case SO_SNDBUF:
		*number = (int32_t)socket->send_max;
		break;
	case SO_RCVBUF:
		*number = (int32_t)socket->in.bytes_max;
		break;
	case SO_NREAD:
		*number = (int32_t)receive_buffer_next(&socket->in);
		break;
	default:
		error = DARWIN_ENOPROTOOPT;
	}
	pthread_mutex_unlock(&socket->mutex);
	return error;
}

/* Whether the control is to be asked; else why not. */
static int find_control(struct control_socket *socket, int level)
{
	bool connected;

	if (level != SYSPROTO_CONTROL)
		return DARWIN_EINVAL;
	pthread_mutex_lock(&socket->mutex);
	connected = socket->connected && !socket->ended;
	pthread_mutex_unlock(&socket->mutex);
	return connected ? 0 : DARWIN_EINVAL;
}

/* The kernel's copy of the caller's buffer; NULL where that is none. */
static int copy_option(const struct kexthost_transfer *transfer, void **data)
{
	int error;

	*data = NULL;
	if (!transfer->length || !transfer->address)
		return 0;
	if (transfer->length > LENGTH_MAX)
		return DARWIN_ENOMEM;
	*data = allocation_make(transfer->length, 1, ALLOCATION_OBJECT, NULL, 0);
	if (!*data)
		return DARWIN_ENOMEM;
	error = user_copy_in(transfer->address, *data, transfer->length);
	if (error) {
		allocation_free(*data, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_OBJECT, NULL);
		*data = NULL;
	}
	return error;
}

static void free_option(void *data)
{
	if (data)
		allocation_free(data, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_OBJECT, NULL);
}

static int set_of_control(struct control_socket *socket, int option, void *data, size_t length)
{
	const struct control_callbacks *callbacks = &socket->control->registration.callbacks;
	struct kext_call call;
	int error;

	if (!callbacks->set)
		return DARWIN_ENOTSUP;
	KEXT_CALL_BEGIN(&call, callbacks->set);
	error = callbacks->set(socket->control, socket->unit, socket->information, option, data,
	                       data ? length : 0);
	kext_call_end(&call);
	return error;
}

static int set(struct control_socket *socket, const struct kexthost_transfer *transfer)
{
	const bool own = transfer->level == SOL_SOCKET;
	int error = own ? 0 : find_control(socket, transfer->level);
	void *data;

	if (!error)
		error = copy_option(transfer, &data);
	if (error)
		return error;
	error = own ? set_of_socket(socket, transfer->option, data, data ? transfer->length : 0)
	            : set_of_control(socket, transfer->option, data, transfer->length);
	free_option(data);
	return error;
}

int control_socket_set(uint64_t handle, const struct kexthost_transfer *transfer)
{
	struct open_file *file = open_file_get(handle, &control_socket_kind);
	int error;

	if (!file)
		return DARWIN_EBADF;
	error = set(open_file_object(file), transfer);
	open_file_put(file);
	return error;
}

/* What the buffer holds goes in, too. */
static int get_of_control(struct control_socket *socket, const struct kexthost_transfer *transfer,
                          size_t *length)
{
	const struct control_registration *registration = &socket->control->registration;
	struct kext_call call;
	void *data;
	int error;

	if (!registration->callbacks.get)
		return DARWIN_ENOTSUP;
	error = copy_option(transfer, &data);
	if (error)
		return error;
	*length = data ? transfer->length : 0;
	KEXT_CALL_BEGIN(&call, registration->callbacks.get);
	error = registration->callbacks.get(socket->control, socket->unit, socket->information,
	                                    transfer->option, data, length);
	kext_call_end(&call);
	if (!error && data && *length > transfer->length)
		panic_about((uintptr_t)registration->callbacks.get,
		            "ctl_ctloutput: ctl %s returned len (%zu) > sopt_valsize (%zu)\n",
		            registration->name, *length, (size_t)transfer->length);
	if (!error && data)
		error = user_copy_out(data, transfer->address, *length);
	free_option(data);
	return error;
}

static int get(struct control_socket *socket, const struct kexthost_transfer *transfer,
               size_t *length)
{
	int32_t number;
	int error;

	if (transfer->level != SOL_SOCKET) {
		error = find_control(socket, transfer->level);
		return error ? error : get_of_control(socket, transfer, length);
	}
	error = get_of_socket(socket, transfer->option, &number);
	if (error)
		return error;
	*length = transfer->length < sizeof(number) ? transfer->length : sizeof(number);
	return *length ? user_copy_out(&number, transfer->address, *length) : 0;
}

int control_socket_get(uint64_t handle, const struct kexthost_transfer *transfer, uint64_t *length)
{
	struct open_file *file = open_file_get(handle, &control_socket_kind);
	size_t size = 0;
	int error;

	if (!file)
		return DARWIN_EBADF;
	error = get(open_file_object(file), transfer, &size);
	open_file_put(file);
	*length = size;
	return error;
}
