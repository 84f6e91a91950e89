// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* read, write and poll of devices; send, receive and options of kernel controls' sockets. */
#include "client.h"
#include "client_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DARWIN_SOL_SOCKET 0xffff

static bool is_non_blocking(int descriptor, int flags)
{
	return flags & MSG_DONTWAIT || fcntl(descriptor, F_GETFL) & O_NONBLOCK;
}

/* The answer's value, or -1. */
static ssize_t transfer(uint32_t operation, int descriptor,
                        const struct kexthost_transfer *transfer, struct kexthost_answer *answer)
{
	const struct kexthost_header request = {.operation = operation,
	                                        .handle = kexthost_handle(descriptor)};

	if (!kexthost_request(&request, transfer, sizeof(*transfer), answer))
		return -1;
	return kexthost_succeed(answer->header.error) ? -1 : (ssize_t)answer->header.value;
}

static ssize_t move(uint32_t operation, int descriptor, const void *memory, size_t size, int flags)
{
	const struct kexthost_transfer what = {
	    .address = (uintptr_t)memory,
	    .length = size,
	    .flags = is_non_blocking(descriptor, flags) ? KEXTHOST_TRANSFER_NO_WAIT : 0,
	};
	struct kexthost_answer answer;

	return transfer(operation, descriptor, &what, &answer);
}

ssize_t kexthost_read(int descriptor, void *to, size_t size)
{
	return move(KEXTHOST_READ, descriptor, to, size, 0);
}

ssize_t kexthost_write(int descriptor, const void *from, size_t size)
{
	return move(KEXTHOST_WRITE, descriptor, from, size, 0);
}

ssize_t kexthost_send(int descriptor, const void *from, size_t size, int flags)
{
	return move(KEXTHOST_CONTROL_SEND, descriptor, from, size, flags);
}

ssize_t kexthost_receive(int descriptor, void *to, size_t size, int *flags)
{
	const struct kexthost_transfer what = {
	    .address = (uintptr_t)to,
	    .length = size,
	    .flags = (is_non_blocking(descriptor, *flags) ? KEXTHOST_TRANSFER_NO_WAIT : 0) |
	             (*flags & MSG_PEEK ? KEXTHOST_TRANSFER_PEEK : 0),
	};
	struct kexthost_answer answer = {0};
	ssize_t length = transfer(KEXTHOST_CONTROL_RECEIVE, descriptor, &what, &answer);
	const int error = errno;
	char byte;

	/* There is nothing to read any more. The byte that said so was there before the answer. */
	if (answer.header.argument & KEXTHOST_RECEIVED_LAST)
		(void)recv(descriptor, &byte, 1, MSG_DONTWAIT);
	*flags = (answer.header.argument & KEXTHOST_RECEIVED_END ? MSG_EOR : 0) |
	         (answer.header.argument & KEXTHOST_RECEIVED_TRUNCATED ? MSG_TRUNC : 0);
	errno = error;
	return length;
}

ssize_t kexthost_recv(int descriptor, void *to, size_t size, int flags)
{
	return kexthost_receive(descriptor, to, size, &flags);
}

static struct kexthost_transfer option_of(int level, int option, const void *value, size_t length)
{
	static const struct {
		int ours, darwins;
	} options[] = {{SO_SNDBUF, 0x1001}, {SO_RCVBUF, 0x1002}, {SO_RCVTIMEO, 0x1006}};
	struct kexthost_transfer what = {
	    .address = (uintptr_t)value, .length = length, .level = level, .option = option};
	size_t i;

	if (level != SOL_SOCKET)
		return what;
	what.level = DARWIN_SOL_SOCKET;
	what.option = -1;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].ours == option)
			what.option = options[i].darwins;
	return what;
}

int kexthost_setsockopt(int descriptor, int level, int option, const void *value, socklen_t length)
{
	const struct kexthost_transfer what = option_of(level, option, value, length);
	struct kexthost_answer answer;

	return transfer(KEXTHOST_CONTROL_SET, descriptor, &what, &answer) < 0 ? -1 : 0;
}

int kexthost_getsockopt(int descriptor, int level, int option, void *value, socklen_t *length)
{
	const struct kexthost_transfer what = option_of(level, option, value, *length);
	struct kexthost_answer answer;

	if (transfer(KEXTHOST_CONTROL_GET, descriptor, &what, &answer) < 0)
		return -1;
	*length = (socklen_t)answer.header.value;
	return 0;
}

static short events_of(const struct kexthost_poll *poll)
{
	return (short)((poll->ready & KEXTHOST_READABLE ? POLLIN : 0) |
	               (poll->ready & KEXTHOST_WRITABLE ? POLLOUT : 0) |
	               (poll->ready & KEXTHOST_UNKNOWN ? POLLNVAL : 0));
}

/* Which of the program's files are the host's, and which it has to poll itself. */
struct parts {
	struct kexthost_poll *ours;
	struct pollfd *others; /* behind the first, which is the request's */
	nfds_t our_count, other_count;
};

static void part(const struct pollfd *files, nfds_t count, struct parts *parts)
{
	nfds_t i;

	for (i = 0; i < count; i++) {
		const uint64_t handle = kexthost_handle(files[i].fd);

		if (!handle) {
			parts->others[1 + parts->other_count++] = files[i];
			continue;
		}
		parts->ours[parts->our_count++] = (struct kexthost_poll){
		    .handle = handle,
		    .events = (files[i].events & POLLIN ? KEXTHOST_READABLE : 0) |
		              (files[i].events & POLLOUT ? KEXTHOST_WRITABLE : 0),
		};
	}
}

static int join(struct pollfd *files, nfds_t count, const struct parts *parts)
{
	const struct kexthost_poll *ours = parts->ours;
	const struct pollfd *other = parts->others + 1;
	int ready = 0;
	nfds_t i;

	for (i = 0; i < count; i++) {
		files[i].revents =
		    kexthost_handle(files[i].fd) ? events_of(ours++) : (other++)->revents;
		ready += files[i].revents != 0;
	}
	return ready;
}

static int poll_parts(struct parts *parts, int timeout)
{
	struct kexthost_header request = {.operation = KEXTHOST_POLL};
	const size_t length = parts->our_count * sizeof(*parts->ours);
	struct kexthost_answer answer;
	int others = poll(parts->others + 1, parts->other_count, parts->our_count ? 0 : timeout);

	if (others < 0 || !parts->our_count)
		return others;
	request.value = others ? 0 : timeout < 0 ? UINT64_MAX : (uint64_t)timeout * 1000000u;
	if (!kexthost_request_beside(&request, parts->ours, length, &answer,
	                             parts->other_count ? parts->others : NULL,
	                             parts->other_count + 1))
		return -1;
	if (answer.header.length == length)
		memcpy(parts->ours, answer.data, length);
	others = poll(parts->others + 1, parts->other_count, 0);
	return answer.header.error && !others ? kexthost_succeed(answer.header.error) : 0;
}

int kexthost_poll(struct pollfd *files, nfds_t count, int timeout)
{
	struct parts parts = {.ours = calloc(count + 1, sizeof(*parts.ours)),
	                      .others = calloc(count + 1, sizeof(*parts.others))};
	int result = -1;

	if (parts.ours && parts.others) {
		part(files, count, &parts);
		result = poll_parts(&parts, timeout);
		if (result >= 0)
			result = join(files, count, &parts);
	}
	free(parts.ours);
	free(parts.others);
	return result;
}
