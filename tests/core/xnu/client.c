/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "client.h"

int client_open(struct client *client)
{
	int error;

	memset(client, 0, sizeof(*client));
	client->task = xnu_task_make(CLIENT_PID);
	xnu_task_switch(client->task);
	error = xnu_open(&client->device);
	if (error) {
		xnu_task_switch(NULL);
		xnu_task_release(client->task);
	}
	return error;
}

int client_allocate(struct client *client, uint64_t size)
{
	struct osq_allocate_args args = {.size = size, .version = OSQ_VERSION};
	int error = xnu_ioctl(client->device, OSQ_IOCTL_ALLOCATE, &args);

	client->buffer = args.buffer;
	client->size = size & ~3ULL;
	client->offset = 0;
	return error;
}

void client_close(struct client *client)
{
	xnu_close(client->device);
	xnu_task_switch(NULL);
	xnu_task_release(client->task);
}

int client_subscribe(const struct client *client, int32_t event, bool on)
{
	struct osq_subscription_args args = {.event = event, .subscribe = on};

	return xnu_ioctl(client->device, OSQ_IOCTL_SUBSCRIPTION, &args);
}

int client_prefix(const struct client *client, bool add, const char *path)
{
	struct osq_prefix_args args = {.add = add};

	memcpy(args.prefix, path, strlen(path) + 1);
	return xnu_ioctl(client->device, OSQ_IOCTL_PREFIX, &args);
}

/* By which credential the child, and the thread, go: see xnu_events.c. */
static void check_process(const struct osq_process_event *event)
{
	if (event->pid == CHILD_PID)
		EXPECT_EQUAL(event->ppid, CHILD_PID + 1);
	else /* was under way when the subscription began: by its spawner */
		EXPECT(event->pid >= SPAWNER_PID && event->pid < SPAWNER_PID + 10);
	EXPECT(event->euid == 105 && event->uid == 205 && event->egid == 305 && event->gid == 405);
	EXPECT(!strcmp(event->path, "/bin/child"));
	EXPECT(event->argc == 0 && event->actual_argc == 0 && event->arg_length == 0);
	EXPECT(event->envc == 0 && event->actual_envc == 0 && event->env_length == 0);
	EXPECT_EQUAL(event->mode, 0100755);
	EXPECT_EQUAL(event->owner_uid, 0x11111111);
	EXPECT_EQUAL(event->create_time, 0x1111111111111111);
}

static void check_file(const struct osq_file_event *event)
{
	EXPECT(event->pid > 0 && event->pid != CLIENT_PID && event->ppid == 1);
	EXPECT(event->euid == 101 && event->uid == 201 && event->egid == 301 && event->gid == 401);
	if (event->mode == -1)
		EXPECT(!event->owner_uid && !event->change_time);
	else
		EXPECT(event->mode == 0100755 && event->change_time == 0x1111111111111111);
}

static void check_socket(const struct osq_socket_event *event)
{
	static const uint8_t zeros[16];
	const bool is_4 = event->family == 4;
	const uint8_t *named =
	    event->action == OSQ_SOCKET_CONNECT ? event->remote_address : event->local_address;

	EXPECT(is_4 || event->family == 6);
	EXPECT_EQUAL(event->type, 1);
	EXPECT_EQUAL(event->protocol, 6);
	EXPECT_EQUAL(event->result, event->action == OSQ_SOCKET_ACCEPT ? 0 : -1);
	EXPECT_EQUAL(event->local_port, is_4 ? 258 : 259);
	EXPECT_EQUAL(event->scope, is_4 ? 0 : 4);
	EXPECT_EQUAL(named[0], is_4 ? 127 : 0xFE);
	EXPECT(!is_4 || !memcmp(named + 4, zeros, 12));
	if (event->action != OSQ_SOCKET_CONNECT)
		EXPECT(!event->remote_port && !memcmp(event->remote_address, zeros, 16));
	EXPECT_EQUAL(event->path_length, 0);
}

static void take(struct client *client, const struct osq_record_header *header, const void *data)
{
	EXPECT_EQUAL(header->finished, 1);
	if (!EXPECT(header->event > 0 && header->event < OSQ_EVENT_COUNT))
		return;
	client->counts[header->event]++;
	if (header->event == OSQ_EVENT_PROCESS) {
		client->children += ((const struct osq_process_event *)data)->pid == CHILD_PID;
		check_process(data);
	} else if (header->event == OSQ_EVENT_FILE) {
		memcpy(&client->file, data, sizeof(client->file));
		client->actions[client->file.action]++;
		check_file(data);
	} else if (header->event == OSQ_EVENT_SOCKET) {
		client->actions[((const struct osq_socket_event *)data)->action]++;
		check_socket(data);
	}
}

int client_read(struct client *client, int32_t options)
{
	struct osq_sync_args args = {.options = options, .read_offset = client->offset};
	int error = xnu_ioctl(client->device, OSQ_IOCTL_SYNC, &args);

	while (!error && client->offset != args.max_read_offset && !harness_failed()) {
		struct osq_record_header header = {0};

		if (client->size - client->offset >= sizeof(header))
			memcpy(&header, client->buffer + client->offset, sizeof(header));
		if (header.event == OSQ_EVENT_WRAP) {
			client->offset = 0;
			continue;
		}
		take(client, &header, client->buffer + client->offset + sizeof(header));
		client->offset += sizeof(header) + header.size;
	}
	return error;
}
