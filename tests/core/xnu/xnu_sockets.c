/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Socket filters. They leave on a thread of the kernel's own, when the last one is out of them. */
#include "xnu.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "../harness.h"

#define FILTERS 32

struct filter {
	uint32_t handle;
	int flags;
	char *name;
	void (*unregistered)(uint32_t handle);
	int (*attach)(void **cookie, uintptr_t socket);
	void (*detach)(void *cookie, uintptr_t socket);
	void *others[6];
	int (*connect_out)(void *cookie, uintptr_t socket, const void *to);
	int (*bind)(void *cookie, uintptr_t socket, const void *to);
	void *more[4];
	unsigned int extension_size;
	int (*accept)(void *cookie, uintptr_t listening, uintptr_t socket, const void *local,
	              const void *remote);
	void *reserved[5];
};

static struct registration {
	struct filter filter;
	int domain, protocol;
	bool leaving;
	int references; /* 0: free */
} registrations[FILTERS];

static pthread_mutex_t filters = PTHREAD_MUTEX_INITIALIZER;

static struct registration *find_filter(uint32_t handle)
{
	size_t i;

	for (i = 0; i < FILTERS; i++)
		if (registrations[i].references && !registrations[i].leaving &&
		    registrations[i].filter.handle == handle)
			return &registrations[i];
	return NULL;
}

int sflt_register(const struct filter *filter, int domain, int type, int protocol)
{
	struct registration *free = registrations;

	EXPECT(sizeof(*filter) == 192 && filter->flags == 5 && filter->extension_size == 56);
	EXPECT((type == 1 && protocol == 6) || (type == 2 && protocol == 17));
	if (xnu_fails(XNU_NO_FILTER))
		return ENOBUFS;
	pthread_mutex_lock(&filters);
	EXPECT(!find_filter(filter->handle));
	while (free->references)
		free++;
	*free = (struct registration){
	    .filter = *filter, .domain = domain, .protocol = protocol, .references = 1};
	pthread_mutex_unlock(&filters);
	xnu_count(1);
	return 0;
}

/* Also the kernel's thread: the extension may be gone as soon as it has been told. */
static void *finish(void *argument)
{
	struct registration *registration = argument;
	struct filter filter = registration->filter;

	xnu_pause();
	xnu_enter_extension();
	filter.detach(NULL, 4);
	pthread_mutex_lock(&filters);
	registration->references = 0;
	pthread_mutex_unlock(&filters);
	xnu_count(-1);
	filter.unregistered(filter.handle);
	xnu_leave_extension();
	return NULL;
}

/* The last reference but the registration's own. */
static void put(struct registration *registration)
{
	pthread_t thread;
	bool last;

	pthread_mutex_lock(&filters);
	last = --registration->references == 0;
	registration->references += last; /* finish's */
	pthread_mutex_unlock(&filters);
	if (last && EXPECT(!pthread_create(&thread, NULL, finish, registration)))
		pthread_detach(thread);
}

int sflt_unregister(uint32_t handle)
{
	struct registration *registration;

	pthread_mutex_lock(&filters);
	registration = find_filter(handle);
	if (registration)
		registration->leaving = true;
	pthread_mutex_unlock(&filters);
	if (!registration)
		return ENOENT;
	put(registration);
	return 0;
}

/* Sockets are numbers: their family. 127.0.0.1 port 258, fe80:: port 259 on interface 4. */
static const uint8_t v4[28] = {16, 2, 1, 2, 127, 0, 0, 1};
static const uint8_t v6[28] = {28, 30, 1, 3, 0, 0, 0, 0, 0xFE, 0x80, [24] = 4};

static const uint8_t *name_of(uintptr_t socket)
{
	return socket == 4 ? v4 : v6;
}

int sock_gettype(uintptr_t socket, int *domain, int *type, int *protocol)
{
	*domain = name_of(socket)[1];
	*type = 1;
	*protocol = 6;
	return 0;
}

int sock_getsockname(uintptr_t socket, void *name, int size)
{
	EXPECT_EQUAL(size, 28);
	memcpy(name, name_of(socket), name_of(socket)[0]);
	return 0;
}

/* In each filter for TCP. */
static void use(void (*operation)(const struct filter *filter, void *cookie, uintptr_t socket))
{
	size_t i;

	for (i = 0; i < FILTERS; i++) {
		struct registration *registration = &registrations[i];
		void *cookie = (void *)1;
		bool taken;

		pthread_mutex_lock(&filters);
		taken = registration->references && !registration->leaving &&
		        registration->protocol == 6;
		registration->references += taken;
		pthread_mutex_unlock(&filters);
		if (!taken)
			continue;
		xnu_enter_extension();
		EXPECT(!registration->filter.attach(&cookie, 4) && !cookie);
		operation(&registration->filter, cookie, registration->domain == 2 ? 4 : 6);
		xnu_leave_extension();
		put(registration);
	}
}

static void do_connect(const struct filter *filter, void *cookie, uintptr_t socket)
{
	EXPECT_EQUAL(filter->connect_out(cookie, socket, name_of(socket)), 0);
}

static void do_bind(const struct filter *filter, void *cookie, uintptr_t socket)
{
	EXPECT_EQUAL(filter->bind(cookie, socket, name_of(socket)), 0);
}

static void do_accept(const struct filter *filter, void *cookie, uintptr_t socket)
{
	EXPECT_EQUAL(filter->accept(cookie, 4, socket, name_of(socket), NULL), 0);
}

void xnu_connect(void)
{
	use(do_connect);
}

void xnu_bind(void)
{
	use(do_bind);
}

void xnu_accept(void)
{
	use(do_accept);
}
