// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * A child makes real connections over loopback: exactly its binds, connects and accepts are seen,
 * in its order, with the addresses that the sockets had. XNU tells a bind and a connect before they
 * come about: without their result, nor a port that was not chosen yet.
 *
 *	socket_events [--count 20]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "osq_client.h"
#include "ktap.h"
#include "options.h"

#define RING       (8u << 20)
#define EXPECT_MAX 4096

static uint64_t option_count = 20;

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* What the child did, told to its parent through shared memory. */
struct expected {
	int32_t action;
	int32_t result;
	int32_t type;
	union address local, remote; /* family 0: not compared */
};

static struct told {
	uint32_t count;
	struct expected events[EXPECT_MAX];
} * told;

#ifdef OSQ_LINUX
#define TOLD_BEFORE false
#else
#define TOLD_BEFORE true
#endif

static struct expected *tell(int32_t action, int32_t result, int32_t type)
{
	struct expected *event = &told->events[told->count];

	if (TOLD_BEFORE && action != OSQ_SOCKET_ACCEPT)
		result = -1;

	if (told->count < EXPECT_MAX - 1)
		told->count++;
	memset(event, 0, sizeof(*event));
	event->action = action;
	event->result = result;
	event->type = type;
	return event;
}

static socklen_t size_of(int family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static union address loopback(int family)
{
	union address address;

	memset(&address, 0, sizeof(address));
	address.any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		address.v6.sin6_addr = in6addr_loopback;
	return address;
}

static void set_port(union address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET)
		address->v4.sin_port = htons(port);
	else
		address->v6.sin6_port = htons(port);
}

static uint16_t port_of(const union address *address)
{
	return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port
	                                               : address->v6.sin6_port);
}

static union address name_of(int socket, bool of_peer)
{
	union address address;
	socklen_t size = sizeof(address);
	int error = of_peer ? getpeername(socket, &address.any, &size)
	                    : getsockname(socket, &address.any, &size);

	EXPECT(!error, "%s", strerror(errno));
	return address;
}

/* What a bind to loopback's port 0, and a connect from an unbound socket, tell as local. */
static union address chosen(int socket, int32_t action)
{
	union address address = name_of(socket, false);

	if (TOLD_BEFORE && action == OSQ_SOCKET_CONNECT)
		memset(&address, 0, sizeof(address));
	else if (TOLD_BEFORE)
		set_port(&address, 0);
	return address;
}

static int make_socket(int family, int type)
{
	int made = socket(family, type, 0);

	EXPECT(made >= 0, "%s", strerror(errno));
	return made;
}

static int make_server(int family)
{
	union address address = loopback(family);
	int server = make_socket(family, SOCK_STREAM);

	EXPECT(!bind(server, &address.any, size_of(family)), "%s", strerror(errno));
	tell(OSQ_SOCKET_BIND, 0, SOCK_STREAM)->local = chosen(server, OSQ_SOCKET_BIND);
	EXPECT(!listen(server, 16), "%s", strerror(errno));
	return server;
}

static void connect_once(int family, int server)
{
	union address address = name_of(server, false);
	int client = make_socket(family, SOCK_STREAM), accepted;
	struct expected *event;

	EXPECT(!connect(client, &address.any, size_of(family)), "%s", strerror(errno));
	event = tell(OSQ_SOCKET_CONNECT, 0, SOCK_STREAM);
	event->local = chosen(client, OSQ_SOCKET_CONNECT);
	event->remote = address;

	accepted = accept(server, NULL, NULL);
	EXPECT(accepted >= 0, "%s", strerror(errno));
	event = tell(OSQ_SOCKET_ACCEPT, 0, SOCK_STREAM);
	event->local = address;
	event->remote = name_of(client, false);
	close(accepted);
	close(client);
}

/* A port that is bound and not listened to refuses for sure. */
static void connect_in_vain(int family)
{
	union address address = loopback(family);
	int holder = make_socket(family, SOCK_STREAM), client = make_socket(family, SOCK_STREAM);
	struct expected *event;

	EXPECT(!bind(holder, &address.any, size_of(family)), "%s", strerror(errno));
	address = name_of(holder, false);
	tell(OSQ_SOCKET_BIND, 0, SOCK_STREAM)->local = chosen(holder, OSQ_SOCKET_BIND);
	EXPECT_ERRNO(connect(client, &address.any, size_of(family)), ECONNREFUSED);
	event = tell(OSQ_SOCKET_CONNECT, ECONNREFUSED, SOCK_STREAM);
	event->remote = address;
	EXPECT_ERRNO(bind(client, &address.any, size_of(family)), EADDRINUSE);
	tell(OSQ_SOCKET_BIND, EADDRINUSE, SOCK_STREAM)->local = address;
	close(client);
	close(holder);
}

static void connect_without_waiting(int family, int server)
{
	union address address = name_of(server, false);
	int client = make_socket(family, SOCK_STREAM), accepted;
	struct expected *event;

	fcntl(client, F_SETFL, O_NONBLOCK);
	EXPECT_ERRNO(connect(client, &address.any, size_of(family)), EINPROGRESS);
	event = tell(OSQ_SOCKET_CONNECT, EINPROGRESS, SOCK_STREAM);
	event->remote = address;
	accepted = accept(server, NULL, NULL);
	EXPECT(accepted >= 0, "%s", strerror(errno));
	event = tell(OSQ_SOCKET_ACCEPT, 0, SOCK_STREAM);
	event->local = address;
	event->remote = name_of(accepted, true);
	close(accepted);
	close(client);

	/* Nothing was accepted: no event. */
	fcntl(server, F_SETFL, O_NONBLOCK);
	EXPECT_ERRNO(accept(server, NULL, NULL), EAGAIN);
	fcntl(server, F_SETFL, 0);
}

static void use_datagrams(int family)
{
	union address address = loopback(family);
	int sender = make_socket(family, SOCK_DGRAM);
	struct expected *event;

	EXPECT(!bind(sender, &address.any, size_of(family)), "%s", strerror(errno));
	tell(OSQ_SOCKET_BIND, 0, SOCK_DGRAM)->local = chosen(sender, OSQ_SOCKET_BIND);
	set_port(&address, 9);
	EXPECT(!connect(sender, &address.any, size_of(family)), "%s", strerror(errno));
	event = tell(OSQ_SOCKET_CONNECT, 0, SOCK_DGRAM);
	event->local = name_of(sender, false);
	event->remote = address;
	close(sender);
}

/* Sockets of another family, and descriptors that are no sockets, are nobody's business. */
static void use_others(void)
{
	int pair[2];
	struct sockaddr local = {.sa_family = AF_UNIX};

	EXPECT(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "%s", strerror(errno));
	EXPECT(connect(pair[0], &local, sizeof(local)) == -1, "connected to nowhere");
	EXPECT(bind(STDOUT_FILENO, &local, sizeof(local)) == -1, "bound standard output");
	EXPECT(connect(-1, &local, sizeof(local)) == -1, "connected nothing");
	close(pair[0]);
	close(pair[1]);
}

static void use_sockets(int family)
{
	int server = make_server(family);
	uint64_t i;

	for (i = 0; i < option_count; i++)
		connect_once(family, server);
	connect_in_vain(family);
	connect_without_waiting(family, server);
	use_datagrams(family);
	use_others();
	close(server);
}

static bool same_address(const union address *address, int32_t family, const uint8_t *bytes,
                         uint16_t port)
{
	static const uint8_t zeros[12];

	if (!address->any.sa_family)
		return true;
	if (port_of(address) != port)
		return false;
	if (address->any.sa_family == AF_INET)
		return family == 4 && !memcmp(&address->v4.sin_addr, bytes, 4) &&
		       !memcmp(bytes + 4, zeros, 12);
	return family == 6 && !memcmp(&address->v6.sin6_addr, bytes, 16);
}

static void check(const struct osq_socket_event *event, const struct expected *expected,
                  uint32_t index)
{
	static const uint8_t zeros[16];

	EXPECT(event->action == expected->action, "event %u is %d, not %d", index, event->action,
	       expected->action);
	EXPECT(event->result == expected->result, "event %u gave %d, not %d", index, event->result,
	       expected->result);
	EXPECT(event->type == expected->type, "event %u has type %d", index, event->type);
	EXPECT(event->protocol == (event->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP),
	       "event %u has protocol %d", index, event->protocol);
	EXPECT(
	    same_address(&expected->local, event->family, event->local_address, event->local_port),
	    "event %u (%d): local port %u, not %u", index, event->action, event->local_port,
	    port_of(&expected->local));
	EXPECT(same_address(&expected->remote, event->family, event->remote_address,
	                    event->remote_port),
	       "event %u (%d): remote port %u, not %u", index, event->action, event->remote_port,
	       port_of(&expected->remote));
	if (event->action == OSQ_SOCKET_BIND)
		EXPECT(!event->remote_port && !memcmp(event->remote_address, zeros, 16),
		       "event %u: a bind has a remote", index);
	EXPECT(event->ppid == (uint64_t)getpid(), "ppid %llu", (unsigned long long)event->ppid);
	EXPECT(event->uid == 0 && event->euid == 0, "uid %llu", (unsigned long long)event->uid);
#ifdef OSQ_LINUX
	EXPECT(event->path_length && !strcmp(event->path, client_program()), "path %s",
	       event->path_length ? event->path : "unknown");
#else
	EXPECT(!event->path_length, "path %s, which XNU does not tell", event->path);
#endif
}

/* The next event of that process, or NULL. */
static const struct osq_socket_event *next(struct osq_reader *reader, int pid)
{
	const struct osq_record_header *record;

	for (;;) {
		while ((record = osq_reader_next(reader))) {
			const struct osq_socket_event *event = osq_record_socket(record);

			EXPECT(event, "event %d is no socket's", record->event);
			if (event && event->pid == (uint64_t)pid)
				return event;
		}
		if (!EXPECT(!osq_reader_sync(reader, OSQ_SYNC_NO_BLOCK), "%s", reader->error) ||
		    reader->offset == reader->limit)
			return NULL;
	}
}

static void exactly_these_are_seen(int family)
{
	const struct osq_socket_event *event;
	struct osq_reader reader;
	uint32_t i;
	int child;

	told->count = 0;
	REQUIRE(client_open(&reader, RING), "cannot begin");
	EXPECT(!osq_reader_subscribe(&reader, OSQ_EVENT_SOCKET, true), "%s", reader.error);
	child = ktap_fork();
	if (!child) {
		use_sockets(family);
		ktap_child_exit();
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
	for (i = 0; i < told->count && !ktap_failed(); i++) {
		event = next(&reader, child);
		if (EXPECT(event, "event %u of %u was not seen", i, told->count))
			check(event, &told->events[i], i);
	}
	event = next(&reader, child);
	EXPECT(!event, "one more: %d on port %u", event->action, event->local_port);
	EXPECT(reader.drops == 0 && !reader.drops_lost, "%llu drops",
	       (unsigned long long)reader.drops);
	ktap_figure(family == AF_INET ? "IPv4" : "IPv6", i);
	osq_reader_close(&reader);
}

static void exactly_these_over_ipv4(void)
{
	exactly_these_are_seen(AF_INET);
}

static void exactly_these_over_ipv6(void)
{
	exactly_these_are_seen(AF_INET6);
}

/* A result is told with the call that had it, also where the caller slept for long. */
static void many_that_wait(void)
{
	enum { WAITERS = 30 };
	const struct osq_socket_event *event;
	int children[WAITERS], i, server, clients[WAITERS];
	struct osq_reader reader;
	union address address;

	told->count = 0;
	REQUIRE(client_open(&reader, RING), "cannot begin");
	/* XNU sees the sockets alone that are made after that. */
	EXPECT(!osq_reader_subscribe(&reader, OSQ_EVENT_SOCKET, true), "%s", reader.error);
	server = make_server(AF_INET);
	address = name_of(server, false);
	for (i = 0; i < WAITERS; i++) {
		children[i] = ktap_fork();
		if (!children[i]) {
			EXPECT(accept(server, NULL, NULL) >= 0, "%s", strerror(errno));
			ktap_child_exit();
		}
	}
	for (i = 0; i < WAITERS; i++) {
		clients[i] = make_socket(AF_INET, SOCK_STREAM);
		EXPECT(!connect(clients[i], &address.any, size_of(AF_INET)), "%s", strerror(errno));
	}
	for (i = 0; i < WAITERS; i++)
		EXPECT(ktap_wait(children[i]) == 0, "a child failed");
	for (i = 0; i < WAITERS; i++)
		close(clients[i]);
	close(server);

	/* One accept each, of whichever client; nothing that the client does itself. */
	EXPECT(!osq_reader_sync(&reader, OSQ_SYNC_NO_BLOCK), "%s", reader.error);
	for (i = 0; i < WAITERS; i++) {
		const struct osq_record_header *record = osq_reader_next(&reader);

		event = record ? osq_record_socket(record) : NULL;
		REQUIRE(event, "accept %d was not seen", i);
		EXPECT(event->action == OSQ_SOCKET_ACCEPT && event->local_port == port_of(&address),
		       "%d on port %u", event->action, event->local_port);
	}
	EXPECT(!osq_reader_next(&reader), "one more than there were");
	osq_reader_close(&reader);
}

#ifdef __linux__
/* A guest that has just booted may not have its loopback interface up. */
static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int any = socket(AF_INET, SOCK_DGRAM, 0);

	if (!ioctl(any, SIOCGIFFLAGS, &request) && !(request.ifr_flags & IFF_UP)) {
		request.ifr_flags |= IFF_UP;
		ioctl(any, SIOCSIFFLAGS, &request);
	}
	close(any);
}
#else
static void raise_loopback(void)
{
}
#endif

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"exactly_these_over_ipv4", exactly_these_over_ipv4},
	    {"exactly_these_over_ipv6", exactly_these_over_ipv6},
	    {"many_that_wait", many_that_wait},
	};
	const struct option_number options[] = {
	    {"--count", &option_count, 1, 1000},
	    {NULL, NULL, 0, 0},
	};

	options_read(argc, argv, options);
	raise_loopback();
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
	if (told == MAP_FAILED) {
		ktap_say("Bail out! no memory");
		return 2;
	}
	return KTAP_RUN(tests);
}
