/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A program that speaks to the extension; in the contract's Darwin form, whatever this host is. */
#ifndef OSQ_TEST_XNU_CLIENT_H
#define OSQ_TEST_XNU_CLIENT_H

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#undef __linux__
#include "osq_device.h"

#include "../harness.h"
#include "xnu.h"

#define CLIENT_PID  500
#define SPAWNER_PID 700 /* and the next few */
#define CHILD_PID   4242

struct client {
	struct xnu_task *task; /* the calling thread is in it */
	int device;
	const uint8_t *buffer;
	uint64_t size, offset;
	int counts[OSQ_EVENT_COUNT];
	int children;               /* of the process events, those that name the child */
	int actions[5];             /* of file and socket events */
	struct osq_file_event file; /* the last one */
};

/* 0 or the errno, and then nothing is left to close. */
int client_open(struct client *client);
int client_allocate(struct client *client, uint64_t size);
void client_close(struct client *client);

int client_subscribe(const struct client *client, int32_t event, bool on);
int client_prefix(const struct client *client, bool add, const char *path);

/* Syncs, reads what there is, and holds it against what the kernel was told to tell. */
int client_read(struct client *client, int32_t options);

#endif
