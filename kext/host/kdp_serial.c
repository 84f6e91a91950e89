// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_serial.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "kdp.h"
#include "kdp_frame.h"
#include "wait.h"

#define TYPE_IP     0x0800
#define VERSION     0x45 /* IPv4, without options */
#define FRAGMENT    0x3fff
#define PROTOCOL    17
#define HOPS        60
#define MILLISECOND 1000000u /* nanoseconds */
#define HUNG_UP     10       /* milliseconds, until a line that is cut is tried again */
#define SEND_LIMIT  2000     /* milliseconds without a byte that goes */

/* Big-endian. */
struct headers {
	uint8_t to[6], from[6];
	uint16_t type;
	uint8_t version, service;
	uint16_t length, identification, fragment;
	uint8_t hops, protocol;
	uint16_t sum;
	uint32_t source, destination;
	uint16_t source_port, destination_port, datagram_length, datagram_sum;
} __attribute__((packed));
_Static_assert(sizeof(struct headers) == 42, "Ethernet, IPv4 and UDP");
#define IP_SIZE  20
#define UDP_SIZE 8

/* A serial line has none of its own: these are what XNU makes up. */
static const uint8_t card[6] = "serial";
static const uint8_t address[4] = {0xbe, 0xba, 0xad, 0xab};

static int descriptor = -1;
static struct kdp_frame_reader reader;
static uint8_t received[512]; /* and not read yet: from `next` to `end` */
static size_t next, end;

int kdp_serial_open(const char *device)
{
	struct termios line;

	descriptor = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	if (tcgetattr(descriptor, &line))
		return errno;
	cfmakeraw(&line);
	line.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&line, B115200);
	return tcsetattr(descriptor, TCSANOW, &line) ? errno : 0;
}

/* Whether there is more to read within so many milliseconds. */
static bool fill(int timeout)
{
	struct pollfd waited = {.fd = descriptor, .events = POLLIN};
	ssize_t length = read(descriptor, received, sizeof(received));

	if (length < 0 && errno == EAGAIN && poll(&waited, 1, timeout) > 0)
		length = read(descriptor, received, sizeof(received));
	if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
		poll(NULL, 0, timeout >= 0 && timeout < HUNG_UP ? timeout : HUNG_UP);
	next = 0;
	end = length > 0 ? (size_t)length : 0;
	return end;
}

/* 0 where there is none so far. */
static size_t next_frame(void)
{
	size_t length;

	while (next < end) {
		length = kdp_frame_read(&reader, received[next++]);
		if (length)
			return length;
	}
	return 0;
}

/* -1 where the frame carries none for the kernel's debugger. */
static ssize_t unwrap(const uint8_t *frame, size_t length, uint8_t *packet, struct kdp_peer *from)
{
	struct headers headers;
	size_t size;

	if (length < sizeof(headers))
		return -1;
	memcpy(&headers, frame, sizeof(headers));
	if (be16toh(headers.type) != TYPE_IP || headers.version != VERSION ||
	    be16toh(headers.fragment) & FRAGMENT || headers.protocol != PROTOCOL ||
	    be16toh(headers.destination_port) != KDP_PORT)
		return -1;
	size = be16toh(headers.datagram_length);
	if (size < UDP_SIZE || size + IP_SIZE > be16toh(headers.length) ||
	    be16toh(headers.length) > length - (sizeof(headers) - IP_SIZE - UDP_SIZE) ||
	    size - UDP_SIZE > KDP_PACKET_MAX)
		return -1;
	size -= UDP_SIZE;
	memcpy(packet, frame + sizeof(headers), size);
	memcpy(from->card, headers.from, sizeof(from->card));
	from->address = (struct sockaddr_in){.sin_family = AF_INET,
	                                     .sin_port = headers.source_port,
	                                     .sin_addr.s_addr = headers.source};
	return (ssize_t)size;
}

static ssize_t receive(uint8_t *packet, struct kdp_peer *from, int timeout)
{
	const uint64_t limit = clock_uptime() + (uint64_t)timeout * MILLISECOND;
	ssize_t length;
	uint64_t now;

	for (;;) {
		const size_t size = next_frame();

		length = size ? unwrap(reader.frame, size, packet, from) : -1;
		if (length >= 0)
			return length;
		if (next < end)
			continue;
		now = clock_uptime();
		if (timeout < 0)
			fill(-1);
		else if (!fill(now < limit ? (int)((limit - now) / MILLISECOND) : 0) &&
		         clock_uptime() >= limit)
			return -1;
	}
}

static uint16_t header_sum(const struct headers *headers)
{
	const uint8_t *bytes = &headers->version;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < IP_SIZE; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return htobe16((uint16_t)~sum);
}

static void write_all(const uint8_t *bytes, size_t length)
{
	struct pollfd waited = {.fd = descriptor, .events = POLLOUT};
	ssize_t done;

	while (length) {
		done = write(descriptor, bytes, length);
		if (done > 0) {
			bytes += done;
			length -= (size_t)done;
		} else if (errno != EINTR && (errno != EAGAIN || !poll(&waited, 1, SEND_LIMIT))) {
			return; /* As good as lost: it is sent again. */
		}
	}
}

static void send_to(const struct kdp_peer *to, const uint8_t *packet, size_t length)
{
	struct headers headers = {
	    .type = htobe16(TYPE_IP),
	    .version = VERSION,
	    .length = htobe16((uint16_t)(IP_SIZE + UDP_SIZE + length)),
	    .hops = HOPS,
	    .protocol = PROTOCOL,
	    .destination = to->address.sin_addr.s_addr,
	    .source_port = htobe16(KDP_PORT),
	    .destination_port = to->address.sin_port,
	    .datagram_length = htobe16((uint16_t)(UDP_SIZE + length)),
	};
	uint8_t frame[sizeof(headers) + KDP_PACKET_MAX], bytes[KDP_FRAME_BYTES];

	memcpy(headers.to, to->card, sizeof(headers.to));
	memcpy(headers.from, card, sizeof(headers.from));
	memcpy(&headers.source, address, sizeof(headers.source));
	headers.sum = header_sum(&headers);
	memcpy(frame, &headers, sizeof(headers));
	memcpy(frame + sizeof(headers), packet, length);
	write_all(bytes, kdp_frame_write(frame, sizeof(headers) + length, bytes));
}

static void drain(void)
{
	tcflush(descriptor, TCIFLUSH);
	while (read(descriptor, received, sizeof(received)) > 0)
		;
	next = end = 0;
	reader = (struct kdp_frame_reader){0};
}

const struct kdp_link kdp_serial = {
    .receive = receive,
    .send = send_to,
    .drain = drain,
    .introduction = "ethernet MAC address: 73:65:72:69:61:6c\n"
                    "ip address: 190.186.173.171\n",
};
