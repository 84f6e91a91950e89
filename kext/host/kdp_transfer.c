// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_transfer.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER     6
#define LARGE      1400 /* of data, where the server takes as much; else SMALL */
#define SMALL      512
#define FEATURES   3u /* offsets of 64 bits, large packets */
#define LARGE_DATA 2u
#define LARGE_SEEK 1u
#define TRIES      15
#define ANSWERED   5000 /* milliseconds */
#define FILLER     'Y'

enum operation {
	WRITE_REQUEST = 2,
	DATA,
	ACKNOWLEDGEMENT,
	ERROR,
	SEEK,
	END,
};

static int descriptor = -1;
static struct sockaddr_in peer;
static uint32_t block, features;

static void put_header(uint8_t *packet, enum operation operation)
{
	const uint16_t number = htobe16((uint16_t)operation);
	const uint32_t order = htobe32(block);

	memcpy(packet, &number, sizeof(number));
	memcpy(packet + 2, &order, sizeof(order));
}

/* Of the packet that was sent last: 1 for yes, 0 for none within the time, -1 for an error. */
static int await_acknowledgement(void)
{
	struct pollfd waited = {.fd = descriptor, .events = POLLIN};
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	uint8_t answer[512];
	uint32_t order;
	ssize_t length;

	while (poll(&waited, 1, ANSWERED) > 0) {
		length = recvfrom(descriptor, answer, sizeof(answer), MSG_DONTWAIT,
		                  (struct sockaddr *)&from, &size);
		if (length < HEADER || from.sin_addr.s_addr != peer.sin_addr.s_addr)
			continue;
		if (answer[1] == ERROR)
			return -1;
		memcpy(&order, answer + 2, sizeof(order));
		if (answer[1] != ACKNOWLEDGEMENT || be32toh(order) != block)
			continue;
		/* A server may go on from another port, and says what it can do at first. */
		if (!block) {
			peer = from;
			features = answer[0] & FEATURES;
		}
		return 1;
	}
	return 0;
}

static bool deliver(const uint8_t *packet, size_t length)
{
	unsigned int tries;
	int answer = 0;

	for (tries = 0; tries < TRIES && !answer; tries++) {
		sendto(descriptor, packet, length, MSG_NOSIGNAL, (const struct sockaddr *)&peer,
		       sizeof(peer));
		answer = await_acknowledgement();
	}
	block++;
	return answer > 0;
}

static size_t add(uint8_t *packet, size_t at, const void *data, size_t size)
{
	memcpy(packet + at, data, size);
	return at + size;
}

bool kdp_transfer_begin(const struct in_addr *from, const struct sockaddr_in *server,
                        const char *name)
{
	const struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = *from};
	const uint16_t operation = htobe16(WRITE_REQUEST);
	const uint32_t words[2] = {htobe32(FEATURES), htobe32(LARGE)};
	uint8_t packet[128];
	size_t length;

	descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0 || bind(descriptor, (const struct sockaddr *)&own, sizeof(own)))
		return false;
	peer = *server;
	block = 0;
	length = add(packet, 0, &operation, sizeof(operation));
	length = add(packet, length, name, strlen(name) + 1);
	length = add(packet, length, "octet\0features", sizeof("octet\0features"));
	length = add(packet, length, words, sizeof(words));
	return deliver(packet, length);
}

bool kdp_transfer_seek(uint64_t offset)
{
	const uint64_t wide = htobe64(offset);
	const uint32_t narrow = htobe32((uint32_t)offset);
	uint8_t packet[HEADER + sizeof(wide)];
	size_t length;

	put_header(packet, SEEK);
	length = features & LARGE_SEEK ? add(packet, HEADER, &wide, sizeof(wide))
	                               : add(packet, HEADER, &narrow, sizeof(narrow));
	return deliver(packet, length);
}

bool kdp_transfer_data(const void *data, size_t size)
{
	const size_t most = features & LARGE_DATA ? LARGE : SMALL;
	uint8_t packet[HEADER + LARGE];
	size_t done, part;

	for (done = 0; done < size; done += part) {
		part = size - done < most ? size - done : most;
		put_header(packet, DATA);
		memset(packet + HEADER, FILLER, most);
		memcpy(packet + HEADER, (const uint8_t *)data + done, part);
		if (!deliver(packet, HEADER + most))
			return false;
	}
	return true;
}

bool kdp_transfer_end(void)
{
	uint8_t packet[HEADER];

	put_header(packet, END);
	return deliver(packet, sizeof(packet));
}

void kdp_transfer_close(void)
{
	if (descriptor >= 0)
		close(descriptor);
	descriptor = -1;
}
