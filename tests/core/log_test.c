/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log channel's core: who gets what, what is counted, what falls back to the system log. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "log_clients.h"

#define SMALL   4096u /* bytes of a client's buffer */
#define THREADS 4
#define EACH    3000

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

static struct osq_log_closing last_record(struct client *client)
{
	struct osq_log_closing closing = {.record = {.flags = 0}};

	EXPECT_EQUAL(osq_log_buffer_read(&client->buffer, &closing, sizeof(closing)),
	             sizeof(closing));
	EXPECT(closing.record.flags & OSQ_LOG_CLOSING);
	EXPECT_EQUAL(closing.record.dropped, closing.statistics.client_dropped);
	osq_log_buffer_take(&client->buffer, sizeof(closing));
	return closing;
}

/* As soon as there is room for that; what is said then is counted, and said again where it stays.
 */
static void the_end_is_told_to_all(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct osq_log_closing closing;
	struct client *client, *full;

	begin();
	osq_log_info("to nobody");
	client = connect_client(OSQ_LOG_WARNING, SMALL);
	full = connect_client(OSQ_LOG_TRACE, SMALL);
	osq_log_info("unwanted");
	full->refuses = ENOBUFS;
	EXPECT(!osq_log_tell_closing());
	closing = last_record(client);
	EXPECT_EQUAL(closing.statistics.sent, 2);
	EXPECT_EQUAL(closing.statistics.client_sent, 1);
	EXPECT_EQUAL(closing.statistics.client_unwanted, 1);
	osq_log_error("too late");
	EXPECT(!strcmp(last_line, "sample: error 7/8 #3: too late"));
	full->refuses = 0;
	EXPECT(osq_log_tell_closing());
	EXPECT(!next(client, &record, text));
	EXPECT(next(full, &record, text) && record.sequence == 2);
	closing = last_record(full);
	EXPECT(closing.record.flags & OSQ_LOG_DROPPED_BEFORE);
	EXPECT_EQUAL(closing.statistics.client_dropped, 1);
	osq_log_stay_open();
	osq_log_error("it stays");
	EXPECT(next(client, &record, text) && record.dropped == 1);
	EXPECT(next(full, &record, text) && record.sequence == 4);
	EXPECT_EQUAL(statistics(client).client_sent, 3);
	disconnect_client(client);
	disconnect_client(full);
}

/* Records that were put and will not reach the client any more. */
static void what_is_left_is_dropped(void)
{
	struct osq_log_closing closing;
	struct client *client;
	uint32_t left, i;

	begin();
	client = connect_client(OSQ_LOG_TRACE, SMALL);
	for (i = 0; i < 200; i++)
		osq_log_info("message %u", i);
	left = osq_log_buffer_count(&client->buffer);
	EXPECT_EQUAL(left, statistics(client).client_delivered);
	osq_log_close(&client->subscriber, left, &closing);
	EXPECT_EQUAL(closing.statistics.clients, 1);
	EXPECT_EQUAL(statistics(NULL).clients, 0);
	EXPECT_EQUAL(closing.statistics.client_dropped, 200);
	EXPECT_EQUAL(closing.statistics.client_delivered, 0);
	EXPECT_EQUAL(closing.record.dropped, 200);
	disconnect_client(client);
}

static void the_last_lost_ones_are_told(void)
{
	const struct osq_log_settings settings = {OSQ_LOG_INFO, 0};

	begin();
	EXPECT_EQUAL(osq_log_set_settings(&settings), 0);
	osq_log_info("to nobody");
	osq_log_info("to nobody");
	EXPECT_EQUAL(lines, 0);
	osq_log_stop();
	EXPECT(!strncmp(last_line, "sample: 2 messages were lost: ", 30));
	osq_log_error("too late");
	EXPECT_EQUAL(lines, 1);
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
    {"what_is_left_is_dropped", what_is_left_is_dropped},
    {"the_last_lost_ones_are_told", the_last_lost_ones_are_told},
    {NULL, NULL},
};
