// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_link.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static int descriptor = -1;

int kdp_link_open(const struct sockaddr_in *address)
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

struct sockaddr_in kdp_link_address(void)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);

	getsockname(descriptor, (struct sockaddr *)&address, &size);
	return address;
}

static ssize_t receive(uint8_t *packet, struct sockaddr_in *from)
{
	socklen_t size = sizeof(*from);
	ssize_t length =
	    recvfrom(descriptor, packet, KDP_PACKET_MAX, MSG_TRUNC, (struct sockaddr *)from, &size);

	return length;
}

ssize_t kdp_link_receive(uint8_t *packet, struct sockaddr_in *from, int timeout)
{
	struct pollfd waited = {.fd = descriptor, .events = POLLIN};
	ssize_t length;

	for (;;) {
		length = receive(packet, from);
		if (length >= 0 && length <= KDP_PACKET_MAX)
			return length;
		/* Too long, or word of a datagram that nobody took: there may be another. */
		if (length >= 0 || (errno != EAGAIN && errno != EINTR))
			continue;
		if (!poll(&waited, 1, timeout))
			return -1;
	}
}

void kdp_link_send(const struct sockaddr_in *to, const uint8_t *packet, size_t length)
{
	sendto(descriptor, packet, length, MSG_NOSIGNAL, (const struct sockaddr *)to, sizeof(*to));
}

void kdp_link_drain(void)
{
	uint8_t packet[KDP_PACKET_MAX];
	struct sockaddr_in from;

	while (receive(packet, &from) >= 0)
		;
}
