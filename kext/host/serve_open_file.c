// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "control_sockets.h"
#include "darwin.h"
#include "devices.h"
#include "exchange.h"
#include "kernel_controls.h"
#include "open_files.h"
#include "selections.h"
#include "wait.h"

/* Darwin's copy of the argument: zeroed where nothing goes in, the argument itself where it is
 * none. */
static uint32_t serve_ioctl(struct exchange *exchange)
{
	const struct kexthost_header *request = &exchange->request;
	const uint32_t code = (uint32_t)request->value;
	const uint32_t size = KEXTHOST_IOC_SIZE(code);
	uint8_t *data;
	int error;

	if (code & KEXTHOST_IOC_IN && request->length != size)
		return DARWIN_EFAULT;
	data = calloc(1, size + sizeof(request->argument));
	if (!data)
		return DARWIN_ENOMEM;
	if (code & KEXTHOST_IOC_IN && size)
		memcpy(data, exchange->text, size);
	else if (code & (KEXTHOST_IOC_IN | KEXTHOST_IOC_VOID))
		memcpy(data, &request->argument, sizeof(request->argument));
	error = device_ioctl(request->handle, code, data);
	exchange->allocated = data;
	if (!error && code & KEXTHOST_IOC_OUT) {
		exchange->data = data;
		exchange->length = size;
	}
	return (uint32_t)error;
}

static uint32_t serve_transfer(struct exchange *exchange)
{
	const uint64_t handle = exchange->request.handle;
	struct kexthost_header *reply = &exchange->reply;
	struct kexthost_transfer transfer;

	if (exchange->request.length != sizeof(transfer))
		return DARWIN_EINVAL;
	memcpy(&transfer, exchange->text, sizeof(transfer));
	switch (exchange->request.operation) {
	case KEXTHOST_READ:
	case KEXTHOST_WRITE:
		return (uint32_t)device_transfer(handle, &transfer,
		                                 exchange->request.operation == KEXTHOST_WRITE,
		                                 &reply->value);
	case KEXTHOST_CONTROL_SEND:
		return (uint32_t)control_socket_send(handle, &transfer, &reply->value);
	case KEXTHOST_CONTROL_RECEIVE:
		return (uint32_t)control_socket_receive(handle, &transfer, &reply->value,
		                                        &reply->argument);
	case KEXTHOST_CONTROL_SET:
		return (uint32_t)control_socket_set(handle, &transfer);
	}
	return (uint32_t)control_socket_get(handle, &transfer, &reply->value);
}

static uint64_t scan(struct kexthost_poll *polls, size_t count, struct selection *selection)
{
	uint64_t ready = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		struct open_file *file = open_file_get(polls[i].handle, NULL);

		polls[i].ready = KEXTHOST_UNKNOWN;
		if (file) {
			polls[i].ready =
			    open_file_poll(file, polls[i].events, ready ? NULL : selection);
			open_file_put(file);
		}
		ready += polls[i].ready != 0;
	}
	return ready;
}

/* As select: all are asked; then whoever was not ready tells, and all are asked again. */
static uint32_t serve_poll(struct exchange *exchange)
{
	const uint64_t patience = exchange->request.value, now = clock_uptime();
	const uint64_t deadline = patience > WAIT_FOREVER - now ? WAIT_FOREVER : now + patience;
	struct kexthost_poll *polls = (struct kexthost_poll *)exchange->text;
	const size_t count = exchange->request.length / sizeof(*polls);
	struct selection selection;
	int result = WAIT_AWAKENED;

	if (exchange->request.length % sizeof(*polls))
		return DARWIN_EINVAL;
	selection_begin(&selection);
	while (!(exchange->reply.value = scan(polls, count, &selection)) && result == WAIT_AWAKENED)
		result = selection_wait(&selection, deadline);
	selection_end(&selection);
	exchange->data = polls;
	exchange->length = exchange->request.length;
	return result == WAIT_INTERRUPTED && !exchange->reply.value ? DARWIN_EINTR : 0;
}

static uint32_t serve_connect(struct exchange *exchange)
{
	const struct kexthost_header *request = &exchange->request;
	uint32_t unit = (uint32_t)request->argument;
	int error = control_socket_connect(request->handle, (uint32_t)request->value, &unit);

	exchange->reply.value = unit;
	return (uint32_t)error;
}

static uint32_t serve_find(struct exchange *exchange)
{
	uint32_t id = 0;
	int error = control_find(exchange->text, &id);

	exchange->reply.value = id;
	return (uint32_t)error;
}

uint32_t serve_open_file(struct exchange *exchange)
{
	const struct kexthost_header *request = &exchange->request;

	switch (request->operation) {
	case KEXTHOST_OPEN:
		return (uint32_t)device_open(exchange->text, (int)request->value,
		                             &exchange->reply.handle, &exchange->passed);
	case KEXTHOST_IOCTL:
		return serve_ioctl(exchange);
	case KEXTHOST_CLOSED:
		open_file_closed(request->handle);
		return 0;
	case KEXTHOST_POLL:
		return serve_poll(exchange);
	case KEXTHOST_CONTROL_OPEN:
		return (uint32_t)control_socket_make((uint32_t)request->value,
		                                     &exchange->reply.handle, &exchange->passed);
	case KEXTHOST_CONTROL_FIND:
		return serve_find(exchange);
	case KEXTHOST_CONTROL_CONNECT:
		return serve_connect(exchange);
	case KEXTHOST_READ:
	case KEXTHOST_WRITE:
	case KEXTHOST_CONTROL_SEND:
	case KEXTHOST_CONTROL_RECEIVE:
	case KEXTHOST_CONTROL_SET:
	case KEXTHOST_CONTROL_GET:
		return serve_transfer(exchange);
	}
	return serve_sysctl(exchange);
}
