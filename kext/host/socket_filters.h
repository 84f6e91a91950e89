/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Filters on sockets, as kexts register them, and the sockets that events are about. */
#ifndef KEXTHOST_SOCKET_FILTERS_H
#define KEXTHOST_SOCKET_FILTERS_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr_darwin {
	uint8_t length, family;
	uint16_t port; /* network byte order, as is all that follows but the scope */
	union {
		struct {
			uint8_t address[4];
			uint8_t zero[8];
		} v4;
		struct {
			uint32_t flow;
			uint8_t address[16];
			uint32_t scope;
		} v6;
	};
};
_Static_assert(sizeof(struct sockaddr_darwin) == 28, "sockaddr_in6");

#define SOCKET_FILTERS_MAX 16

struct filter;

struct socket {
	struct socket *next;
	uint64_t handle;
	int domain, type, protocol;
	struct sockaddr_darwin local, remote;
	struct attachment {
		struct filter *filter; /* NULL where there is none */
		void *cookie;
		bool leaving;              /* no event any more, and soon gone */
	} attachments[SOCKET_FILTERS_MAX]; /* the one attached last is asked first */
};

/* sflt_filter */
struct filter_functions {
	uint32_t handle;
	int flags;
	const char *name;
	void (*unregistered)(uint32_t handle);
	int (*attach)(void **cookie, struct socket *socket);
	void (*detach)(void *cookie, struct socket *socket);
	void *notify, *getpeername, *getsockname, *data_in, *data_out, *connect_in;
	int (*connect_out)(void *cookie, struct socket *socket, const struct sockaddr_darwin *to);
	int (*bind)(void *cookie, struct socket *socket, const struct sockaddr_darwin *to);
	void *setoption, *getoption, *listen, *ioctl;
	uint32_t extension_length;
	int (*accept)(void *cookie, struct socket *listening, struct socket *socket,
	              const struct sockaddr_darwin *local, const struct sockaddr_darwin *remote);
	void *reserved[5];
};
_Static_assert(sizeof(struct filter_functions) == 192, "sflt_filter");

/*
 * Held for reading by whoever is in a filter or uses a socket, so that what is gone waits for them:
 * for writing while a filter or a socket goes.
 */
void sockets_use(void);
void sockets_change(void);
void sockets_leave(void);

extern struct socket *sockets;

/* Every filter for such sockets. */
void filters_attach(struct socket *socket);
void filters_detach(struct socket *socket);

/* 0, or what the first filter that objects says: an errno of Darwin's, or EJUSTRETURN there. */
enum filter_event { FILTER_BIND, FILTER_CONNECT, FILTER_ACCEPT };
int filters_ask(struct socket *socket, enum filter_event event, struct socket *listening);

#endif
