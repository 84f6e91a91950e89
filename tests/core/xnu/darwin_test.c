/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* kext/darwin on as much of XNU as it calls: what it answers, tells, and leaves behind. */
#include "client.h"

#define RING (1u << 20)

static void *run_traffic(void *argument)
{
	struct xnu_task *task = xnu_task_make(SPAWNER_PID);

	(void)argument;
	xnu_task_switch(task);
	xnu_file_operation(XNU_OPEN, XNU_FILE, "/etc/hosts", 0);
	xnu_file_operation(XNU_CLOSE, XNU_FILE, "/etc/hosts", 2);
	xnu_file_operation(XNU_CLOSE, XNU_STRANGE_FILE, "/etcetera", 0);
	xnu_file_operation(XNU_OPEN, XNU_DIRECTORY, "/etc", 0);
	xnu_file_operation(XNU_RENAME, XNU_FILE, "/etc/hosts", 0);
	xnu_spawn(CHILD_PID, "/bin/child", true);
	xnu_spawn(CHILD_PID, "/bin/child", false);
	xnu_connect();
	xnu_bind();
	xnu_accept();
	xnu_task_switch(NULL);
	xnu_task_release(task);
	return NULL;
}

/* In a thread of its own, so that the caller's task stays what it is. */
static void make_traffic(void)
{
	pthread_t thread;

	if (EXPECT(!pthread_create(&thread, NULL, run_traffic, NULL)))
		pthread_join(thread, NULL);
}

static const int32_t events[] = {OSQ_EVENT_PROCESS, OSQ_EVENT_FILE, OSQ_EVENT_SOCKET};

static void subscribe_all(const struct client *client, bool on)
{
	size_t i;

	for (i = 0; i < 3; i++)
		EXPECT_EQUAL(client_subscribe(client, events[i], on), 0);
}

static bool begin(struct client *client)
{
	if (!EXPECT(xnu_load()) || !EXPECT(!client_open(client)))
		return false;
	return EXPECT_EQUAL(client_allocate(client, RING), 0);
}

static void end(struct client *client)
{
	client_close(client);
	EXPECT(xnu_unload());
}

static void starts_and_stops_without_a_trace(void)
{
	EXPECT(xnu_load());
	EXPECT(xnu_remaining() > 0);
	EXPECT(xnu_unload());
	xnu_fail(XNU_NO_MAJOR, 0);
	EXPECT(!xnu_load());
	xnu_fail(XNU_NO_NODE, 0);
	EXPECT(!xnu_load());
	EXPECT(xnu_load());
	EXPECT(xnu_unload());
}

static void is_for_one_superuser(void)
{
	struct client client, second;
	struct osq_sync_args args = {.options = OSQ_SYNC_NO_BLOCK};

	if (!EXPECT(xnu_load()))
		return;
	xnu_task_make_superuser(false);
	EXPECT_EQUAL(client_open(&second), EPERM);
	xnu_task_make_superuser(true);
	if (EXPECT(!client_open(&client))) {
#ifndef OSQ_TEST_BUILD
		EXPECT_EQUAL(client_open(&second), EBUSY);
		xnu_task_switch(client.task);
#endif
		xnu_task_make_superuser(false);
		EXPECT_EQUAL(xnu_ioctl(client.device, OSQ_IOCTL_SYNC, &args), EPERM);
		xnu_task_make_superuser(true);
		EXPECT(!xnu_unload());
		client_close(&client);
	}
	EXPECT_EQUAL(client_open(&client), 0);
	end(&client);
}

static void misuse_gets_its_errno(void)
{
	struct osq_sync_args args = {.options = OSQ_SYNC_NO_BLOCK};
	struct client client;

	if (!EXPECT(xnu_load()) || !EXPECT(!client_open(&client)))
		return;
	EXPECT_EQUAL(xnu_ioctl(client.device, OSQ_IOCTL_SYNC, &args), EINVAL);
	EXPECT_EQUAL(xnu_ioctl(client.device, OSQ_IOWR(9, args), &args), ENOTTY);
	EXPECT_EQUAL(xnu_ioctl(client.device, OSQ_IOW(2, args), &args), ENOTTY);
	EXPECT_EQUAL(client_allocate(&client, OSQ_BUFFER_MIN - 1), EINVAL);
	EXPECT_EQUAL(client_allocate(&client, OSQ_BUFFER_MAX + 1ULL), EINVAL);
	xnu_fail(XNU_NO_MAPPING, 0);
	EXPECT_EQUAL(client_allocate(&client, RING), ENOMEM);
	EXPECT_EQUAL(client_allocate(&client, RING), 0);
	EXPECT_EQUAL(client_allocate(&client, RING), EINVAL);
	/* As a program that keeps the request in an int hands it over. */
	EXPECT_EQUAL(xnu_ioctl(client.device, OSQ_IOCTL_SYNC | 0xFFFFFFFFUL << 32, &args), 0);
	args.read_offset = 4;
	EXPECT_EQUAL(xnu_ioctl(client.device, OSQ_IOCTL_SYNC, &args), EINVAL);
	args.options = 2;
	EXPECT_EQUAL(xnu_ioctl(client.device, OSQ_IOCTL_SYNC, &args), EINVAL);
	EXPECT_EQUAL(client_subscribe(&client, 0, true), EINVAL);
	EXPECT_EQUAL(client_subscribe(&client, OSQ_EVENT_COUNT, true), EINVAL);
	EXPECT_EQUAL(client_prefix(&client, true, "etc"), EINVAL);
	EXPECT_EQUAL(client_prefix(&client, false, "/etc"), ENOENT);
	EXPECT_EQUAL(client_prefix(&client, true, "/etc"), 0);
	EXPECT_EQUAL(client_prefix(&client, true, "/etc"), EEXIST);
	end(&client);
}

static void tells_what_happened(void)
{
	struct client client;

	if (!begin(&client))
		return;
	make_traffic();
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_NO_BLOCK), 0);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_FILE], 0);
	subscribe_all(&client, true);
	subscribe_all(&client, true);
	make_traffic();
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_BLOCK), 0);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_PROCESS], 1);
	EXPECT_EQUAL(client.children, 1);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_FILE], 3);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_SOCKET], 6);
	EXPECT_EQUAL(client.actions[1], 1 + 2); /* opened; connected by both internets */
	EXPECT_EQUAL(client.actions[2], 1 + 2); /* closed; accepted */
	EXPECT_EQUAL(client.actions[3], 2);     /* bound */
	EXPECT_EQUAL(client.actions[4], 1);     /* closed after modification */
	EXPECT_EQUAL(client.file.mode, -1);
	subscribe_all(&client, false);
	make_traffic();
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_NO_BLOCK), 0);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_FILE], 3);
	end(&client);
}

static void keeps_to_the_prefixes_and_from_its_client(void)
{
	struct client client;

	if (!begin(&client))
		return;
	subscribe_all(&client, true);
	xnu_file_operation(XNU_OPEN, XNU_FILE, "/etc/hosts", 0); /* the client's own */
	xnu_connect();
	EXPECT_EQUAL(client_prefix(&client, true, "/usr"), 0);
	EXPECT_EQUAL(client_prefix(&client, true, "/etc"), 0);
	make_traffic();
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_NO_BLOCK), 0);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_FILE], 2);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_SOCKET], 6);
	EXPECT(!strcmp(client.file.path, "/etc/hosts"));
	EXPECT_EQUAL(client_prefix(&client, false, "/etc"), 0);
	make_traffic();
	EXPECT_EQUAL(client_prefix(&client, false, "/usr"), 0);
	make_traffic();
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_NO_BLOCK), 0);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_FILE], 2 + 3);
	end(&client);
}

static void a_subscription_that_fails_leaves_nothing(void)
{
	static const struct {
		enum xnu_failure what;
		int32_t event;
		int after, error;
	} cases[] = {
	    {XNU_NO_LISTENER, OSQ_EVENT_FILE, 0, ENOMEM},
	    {XNU_NO_LISTENER, OSQ_EVENT_PROCESS, 0, ENOMEM},
	    {XNU_NO_POLICY, OSQ_EVENT_PROCESS, 0, EEXIST},
	    {XNU_NO_FILTER, OSQ_EVENT_SOCKET, 0, ENOBUFS},
	    {XNU_NO_FILTER, OSQ_EVENT_SOCKET, 3, ENOBUFS},
	};
	struct client client;
	long before;
	size_t i;

	if (!begin(&client))
		return;
	before = xnu_remaining();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		xnu_fail(cases[i].what, cases[i].after);
		EXPECT_EQUAL(client_subscribe(&client, cases[i].event, true), cases[i].error);
		EXPECT_EQUAL(xnu_remaining(), before);
	}
	subscribe_all(&client, true);
	make_traffic();
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_NO_BLOCK), 0);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_PROCESS], 1);
	end(&client);
}

static void *sleep_for_events(void *argument)
{
	struct client *client = argument;

	xnu_task_switch(client->task);
	return (void *)(intptr_t)client_read(client, OSQ_SYNC_BLOCK);
}

static int join(pthread_t sleeper)
{
	void *result;

	pthread_join(sleeper, &result);
	return (int)(intptr_t)result;
}

/* Whether it sleeps by then or is on its way: it must not stay asleep. */
static void a_sleeper_wakes(void)
{
	struct xnu_task *stranger = xnu_task_make(900);
	struct client client;
	pthread_t sleeper;

	if (!begin(&client))
		return;
	subscribe_all(&client, true);
	EXPECT(!pthread_create(&sleeper, NULL, sleep_for_events, &client));
	make_traffic();
	EXPECT_EQUAL(join(sleeper), 0);
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_NO_BLOCK), 0);

	/* Another process that asks ends the queue. */
	EXPECT(!pthread_create(&sleeper, NULL, sleep_for_events, &client));
	xnu_pause();
	xnu_task_switch(stranger);
	EXPECT_EQUAL(client_subscribe(&client, OSQ_EVENT_FILE, true), 0);
	EXPECT_EQUAL(join(sleeper), EINVAL);
	EXPECT_EQUAL(client_allocate(&client, RING), 0);
	xnu_task_switch(client.task);
	EXPECT_EQUAL(client_allocate(&client, RING), 0);

	EXPECT(!pthread_create(&sleeper, NULL, sleep_for_events, &client));
	xnu_pause();
	xnu_task_signal(client.task);
	EXPECT_EQUAL(join(sleeper), EINTR);
	end(&client);
	xnu_task_release(stranger);
}

struct ending {
	struct client *client;
	bool ended;
};

static void *unsubscribe(void *argument)
{
	struct ending *ending = argument;

	xnu_task_switch(ending->client->task);
	EXPECT_EQUAL(client_subscribe(ending->client, OSQ_EVENT_FILE, false), 0);
	__atomic_store_n(&ending->ended, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void the_end_of_a_subscription_waits_for_who_is_inside(void)
{
	struct client client;
	struct ending ending = {.client = &client};
	pthread_t traffic, end_of_it;
	int i;

	if (!begin(&client))
		return;
	EXPECT_EQUAL(client_subscribe(&client, OSQ_EVENT_FILE, true), 0);
	xnu_hold_attributes();
	EXPECT(!pthread_create(&traffic, NULL, run_traffic, NULL));
	xnu_wait_for_held();
	EXPECT(!pthread_create(&end_of_it, NULL, unsubscribe, &ending));
	for (i = 0; i < 1000; i++)
		xnu_pause();
	EXPECT(!__atomic_load_n(&ending.ended, __ATOMIC_SEQ_CST));
	xnu_give_attributes();
	pthread_join(traffic, NULL);
	pthread_join(end_of_it, NULL);
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_NO_BLOCK), 0);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_FILE], 1); /* of the one who was inside */
	end(&client);
}

#ifdef OSQ_TEST_BUILD
static void numbers_test_events_by_opening(void)
{
	int32_t event = OSQ_EVENT_TEST_1;
	struct client client;
	uint32_t number, first;
	int other, i;

	if (!begin(&client) || !EXPECT(!xnu_open(&other)))
		return;
	for (i = 0; i < 4; i++)
		EXPECT_EQUAL(xnu_ioctl(i % 2 ? other : client.device, OSQ_IOCTL_TEST, &event), 0);
	event = OSQ_EVENT_SOCKET;
	EXPECT_EQUAL(xnu_ioctl(other, OSQ_IOCTL_TEST, &event), EINVAL);
	xnu_close(other);
	EXPECT_EQUAL(client_read(&client, OSQ_SYNC_NO_BLOCK), 0);
	EXPECT_EQUAL(client.counts[OSQ_EVENT_TEST_1], 4);
	memcpy(&first, client.buffer + sizeof(struct osq_record_header), sizeof(first));
	for (i = 0; i < 4; i++) {
		memcpy(&number, client.buffer + 24 + i * (24 + 40), sizeof(number));
		EXPECT_EQUAL(number, first + ((uint32_t)(i % 2) << 20) + (uint32_t)(i / 2));
	}
	end(&client);
}
#endif

const struct test darwin_tests[] = {
    {"starts_and_stops_without_a_trace", starts_and_stops_without_a_trace},
    {"is_for_one_superuser", is_for_one_superuser},
    {"misuse_gets_its_errno", misuse_gets_its_errno},
    {"tells_what_happened", tells_what_happened},
    {"keeps_to_the_prefixes_and_from_its_client", keeps_to_the_prefixes_and_from_its_client},
    {"a_subscription_that_fails_leaves_nothing", a_subscription_that_fails_leaves_nothing},
    {"a_sleeper_wakes", a_sleeper_wakes},
    {"the_end_of_a_subscription_waits_for_who_is_inside",
     the_end_of_a_subscription_waits_for_who_is_inside},
#ifdef OSQ_TEST_BUILD
    {"numbers_test_events_by_opening", numbers_test_events_by_opening},
#endif
    {NULL, NULL},
};
