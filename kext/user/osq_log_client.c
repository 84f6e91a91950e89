// SPDX-License-Identifier: MIT OR GPL-2.0-only
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* a pipe's flags and size */
#endif
#include "osq_log_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* errno stays that of the failure. */
static struct osq_log_client *fail(struct osq_log_client *client)
{
	const int error = errno;

	osq_log_client_close(client);
	errno = error;
	return NULL;
}

#if defined(__linux__) && !defined(KEXTHOST)

#include <sys/ioctl.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)

struct osq_log_client {
	int pipe;
	uint32_t unit;
	char file[];
};

/* ENOTTY from a file that is no channel, and from one whose extension has just gone. */
static int ask(const struct osq_log_client *client, unsigned long number, void *argument)
{
	const int file = open(client->file, O_RDONLY | O_CLOEXEC);
	int result, error;

	if (file < 0)
		return -1;
	result = ioctl(file, number, argument);
	error = errno;
	close(file);
	errno = error;
	return result;
}

/* Of who has connected: the file is a channel. */
static int request(const struct osq_log_client *client, unsigned long number, void *argument)
{
	const int result = ask(client, number, argument);

	if (result && errno == ENOTTY)
		errno = ENXIO;
	return result;
}

/* The file of an extension that has gone cannot be opened again; any other one says ENOTTY anew. */
static int connect_pipe(const struct osq_log_client *client, struct osq_log_connect *args)
{
	int result = ask(client, OSQ_LOG_IOCTL_CONNECT, args);

	if (result && errno == ENOTTY)
		result = ask(client, OSQ_LOG_IOCTL_CONNECT, args);
	return result;
}

struct osq_log_client *osq_log_client_open(const char *channel, int32_t level)
{
	struct osq_log_client *client = calloc(1, sizeof(*client) + strlen(channel) + 1);
	struct osq_log_connect args = {.level = level};
	int ends[2];
	int result;

	if (!client)
		return NULL;
	strcpy(client->file, channel);
	client->pipe = -1;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return fail(client);
	client->pipe = ends[0];
	/* A user's share of memory for pipes may be used up; then it is a smaller one. */
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	args.pipe = ends[1];
	result = connect_pipe(client, &args);
	if (result) {
		const int error = errno;

		close(ends[1]);
		errno = error;
		return fail(client);
	}
	close(ends[1]);
	client->unit = args.unit;
	return client;
}

struct osq_log_client *osq_log_client_open_datagrams(const char *channel, int32_t level)
{
	(void)channel;
	(void)level;
	errno = EOPNOTSUPP;
	return NULL;
}

int osq_log_client_wait(struct osq_log_client *client, int milliseconds)
{
	struct pollfd file = {.fd = client->pipe, .events = POLLIN};

	return poll(&file, 1, milliseconds);
}

ssize_t osq_log_client_read(struct osq_log_client *client, void *buffer, size_t size)
{
	return read(client->pipe, buffer, size);
}

int osq_log_client_set_level(struct osq_log_client *client, int32_t level)
{
	struct osq_log_unit args = {.unit = client->unit, .level = level};

	return request(client, OSQ_LOG_IOCTL_LEVEL, &args);
}

int osq_log_client_get_settings(struct osq_log_client *client, struct osq_log_settings *settings)
{
	return request(client, OSQ_LOG_IOCTL_GET_SETTINGS, settings);
}

int osq_log_client_set_settings(struct osq_log_client *client,
                                const struct osq_log_settings *settings)
{
	struct osq_log_settings copy = *settings;

	return request(client, OSQ_LOG_IOCTL_SET_SETTINGS, &copy);
}

int osq_log_client_statistics(struct osq_log_client *client, struct osq_log_statistics *statistics)
{
	struct osq_log_unit_statistics args = {.unit = client->unit};

	if (request(client, OSQ_LOG_IOCTL_STATISTICS, &args))
		return -1;
	*statistics = args.statistics;
	return 0;
}

int osq_log_client_test(struct osq_log_client *client, struct osq_log_test *test)
{
	return request(client, OSQ_LOG_IOCTL_TEST, test);
}

void osq_log_client_close(struct osq_log_client *client)
{
	if (client->pipe >= 0)
		close(client->pipe);
	free(client);
}

#else /* a kernel control: macOS, kexthost */

#include <sys/socket.h>

#define STREAM_SUFFIX ".stream"
#define NAME_MAX_SIZE 96

struct osq_log_client {
	int socket;
};

#ifdef KEXTHOST

#include <client.h>

#define SYSPROTO_CONTROL 2
#define CALL(name)       kexthost_##name

static int open_socket(int type)
{
	return kexthost_control_socket(type);
}

static int connect_socket(int client, const char *name)
{
	uint32_t id, unit = 0;

	return kexthost_control_id(client, name, &id) ? -1
	                                              : kexthost_control_connect(client, id, &unit);
}

#else

#include <sys/ioctl.h>
#include <sys/kern_control.h>
#include <sys/sys_domain.h>
#include <unistd.h>

#define CALL(name) name

static int open_socket(int type)
{
	return socket(PF_SYSTEM, type, SYSPROTO_CONTROL);
}

static int connect_socket(int client, const char *name)
{
	struct ctl_info info = {.ctl_id = 0};
	struct sockaddr_ctl address = {
	    .sc_len = sizeof(address), .sc_family = AF_SYSTEM, .ss_sysaddr = AF_SYS_CONTROL};

	strlcpy(info.ctl_name, name, sizeof(info.ctl_name));
	if (ioctl(client, CTLIOCGINFO, &info))
		return -1;
	address.sc_id = info.ctl_id;
	return connect(client, (const struct sockaddr *)&address, sizeof(address));
}

#endif

static struct osq_log_client *open_client(const char *name, int type, int32_t level)
{
	struct osq_log_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->socket = open_socket(type);
	/* A copy in a child would stay connected, and keep the extension from being unloaded. */
	if (client->socket < 0 || fcntl(client->socket, F_SETFD, FD_CLOEXEC) ||
	    connect_socket(client->socket, name) || osq_log_client_set_level(client, level))
		return fail(client);
	return client;
}

struct osq_log_client *osq_log_client_open(const char *channel, int32_t level)
{
	char name[NAME_MAX_SIZE] = "";

	if (strlen(channel) + sizeof(STREAM_SUFFIX) > sizeof(name)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcat(name, channel);
	strcat(name, STREAM_SUFFIX);
	return open_client(name, SOCK_STREAM, level);
}

struct osq_log_client *osq_log_client_open_datagrams(const char *channel, int32_t level)
{
	if (strlen(channel) >= NAME_MAX_SIZE) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return open_client(channel, SOCK_DGRAM, level);
}

int osq_log_client_wait(struct osq_log_client *client, int milliseconds)
{
	struct pollfd file = {.fd = client->socket, .events = POLLIN};

	return CALL(poll)(&file, 1, milliseconds);
}

ssize_t osq_log_client_read(struct osq_log_client *client, void *buffer, size_t size)
{
	return CALL(recv)(client->socket, buffer, size, MSG_DONTWAIT);
}

static int set(const struct osq_log_client *client, int option, const void *value, size_t size)
{
	return CALL(setsockopt)(client->socket, SYSPROTO_CONTROL, option, value, (socklen_t)size);
}

/* What the value is before goes to the kernel, too. */
static int get(const struct osq_log_client *client, int option, void *value, size_t size)
{
	socklen_t length = (socklen_t)size;

	if (CALL(getsockopt)(client->socket, SYSPROTO_CONTROL, option, value, &length))
		return -1;
	if (length == size)
		return 0;
	errno = EPROTO;
	return -1;
}

int osq_log_client_set_level(struct osq_log_client *client, int32_t level)
{
	return set(client, OSQ_LOG_OPTION_LEVEL, &level, sizeof(level));
}

int osq_log_client_get_settings(struct osq_log_client *client, struct osq_log_settings *settings)
{
	return get(client, OSQ_LOG_OPTION_SETTINGS, settings, sizeof(*settings));
}

int osq_log_client_set_settings(struct osq_log_client *client,
                                const struct osq_log_settings *settings)
{
	return set(client, OSQ_LOG_OPTION_SETTINGS, settings, sizeof(*settings));
}

int osq_log_client_statistics(struct osq_log_client *client, struct osq_log_statistics *statistics)
{
	return get(client, OSQ_LOG_OPTION_STATISTICS, statistics, sizeof(*statistics));
}

int osq_log_client_test(struct osq_log_client *client, struct osq_log_test *test)
{
	return get(client, OSQ_LOG_OPTION_TEST, test, sizeof(*test));
}

void osq_log_client_close(struct osq_log_client *client)
{
	if (client->socket >= 0)
		CALL(close)(client->socket);
	free(client);
}

#endif
