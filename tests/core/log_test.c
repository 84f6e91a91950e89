/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log channel's core: who gets what, what is counted, what falls back to the system log. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "log_buffer.h"
#include "log_port.h"

#define SMALL   4096u /* bytes of a client's buffer */
#define THREADS 4
#define EACH    3000

struct client {
	struct osq_log_subscriber subscriber;
	struct osq_log_buffer buffer;
	char *memory;
	int refuses; /* an errno for whatever is put, or 0 */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t clock_now; /* stands still; the lock guards it */
static unsigned wakes, lines;
static char last_line[2048];

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
	__atomic_fetch_add(&wakes, 1, __ATOMIC_RELAXED);
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

static void begin(void)
{
	clock_now = 0;
	lines = 0;
	last_line[0] = '\0';
	osq_log_start("sample");
}

static struct client *connect_client(int32_t level, uint32_t size)
{
	struct client *client = calloc(1, sizeof(*client));

	client->memory = harness_buffer(size);
	osq_log_buffer_init(&client->buffer, client->memory, size);
	EXPECT_EQUAL(osq_log_subscribe(&client->subscriber, level), 0);
	return client;
}

static void disconnect_client(struct client *client)
{
	osq_log_unsubscribe(&client->subscriber);
	free(client->memory);
	free(client);
}

static void take(struct client *client, void *to, uint32_t size)
{
	char *at = to;

	while (size) {
		const char *bytes;
		uint32_t count = osq_log_buffer_peek(&client->buffer, &bytes);

		if (!EXPECT(count))
			return;
		count = count < size ? count : size;
		memcpy(at, bytes, count);
		osq_log_buffer_take(&client->buffer, count);
		at += count;
		size -= count;
	}
}

/* The next record, or false where there is none. */
static bool next(struct client *client, struct osq_log_record *record, char *text)
{
	const char *bytes;

	if (!osq_log_buffer_peek(&client->buffer, &bytes))
		return false;
	take(client, record, sizeof(*record));
	EXPECT_EQUAL(record->magic, OSQ_LOG_MAGIC);
	EXPECT_EQUAL(record->size, sizeof(*record) + record->text_length);
	take(client, text, record->text_length);
	text[record->text_length] = '\0';
	return true;
}

static struct osq_log_statistics statistics(const struct client *client)
{
	struct osq_log_statistics now;

	osq_log_get_statistics(client ? &client->subscriber : NULL, &now);
	EXPECT_EQUAL(now.sent, now.delivered + now.unwanted + now.system_log + now.lost);
	return now;
}

static void a_message_is_told_with_all_about_it(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct client *client;

	begin();
	client = connect_client(OSQ_LOG_TRACE, SMALL);
	clock_now = 12345;
	osq_log_warning("%s is %d", "it", 5);
	if (EXPECT(next(client, &record, text))) {
		EXPECT(!strcmp(text, "it is 5"));
		EXPECT_EQUAL(record.level, OSQ_LOG_WARNING);
		EXPECT_EQUAL(record.pid, 7);
		EXPECT_EQUAL(record.tid, 8);
		EXPECT_EQUAL(record.time, 12345);
		EXPECT_EQUAL(record.sequence, 1);
		EXPECT_EQUAL(record.flags, 0);
	}
	EXPECT(!next(client, &record, text));
	disconnect_client(client);
}

/* A message that is not made costs nothing: its arguments are not looked at. */
static int looks;

static int look(void)
{
	return ++looks;
}

static void below_the_level_nothing_is_made(void)
{
	struct osq_log_settings settings = {OSQ_LOG_ERROR, 5};

	begin();
	looks = 0;
	osq_log_debug("%d", look());
	EXPECT_EQUAL(osq_log_set_settings(&settings), 0);
	osq_log_warning("%d", look());
	EXPECT_EQUAL(looks, 0);
	EXPECT_EQUAL(statistics(NULL).sent, 0);
	osq_log_error("%d", look());
	EXPECT_EQUAL(looks, 1);
	settings.level = OSQ_LOG_OFF;
	EXPECT_EQUAL(osq_log_set_settings(&settings), 0);
	osq_log_error("%d", look());
	EXPECT_EQUAL(looks, 1);
	settings.level = OSQ_LOG_OFF + 1;
	EXPECT_EQUAL(osq_log_set_settings(&settings), EINVAL);
}

static void what_does_not_fit_is_counted(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct client *client;
	uint64_t got = 0, i;

	begin();
	client = connect_client(OSQ_LOG_TRACE, SMALL);
	for (i = 0; i < 200; i++)
		osq_log_info("message %llu", (unsigned long long)i);
	while (next(client, &record, text)) {
		EXPECT_EQUAL(record.sequence, ++got);
		EXPECT(!(record.flags & OSQ_LOG_DROPPED_BEFORE));
	}
	EXPECT(got > 20 && got < 200);
	EXPECT_EQUAL(statistics(client).client_dropped, 200 - got);
	EXPECT_EQUAL(statistics(client).full, 200 - got);
	osq_log_info("after it");
	if (EXPECT(next(client, &record, text))) {
		EXPECT(record.flags & OSQ_LOG_DROPPED_BEFORE);
		EXPECT_EQUAL(record.dropped, 200 - got);
	}
	osq_log_info("and then");
	EXPECT(next(client, &record, text) && !(record.flags & OSQ_LOG_DROPPED_BEFORE));
	disconnect_client(client);
}

static void lengths_are_kept_and_cut(void)
{
	static char letters[2 * OSQ_LOG_TEXT_MAX];
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct client *client;
	int length;

	begin();
	memset(letters, 'x', sizeof(letters));
	client = connect_client(OSQ_LOG_TRACE, SMALL);
	/* Around the buffer's end, too. */
	for (length = 0; length < (int)sizeof(letters); length += 61) {
		const bool cut = length > OSQ_LOG_TEXT_MAX;

		osq_log_info("%.*s", length, letters);
		if (!EXPECT(next(client, &record, text)))
			break;
		EXPECT_EQUAL(record.text_length, cut ? OSQ_LOG_TEXT_MAX : length);
		EXPECT_EQUAL(!!(record.flags & OSQ_LOG_TRUNCATED), cut);
		EXPECT_EQUAL(strspn(text, "x"), record.text_length);
	}
	disconnect_client(client);
}

/* So many at once, then so many in a second; and what was lost is said with the next line. */
static void nobodys_messages_go_to_the_system_log(void)
{
	const struct osq_log_settings settings = {OSQ_LOG_INFO, 5};
	unsigned i;

	begin();
	EXPECT_EQUAL(osq_log_set_settings(&settings), 0);
	osq_log_error("a\nb\033[31m");
	EXPECT(!strcmp(last_line, "sample: error 7/8 #1: a b [31m"));
	for (i = 0; i < 99; i++)
		osq_log_info("%u", i);
	EXPECT_EQUAL(lines, 50);
	EXPECT_EQUAL(statistics(NULL).system_log, 50);
	EXPECT_EQUAL(statistics(NULL).lost, 50);
	EXPECT_EQUAL(statistics(NULL).no_client, 100);
	clock_now += 1000000000;
	for (i = 0; i < 99; i++)
		osq_log_info("%u", i);
	EXPECT_EQUAL(lines, 56); /* five, and how many were lost */
	EXPECT_EQUAL(statistics(NULL).lost, 144);
}

static void reasons_are_told_apart(void)
{
	struct client *poor, *picky;

	begin();
	poor = connect_client(OSQ_LOG_TRACE, SMALL);
	picky = connect_client(OSQ_LOG_ERROR, SMALL);
	poor->refuses = ENOMEM;
	osq_log_info("nobody has room");
	EXPECT_EQUAL(statistics(poor).no_memory, 1);
	EXPECT_EQUAL(statistics(poor).client_dropped, 1);
	EXPECT_EQUAL(statistics(picky).client_unwanted, 1);
	osq_log_error("one has");
	EXPECT_EQUAL(statistics(poor).client_dropped, 2);
	EXPECT_EQUAL(statistics(picky).client_delivered, 1);
	EXPECT_EQUAL(statistics(picky).delivered, 1);
	EXPECT_EQUAL(osq_log_set_level(&poor->subscriber, OSQ_LOG_OFF), 0);
	osq_log_info("nobody wants it");
	EXPECT_EQUAL(statistics(NULL).unwanted, 1);
	EXPECT_EQUAL(statistics(NULL).clients, 2);
	disconnect_client(poor);
	disconnect_client(picky);
	EXPECT_EQUAL(statistics(NULL).clients, 0);
}

static void there_is_room_for_so_many_clients(void)
{
	struct client *clients[OSQ_LOG_CLIENTS_MAX];
	struct osq_log_subscriber other;
	unsigned i;

	begin();
	for (i = 0; i < OSQ_LOG_CLIENTS_MAX; i++)
		clients[i] = connect_client(OSQ_LOG_INFO, SMALL);
	EXPECT_EQUAL(osq_log_subscribe(&other, OSQ_LOG_INFO), EBUSY);
	EXPECT_EQUAL(osq_log_subscribe(&other, 0), EINVAL);
	disconnect_client(clients[3]);
	EXPECT_EQUAL(osq_log_subscribe(&other, OSQ_LOG_INFO), 0);
	osq_log_unsubscribe(&other);
	for (i = 0; i < OSQ_LOG_CLIENTS_MAX; i++)
		if (i != 3)
			disconnect_client(clients[i]);
}

static void *talk(void *argument)
{
	int i;

	(void)argument;
	for (i = 0; i < EACH; i++)
		osq_log_info("message %d", i);
	return NULL;
}

/* One reads while many talk: in order, and each message is there or counted. */
static void many_talk_while_one_reads(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	pthread_t threads[THREADS];
	struct osq_log_record record = {.dropped = 0};
	struct client *client, *silent;
	uint64_t got = 0, last = 0;
	int i;

	begin();
	client = connect_client(OSQ_LOG_TRACE, SMALL);
	silent = connect_client(OSQ_LOG_ERROR, SMALL);
	for (i = 0; i < THREADS; i++)
		EXPECT(!pthread_create(&threads[i], NULL, talk, NULL));
	for (;;) {
		const bool over = statistics(client).sent == THREADS * EACH;

		while (next(client, &record, text)) {
			EXPECT(record.sequence > last);
			last = record.sequence;
			got++;
		}
		if (over)
			break;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQUAL(got, statistics(client).client_delivered);
	EXPECT_EQUAL(got + statistics(client).client_dropped, THREADS * EACH);
	EXPECT_EQUAL(statistics(silent).client_unwanted, THREADS * EACH);
	disconnect_client(client);
	disconnect_client(silent);
}

static void the_end_is_told_to_all(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct client *client;

	begin();
	client = connect_client(OSQ_LOG_OFF, SMALL);
	osq_log_tell_closing();
	EXPECT(next(client, &record, text) && record.flags == OSQ_LOG_CLOSING);
	disconnect_client(client);
	osq_log_stop();
	osq_log_error("too late");
	EXPECT_EQUAL(lines, 0);
}

const struct test log_tests[] = {
    {"a_message_is_told_with_all_about_it", a_message_is_told_with_all_about_it},
    {"below_the_level_nothing_is_made", below_the_level_nothing_is_made},
    {"what_does_not_fit_is_counted", what_does_not_fit_is_counted},
    {"lengths_are_kept_and_cut", lengths_are_kept_and_cut},
    {"nobodys_messages_go_to_the_system_log", nobodys_messages_go_to_the_system_log},
    {"reasons_are_told_apart", reasons_are_told_apart},
    {"there_is_room_for_so_many_clients", there_is_room_for_so_many_clients},
    {"many_talk_while_one_reads", many_talk_while_one_reads},
    {"the_end_is_told_to_all", the_end_is_told_to_all},
    {NULL, NULL},
};
