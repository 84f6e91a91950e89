/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log channel of kext/darwin: who gets what, who may keep the extension, who races with whom.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#undef __linux__
#include "osq_log.h"

#include "../harness.h"
#include "xnu.h"

#define STREAM          "com.facebook.security.osquery.log.stream"
#define DATAGRAMS       "com.facebook.security.osquery.log"
#define CLIENTS         4
#define ROUNDS          40

#define XNU_ENOPROTOOPT 42

static bool begin(struct xnu_client *client)
{
	return EXPECT(xnu_load()) && EXPECT_EQUAL(xnu_control_connect(STREAM, client), 0);
}

static void end(const struct xnu_client *client)
{
	xnu_control_close(client);
	EXPECT(xnu_unload());
}

/* A message of the extension's: it has none that is made so easily as that it stays loaded. */
static void make_message(void)
{
	int device;

	if (EXPECT_EQUAL(xnu_open(&device), 0)) {
		EXPECT(!xnu_unload());
		xnu_close(device);
	}
}

static bool read_one(const struct xnu_client *client, struct osq_log_record *record, char *text)
{
	if (xnu_control_read(client, record, sizeof(*record)) != sizeof(*record))
		return false;
	return EXPECT(record->text_length <= OSQ_LOG_TEXT_MAX) &&
	       EXPECT_EQUAL(xnu_control_read(client, text, record->text_length),
	                    record->text_length);
}

static void a_client_gets_what_it_wants(void)
{
	const int32_t errors = OSQ_LOG_ERROR, all = OSQ_LOG_TRACE, none = 0;
	char text[OSQ_LOG_TEXT_MAX];
	struct osq_log_record record;
	struct osq_log_statistics now;
	size_t length = sizeof(now);
	struct xnu_client client;

	if (!begin(&client))
		return;
	make_message();
	if (EXPECT(read_one(&client, &record, text))) {
		EXPECT_EQUAL(record.magic, OSQ_LOG_MAGIC);
		EXPECT_EQUAL(record.level, OSQ_LOG_WARNING);
		EXPECT(!memcmp(text, "stays loaded", 12));
	}
	EXPECT_EQUAL(xnu_control_set(&client, OSQ_LOG_OPTION_LEVEL, &none, 4), EINVAL);
	EXPECT_EQUAL(xnu_control_set(&client, OSQ_LOG_OPTION_LEVEL, &errors, 3), EINVAL);
	EXPECT_EQUAL(xnu_control_set(&client, OSQ_LOG_OPTION_LEVEL, &errors, 4), 0);
	make_message();
	EXPECT(!read_one(&client, &record, text));
	EXPECT_EQUAL(xnu_control_set(&client, OSQ_LOG_OPTION_LEVEL, &all, 4), 0);
	EXPECT_EQUAL(xnu_control_get(&client, OSQ_LOG_OPTION_STATISTICS, &now, &length), 0);
	EXPECT_EQUAL(now.client_delivered, 1);
	EXPECT_EQUAL(now.client_unwanted, 1);
	EXPECT_EQUAL(now.clients, 1);
	EXPECT_EQUAL(now.sent, now.delivered + now.unwanted + now.system_log + now.lost);
	end(&client);
}

static void options_of_wrong_sizes_are_refused(void)
{
	struct osq_log_settings settings = {OSQ_LOG_DEBUG, 7};
	char room[sizeof(struct osq_log_statistics)];
	struct xnu_client client;
	size_t length = 1;
	int option;

	if (!begin(&client))
		return;
	for (option = OSQ_LOG_OPTION_LEVEL; option <= OSQ_LOG_OPTION_STATISTICS; option++) {
		length = 1;
		EXPECT_EQUAL(xnu_control_get(&client, option, room, &length), EINVAL);
		EXPECT_EQUAL(xnu_control_get(&client, option, NULL, &length), 0);
		EXPECT(length > 1);
		EXPECT_EQUAL(xnu_control_get(&client, option, room, &length), 0);
	}
	EXPECT_EQUAL(xnu_control_set(&client, OSQ_LOG_OPTION_SETTINGS, NULL, 0), EINVAL);
	EXPECT_EQUAL(xnu_control_set(&client, OSQ_LOG_OPTION_STATISTICS, room, sizeof(room)),
	             XNU_ENOPROTOOPT);
	EXPECT_EQUAL(xnu_control_set(&client, OSQ_LOG_OPTION_SETTINGS, &settings, sizeof(settings)),
	             0);
	end(&client);
}

static void sysctl_shows_and_sets(void)
{
	int32_t level = 0, wanted = OSQ_LOG_DEBUG, wrong = 99;
	uint64_t sent = 0;

	if (!EXPECT(xnu_load()))
		return;
	EXPECT_EQUAL(xnu_sysctl("sent", &sent, sizeof(sent), NULL, 0), 0);
	EXPECT(sent > 0);
	EXPECT_EQUAL(xnu_sysctl("level", &level, sizeof(level), &wanted, sizeof(wanted)), 0);
	EXPECT_EQUAL(level, OSQ_LOG_INFO);
	EXPECT_EQUAL(xnu_sysctl("level", &level, sizeof(level), &wrong, sizeof(wrong)), EINVAL);
	EXPECT_EQUAL(xnu_sysctl("level", &level, sizeof(level), NULL, 0), 0);
	EXPECT_EQUAL(level, OSQ_LOG_DEBUG);
	EXPECT(xnu_unload());
	EXPECT_EQUAL(xnu_sysctl("level", &level, sizeof(level), NULL, 0), ENOENT);
}

/* Told to go; where it does not, the extension stays, and takes clients again. */
static void a_client_that_stays_keeps_the_extension(void)
{
	struct xnu_client client, other;
	char text[OSQ_LOG_TEXT_MAX];
	struct osq_log_record record;
	bool closing = false;

	if (!begin(&client))
		return;
	EXPECT(!xnu_unload());
	while (read_one(&client, &record, text))
		closing = closing || record.flags & OSQ_LOG_CLOSING;
	EXPECT(closing);
	EXPECT_EQUAL(xnu_control_connect(DATAGRAMS, &other), 0);
	xnu_control_close(&other);
	make_message();
	end(&client);
}

static void a_start_that_fails_leaves_nothing(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		xnu_fail(XNU_NO_CONTROL, i);
		EXPECT(!xnu_load());
		EXPECT_EQUAL(xnu_remaining(), 0);
	}
	xnu_fail(XNU_NO_CONTROL, -1);
	EXPECT(xnu_load());
	EXPECT(xnu_unload());
}

/* Goes when it is told to. */
static void *obey(void *argument)
{
	char text[OSQ_LOG_TEXT_MAX];
	const struct xnu_client *client = argument;
	struct osq_log_record record = {.flags = 0};

	while (!(record.flags & OSQ_LOG_CLOSING))
		if (!read_one(client, &record, text))
			xnu_pause();
	xnu_control_close(client);
	return NULL;
}

static void a_client_that_obeys_does_not(void)
{
	struct xnu_client client;
	pthread_t thread;

	if (!begin(&client) || !EXPECT(!pthread_create(&thread, NULL, obey, &client)))
		return;
	EXPECT(xnu_unload());
	pthread_join(thread, NULL);
}

static void *come_and_go(void *argument)
{
	const char *name = argument;
	struct osq_log_statistics now;
	char bytes[4096];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		const int32_t level = OSQ_LOG_TRACE + i % 6;
		size_t length = sizeof(now);
		struct xnu_client client;
		int error = xnu_control_connect(name, &client);

		if (!EXPECT(!error || error == EBUSY) || error)
			continue;
		EXPECT_EQUAL(xnu_control_set(&client, OSQ_LOG_OPTION_LEVEL, &level, 4), 0);
		EXPECT_EQUAL(xnu_control_get(&client, OSQ_LOG_OPTION_STATISTICS, &now, &length), 0);
		EXPECT_EQUAL(now.client_level, level);
		(void)xnu_control_read(&client, bytes, sizeof(bytes));
		xnu_control_close(&client);
	}
	return NULL;
}

/* Clients come and go while messages are made, of the test request where there is one. */
static void clients_come_and_go_in_a_flood(void)
{
	struct osq_log_test test = {.threads = 4, .level = OSQ_LOG_INFO, .messages = 400};
	size_t length = sizeof(test);
	pthread_t threads[CLIENTS];
	struct xnu_client client;
	int i;

	if (!begin(&client))
		return;
	for (i = 0; i < CLIENTS; i++)
		EXPECT(!pthread_create(&threads[i], NULL, come_and_go,
		                       (void *)(uintptr_t)(i % 2 ? STREAM : DATAGRAMS)));
#ifdef OSQ_TEST_BUILD
	EXPECT_EQUAL(xnu_control_get(&client, OSQ_LOG_OPTION_TEST, &test, &length), 0);
	EXPECT(test.nanoseconds > 0);
#else
	EXPECT_EQUAL(xnu_control_get(&client, OSQ_LOG_OPTION_TEST, &test, &length),
	             XNU_ENOPROTOOPT);
	make_message();
#endif
	for (i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	end(&client);
}

const struct test darwin_log_tests[] = {
    {"a_client_gets_what_it_wants", a_client_gets_what_it_wants},
    {"options_of_wrong_sizes_are_refused", options_of_wrong_sizes_are_refused},
    {"sysctl_shows_and_sets", sysctl_shows_and_sets},
    {"a_client_that_stays_keeps_the_extension", a_client_that_stays_keeps_the_extension},
    {"a_client_that_obeys_does_not", a_client_that_obeys_does_not},
    {"a_start_that_fails_leaves_nothing", a_start_that_fails_leaves_nothing},
    {"clients_come_and_go_in_a_flood", clients_come_and_go_in_a_flood},
    {NULL, NULL},
};
