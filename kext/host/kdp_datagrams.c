// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_datagrams.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static int descriptor = -1;

int kdp_datagrams_open(const struct sockaddr_in *address)
{
	int error;

	descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (descriptor < 0)
		return errno;
	if (!bind(descriptor, (const struct sockaddr *)address, sizeof(*address)))
		return 0;
	error = errno;
	close(descriptor);
	descriptor = -1;
	return error;
}

struct sockaddr_in kdp_datagrams_address(void)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);

	getsockname(descriptor, (struct sockaddr *)&address, &size);
	return address;
}

static ssize_t receive_now(uint8_t *packet, struct kdp_peer *from)
{
	socklen_t size = sizeof(from->address);

	return recvfrom(descriptor, packet, KDP_PACKET_MAX, MSG_TRUNC,
	                (struct sockaddr *)&from->address, &size);
}

static ssize_t receive(uint8_t *packet, struct kdp_peer *from, int timeout)
{
	struct pollfd waited = {.fd = descriptor, .events = POLLIN};
	ssize_t length;

	for (;;) {
		length = receive_now(packet, from);
		if (length >= 0 && length <= KDP_PACKET_MAX)
			return length;
		/* Too long, or word of a datagram that nobody took: there may be another. */
		if (length >= 0 || (errno != EAGAIN && errno != EINTR))
			continue;
		if (!poll(&waited, 1, timeout))
			return -1;
	}
}

static void send_to(const struct kdp_peer *to, const uint8_t *packet, size_t length)
{
	sendto(descriptor, packet, length, MSG_NOSIGNAL, (const struct sockaddr *)&to->address,
	       sizeof(to->address));
}

static void drain(void)
{
	uint8_t packet[KDP_PACKET_MAX];
	struct kdp_peer from;

	while (receive_now(packet, &from) >= 0)
		;
}

const struct kdp_link kdp_datagrams = {
    .receive = receive, .send = send_to, .drain = drain, .introduction = ""};
