// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "darwin.h"
#include "exchange.h"
#include "sysctls.h"

static uint32_t serve_value(struct exchange *exchange)
{
	const struct kexthost_header *request = &exchange->request;
	const size_t name = strnlen(exchange->text, request->length);
	struct sysctl_kind kind = {0};
	struct sysctl_request call = {
	    .process = exchange->connection->process,
	    .give = sysctl_give,
	    .take = sysctl_take,
	};
	char *data = malloc(KEXTHOST_DATA_MAX);
	size_t format;
	int error;

	if (!data)
		return DARWIN_ENOMEM;
	exchange->allocated = data;
	if (request->value & KEXTHOST_SYSCTL_OLD) {
		call.old = (uintptr_t)data + sizeof(kind.format);
		call.old_length = KEXTHOST_DATA_MAX - sizeof(kind.format);
		if (request->argument < call.old_length)
			call.old_length = request->argument;
	}
	if (request->value & KEXTHOST_SYSCTL_NEW && name < request->length) {
		call.new = (uintptr_t)exchange->text + name + 1;
		call.new_length = request->length - name - 1;
	}
	error = sysctl_call(exchange->text, &call, &kind);
	exchange->reply.value = kind.kind;
	exchange->reply.argument = call.old_at;
	format = strlen(kind.format) + 1;
	exchange->length = format;
	if (!error && call.old) {
		memmove(data + format, (const void *)(uintptr_t)call.old, call.old_at);
		exchange->length += call.old_at;
	}
	memcpy(data, kind.format, format);
	exchange->data = data;
	return (uint32_t)error;
}

static uint32_t serve_names(struct exchange *exchange)
{
	char *names = sysctl_names(exchange->text);

	if (!names)
		return DARWIN_ENOMEM;
	exchange->data = exchange->allocated = names;
	exchange->length = strnlen(names, KEXTHOST_DATA_MAX);
	return 0;
}

uint32_t serve_sysctl(struct exchange *exchange)
{
	switch (exchange->request.operation) {
	case KEXTHOST_SYSCTL:
		return serve_value(exchange);
	case KEXTHOST_SYSCTL_NAMES:
		return serve_names(exchange);
	}
	return DARWIN_ENOSYS;
}
