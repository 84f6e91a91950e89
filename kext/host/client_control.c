// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "client.h"
#include "client_lines.h"

#include <string.h>
#include <sys/socket.h>

int kexthost_control_socket(int type)
{
	/* Numbered as Darwin does: a stream is 1, datagrams are 2. */
	const struct kexthost_header request = {
	    .operation = KEXTHOST_CONTROL_OPEN,
	    .value = (uint64_t)(type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)),
	};
	struct kexthost_answer answer;

	if (!kexthost_request(&request, NULL, 0, &answer) || kexthost_succeed(answer.header.error))
		return -1;
	return kexthost_adopt(&answer, type & SOCK_CLOEXEC);
}

int kexthost_control_id(int descriptor, const char *name, uint32_t *id)
{
	const struct kexthost_header request = {.operation = KEXTHOST_CONTROL_FIND,
	                                        .handle = kexthost_handle(descriptor)};
	struct kexthost_answer answer;

	if (!kexthost_request(&request, name, strlen(name), &answer) ||
	    kexthost_succeed(answer.header.error))
		return -1;
	*id = (uint32_t)answer.header.value;
	return 0;
}

int kexthost_control_connect(int descriptor, uint32_t id, uint32_t *unit)
{
	const struct kexthost_header request = {
	    .operation = KEXTHOST_CONTROL_CONNECT,
	    .handle = kexthost_handle(descriptor),
	    .value = id,
	    .argument = *unit,
	};
	struct kexthost_answer answer;

	if (!kexthost_request(&request, NULL, 0, &answer) || kexthost_succeed(answer.header.error))
		return -1;
	*unit = (uint32_t)answer.header.value;
	return 0;
}
