// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_clients.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
uint64_t clock_now;
unsigned lines;
char last_line[2048];

osq_log_lock_state_t osq_log_port_lock(void)
{
	pthread_mutex_lock(&lock);
	return 0;
}

void osq_log_port_unlock(osq_log_lock_state_t state)
{
	(void)state;
	pthread_mutex_unlock(&lock);
}

uint64_t osq_log_port_time(void)
{
	return clock_now;
}

int osq_log_port_put(struct osq_log_subscriber *subscriber, const struct osq_log_record *record)
{
	struct client *client = (struct client *)subscriber;

	if (client->refuses)
		return client->refuses;
	return osq_log_buffer_put(&client->buffer, record) ? 0 : ENOBUFS;
}

void osq_log_port_wake(void)
{
}

void osq_log_port_system_log(int32_t level, const char *format, ...)
{
	va_list arguments;

	EXPECT(level >= OSQ_LOG_TRACE && level <= OSQ_LOG_ERROR);
	pthread_mutex_lock(&lock);
	va_start(arguments, format);
	vsnprintf(last_line, sizeof(last_line), format, arguments);
	va_end(arguments);
	lines++;
	pthread_mutex_unlock(&lock);
}

void begin(void)
{
	clock_now = 0;
	lines = 0;
	last_line[0] = '\0';
	osq_log_start("sample");
}

struct client *connect_client(int32_t level, uint32_t size)
{
	struct client *client = calloc(1, sizeof(*client));

	client->memory = harness_buffer(size);
	osq_log_buffer_init(&client->buffer, client->memory, size);
	EXPECT_EQUAL(osq_log_subscribe(&client->subscriber, level), 0);
	return client;
}

void disconnect_client(struct client *client)
{
	osq_log_unsubscribe(&client->subscriber);
	free(client->memory);
	free(client);
}

bool next(struct client *client, struct osq_log_record *record, char *text)
{
	char bytes[OSQ_LOG_RECORD_MAX];

	if (!osq_log_buffer_read(&client->buffer, bytes, sizeof(bytes)))
		return false;
	memcpy(record, bytes, sizeof(*record));
	EXPECT_EQUAL(record->magic, OSQ_LOG_MAGIC);
	EXPECT_EQUAL(record->size, sizeof(*record) + record->text_length);
	memcpy(text, bytes + sizeof(*record), record->text_length);
	text[record->text_length] = '\0';
	osq_log_buffer_take(&client->buffer, record->size);
	return true;
}

struct osq_log_statistics statistics(const struct client *client)
{
	struct osq_log_statistics now;

	osq_log_get_statistics(client ? &client->subscriber : NULL, &now);
	EXPECT_EQUAL(now.sent, now.delivered + now.unwanted + now.system_log + now.lost);
	EXPECT_EQUAL(now.client_sent,
	             now.client_delivered + now.client_unwanted + now.client_dropped);
	return now;
}
