// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection *connection_make(int descriptor)
{
	struct connection *connection = malloc(sizeof(*connection));
	socklen_t size = sizeof(struct ucred);
	struct ucred peer;

	if (connection)
		memset(connection, 0, offsetof(struct connection, data));
	/* Number 0 is a process that this one cannot see: no client, and not the kernel. */
	if (connection && !getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
	    peer.pid)
		connection->process = process_get(peer.pid, peer.uid, peer.gid);
	if (!connection || !connection->process) {
		free(connection);
		close(descriptor);
		return NULL;
	}
	connection->descriptor = descriptor;
	return connection;
}

void connection_destroy(struct connection *connection)
{
	close(connection->descriptor);
	process_release(connection->process);
	free(connection);
}

/* 1 for a packet, 0 for none yet (only where not waiting), -1 for the end. */
static int receive(struct connection *connection, int flags)
{
	struct iovec parts[2] = {
	    {.iov_base = &connection->header, .iov_len = sizeof(connection->header)},
	    {.iov_base = connection->data, .iov_len = KEXTHOST_DATA_MAX},
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t length;

	do
		length = recvmsg(connection->descriptor, &message, flags);
	while (length < 0 && errno == EINTR);
	if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (length < (ssize_t)sizeof(connection->header) || message.msg_flags & MSG_TRUNC ||
	    connection->header.length != (size_t)length - sizeof(connection->header)) {
		connection->dead = true;
		return -1;
	}
	connection->data[connection->header.length] = '\0';
	return 1;
}

static bool send_packet(struct connection *connection, const struct kexthost_header *header,
                        const void *data, size_t length, int passed)
{
	struct kexthost_header packet = *header;
	struct iovec parts[2] = {
	    {.iov_base = &packet, .iov_len = sizeof(packet)},
	    {.iov_base = (void *)data, .iov_len = length},
	};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent;

	packet.length = (uint32_t)length;
	packet.sequence = connection->sequence;
	if (passed >= 0) {
		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(passed));
	}
	do
		sent = sendmsg(connection->descriptor, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		connection->dead = true;
	return sent >= 0;
}

/* An interruption comes at any time; one of an earlier request came too late. */
static bool is_interruption(struct connection *connection)
{
	if (connection->header.operation != KEXTHOST_INTERRUPT)
		return false;
	if (connection->header.sequence == connection->sequence)
		connection->interrupted = true;
	return true;
}

bool connection_receive(struct connection *connection)
{
	do
		if (receive(connection, 0) <= 0)
			return false;
	while (is_interruption(connection));
	connection->sequence = connection->header.sequence;
	connection->interrupted = false;
	return true;
}

bool connection_reply(struct connection *connection, const struct kexthost_header *reply,
                      const void *data, size_t length, int passed)
{
	return send_packet(connection, reply, data, length, passed);
}

bool connection_ask(struct connection *connection, const struct kexthost_header *question,
                    const void *data, size_t length, int passed)
{
	if (connection->dead || !send_packet(connection, question, data, length, passed))
		return false;
	do
		if (receive(connection, 0) <= 0)
			return false;
	while (is_interruption(connection));
	if (connection->header.operation != KEXTHOST_REPLY)
		connection->dead = true;
	return !connection->dead;
}

bool connection_is_interrupted(struct connection *connection)
{
	struct kexthost_header header;
	ssize_t length;

	/* Only looked at, so that a packet which is none stays for whoever is to read it. */
	while (!connection->dead && !connection->interrupted) {
		length = recv(connection->descriptor, &header, sizeof(header),
		              MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
		if (length < 0)
			break;
		if (length < (ssize_t)sizeof(header) || header.operation != KEXTHOST_INTERRUPT) {
			connection->dead = true;
			break;
		}
		recv(connection->descriptor, &header, sizeof(header), MSG_DONTWAIT);
		if (header.sequence == connection->sequence)
			connection->interrupted = true;
	}
	return connection->dead || connection->interrupted;
}

int connection_descriptor(const struct connection *connection)
{
	return connection->descriptor;
}
