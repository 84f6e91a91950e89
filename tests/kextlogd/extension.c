// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "extension.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "ktap.h"

static void forget_client(struct extension *extension)
{
	if (extension->stream >= 0)
		close(extension->stream);
	if (extension->requests >= 0)
		close(extension->requests);
	extension->stream = extension->requests = -1;
	extension->state.connected = false;
}

static struct fake_reply answer(struct extension *extension, const struct fake_request *request)
{
	struct extension_state *state = &extension->state;
	struct fake_reply reply = {0};

	if (state->going) {
		reply.error = ENXIO;
		state->unanswered++;
		return reply;
	}
	switch (request->operation) {
	case FAKE_CONNECT:
		reply.error = state->refusal;
		state->level = request->level;
		state->has_asked = false;
		state->connections++;
		break;
	case FAKE_REQUESTS:
		state->connected = true;
		break;
	case FAKE_LEVEL:
		state->level = request->level;
		break;
	case FAKE_GET_SETTINGS:
		reply.settings = state->settings;
		break;
	case FAKE_SET_SETTINGS:
		state->settings = request->settings;
		state->settings_pushed++;
		break;
	case FAKE_STATISTICS:
		reply.statistics = state->statistics;
		state->has_asked = true;
		break;
	}
	return reply;
}

/* What came on a socket. False: its end. */
static bool serve(struct extension *extension, int fd)
{
	struct fake_request request;
	struct fake_reply reply;

	if (recv(fd, &request, sizeof(request), MSG_WAITALL) != sizeof(request))
		return false;
	if (request.operation == FAKE_CONNECT)
		extension->stream = fd;
	else if (request.operation == FAKE_REQUESTS)
		extension->requests = fd;
	reply = answer(extension, &request);
	return send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply) &&
	       (!reply.error || fd == extension->requests);
}

static void *run(void *context)
{
	struct extension *extension = context;

	for (;;) {
		struct pollfd fds[] = {
		    {.fd = extension->wake[0], .events = POLLIN},
		    {.fd = extension->listener, .events = POLLIN},
		    {.fd = extension->requests, .events = POLLIN},
		    {.fd = extension->stream, .events = POLLIN},
		};

		poll(fds, 4, -1);
		pthread_mutex_lock(&extension->lock);
		if (fds[0].revents) {
			pthread_mutex_unlock(&extension->lock);
			return NULL;
		}
		if (fds[3].revents || (fds[2].revents && !serve(extension, extension->requests)))
			forget_client(extension);
		else if (fds[1].revents) {
			int fd = accept(extension->listener, NULL, NULL);

			if (fd >= 0 && !serve(extension, fd)) {
				if (fd == extension->stream || fd == extension->requests)
					forget_client(extension);
				else
					close(fd);
			}
		}
		pthread_cond_broadcast(&extension->changed);
		pthread_mutex_unlock(&extension->lock);
	}
}

void extension_load(struct extension *extension, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memset(extension, 0, sizeof(*extension));
	snprintf(extension->path, sizeof(extension->path), "%s", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", extension->path);
	pthread_mutex_init(&extension->lock, NULL);
	pthread_cond_init(&extension->changed, NULL);
	extension->stream = extension->requests = -1;
	extension->state.statistics.time = UINT64_C(12000000000);
	extension->state.statistics.epoch = UINT64_C(1795303860000000000);
	extension->state.settings = (struct osq_log_settings){OSQ_LOG_INFO, 100};
	extension->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pipe(extension->wake) ||
	    bind(extension->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(extension->listener, 8) ||
	    pthread_create(&extension->thread, NULL, run, extension)) {
		perror(path);
		exit(1);
	}
}

void extension_unload(struct extension *extension)
{
	close(extension->wake[1]);
	pthread_join(extension->thread, NULL);
	unlink(extension->path);
	close(extension->listener);
	close(extension->wake[0]);
	forget_client(extension);
	pthread_cond_destroy(&extension->changed);
	pthread_mutex_destroy(&extension->lock);
}

bool extension_wait(struct extension *extension, bool (*is_so)(const struct extension_state *state),
                    const char *what)
{
	struct timespec end;
	bool so;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += DEADLINE_SECONDS;
	pthread_mutex_lock(&extension->lock);
	while (!(so = is_so(&extension->state)) &&
	       !pthread_cond_timedwait(&extension->changed, &extension->lock, &end))
		;
	pthread_mutex_unlock(&extension->lock);
	return EXPECT(so, "%s never came", what);
}

struct extension_state extension_state(struct extension *extension)
{
	struct extension_state state;

	pthread_mutex_lock(&extension->lock);
	state = extension->state;
	pthread_mutex_unlock(&extension->lock);
	return state;
}

void extension_set(struct extension *extension, const struct osq_log_statistics *statistics)
{
	pthread_mutex_lock(&extension->lock);
	extension->state.statistics = *statistics;
	pthread_mutex_unlock(&extension->lock);
}

/* Its own, to be closed: the client may go at any time. */
static int stream_of(struct extension *extension)
{
	int fd;

	pthread_mutex_lock(&extension->lock);
	fd = dup(extension->stream);
	pthread_mutex_unlock(&extension->lock);
	return fd;
}

void extension_send(struct extension *extension, const struct stream *stream)
{
	int fd = stream_of(extension);

	for (size_t sent = 0; sent < stream->length;) {
		ssize_t part = send(fd, stream->bytes + sent, stream->length - sent, MSG_NOSIGNAL);

		if (part < 0) {
			FAIL("cannot send: %s", strerror(errno));
			break;
		}
		sent += (size_t)part;
	}
	close(fd);
}
