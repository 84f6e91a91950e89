// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A client of the tests' extension: it stands for the one that speaks to a kernel. */
#include "osq_log_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol.h"

struct osq_log_client {
	int stream, requests;
};

static int dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int ask(int fd, struct fake_request request, struct fake_reply *reply)
{
	if (fd < 0)
		return -1;
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request) ||
	    recv(fd, reply, sizeof(*reply), MSG_WAITALL) != sizeof(*reply)) {
		errno = ENXIO;
		return -1;
	}
	errno = reply->error;
	return reply->error ? -1 : 0;
}

struct osq_log_client *osq_log_client_open(const char *channel, int32_t level)
{
	struct osq_log_client *client = calloc(1, sizeof(*client));
	struct fake_reply reply;
	int error;

	client->requests = -1;
	client->stream = dial(channel);
	if (!ask(client->stream, (struct fake_request){FAKE_CONNECT, level, {0, 0}}, &reply)) {
		client->requests = dial(channel);
		if (!ask(client->requests, (struct fake_request){.operation = FAKE_REQUESTS},
		         &reply))
			return client;
	}
	error = errno;
	if (client->stream >= 0)
		close(client->stream);
	if (client->requests >= 0)
		close(client->requests);
	free(client);
	errno = error;
	return NULL;
}

int osq_log_client_wait(struct osq_log_client *client, int milliseconds)
{
	struct pollfd stream = {.fd = client->stream, .events = POLLIN};

	return poll(&stream, 1, milliseconds);
}

ssize_t osq_log_client_read(struct osq_log_client *client, void *buffer, size_t size)
{
	ssize_t got = recv(client->stream, buffer, size, MSG_DONTWAIT);

	return got < 0 && errno == ECONNRESET ? 0 : got;
}

int osq_log_client_set_level(struct osq_log_client *client, int32_t level)
{
	struct fake_reply reply;

	return ask(client->requests, (struct fake_request){FAKE_LEVEL, level, {0, 0}}, &reply);
}

int osq_log_client_get_settings(struct osq_log_client *client, struct osq_log_settings *settings)
{
	struct fake_reply reply = {0};
	int result =
	    ask(client->requests, (struct fake_request){.operation = FAKE_GET_SETTINGS}, &reply);

	*settings = reply.settings;
	return result;
}

int osq_log_client_set_settings(struct osq_log_client *client,
                                const struct osq_log_settings *settings)
{
	struct fake_reply reply;

	return ask(client->requests, (struct fake_request){FAKE_SET_SETTINGS, 0, *settings},
	           &reply);
}

int osq_log_client_statistics(struct osq_log_client *client, struct osq_log_statistics *statistics)
{
	struct fake_reply reply = {0};
	int result =
	    ask(client->requests, (struct fake_request){.operation = FAKE_STATISTICS}, &reply);

	*statistics = reply.statistics;
	return result;
}

void osq_log_client_close(struct osq_log_client *client)
{
	close(client->stream);
	close(client->requests);
	free(client);
}
