/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* An extension for the tests' client: a thread that answers at a socket. One client at a time. */
#ifndef EXTENSION_H
#define EXTENSION_H

#include <pthread.h>
#include <stdbool.h>

#include "fake/protocol.h"
#include "stream.h"

/* What it knows; under the lock. */
struct extension_state {
	unsigned connections, settings_pushed;
	bool connected;
	int32_t level;   /* of the client, last */
	bool has_asked;  /* for statistics, since `connected` */
	int32_t refusal; /* errno for who connects */
	bool going; /* as a module that is being unloaded: it answers nobody, but sends still */
	unsigned unanswered;
	struct osq_log_settings settings;
	struct osq_log_statistics statistics;
};

struct extension {
	char path[100];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct extension_state state;
	int wake[2]; /* a pipe: to end the thread */
	int listener, stream, requests;
};

void extension_load(struct extension *extension, const char *path);
/* The stream ends, as a pipe's does. */
void extension_unload(struct extension *extension);

/* Waits until it is so; the test has failed where it never is. */
bool extension_wait(struct extension *extension, bool (*is_so)(const struct extension_state *state),
                    const char *what);
#define EXTENSION_WAIT(extension, is_so) extension_wait(extension, is_so, #is_so)
struct extension_state extension_state(struct extension *extension);
void extension_set(struct extension *extension, const struct osq_log_statistics *statistics);

/* To the client that is connected; waits for it to read. */
void extension_send(struct extension *extension, const struct stream *stream);

#endif
