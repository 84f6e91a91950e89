/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Everything that kext/darwin can be asked, at the same time, until enough of it has been done. */
#include "client.h"

#define CLIENTS  3
#define TRAFFIC  3
#define OPENINGS 12 /* each client's */
#define UNLOADS  4

#ifdef OSQ_TEST_BUILD
#define MANY_OPENERS true
#else
#define MANY_OPENERS false
#endif

static bool over;
static int clients;
static uint32_t unloads;

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_SEQ_CST) || harness_failed();
}

static void *make_traffic(void *argument)
{
	struct random random = harness_random((uint64_t)(uintptr_t)argument);
	struct xnu_task *task = xnu_task_make(SPAWNER_PID + (int)(intptr_t)argument);
	static void (*const use[])(void) = {xnu_connect, xnu_bind, xnu_accept};

	xnu_task_switch(task);
	while (!is_over()) {
		uint32_t dice = random_below(&random, 8);

		if (dice < 3)
			xnu_spawn(CHILD_PID, "/bin/child", dice == 0);
		else if (dice < 6)
			use[dice - 3]();
		else
			xnu_file_operation(dice == 6 ? XNU_OPEN : XNU_CLOSE, XNU_FILE, "/etc/hosts",
			                   0);
	}
	xnu_task_switch(NULL);
	xnu_task_release(task);
	return NULL;
}

static void *interrupt(void *task)
{
	int i;

	for (i = 0; i < 40; i++)
		xnu_pause();
	xnu_task_signal(task);
	return NULL;
}

static void read_until_interrupted(struct client *client, struct random *random)
{
	static const int32_t events[] = {OSQ_EVENT_FILE, OSQ_EVENT_SOCKET, OSQ_EVENT_PROCESS};
	int error = 0;

	while (!error && !xnu_task_is_signalled(client->task)) {
		int32_t event = events[random_below(random, 3)];

		EXPECT_EQUAL(client_subscribe(client, event, random_below(random, 4)), 0);
		error = client_read(client, (int32_t)random_below(random, 2));
	}
	EXPECT(!error || error == EINTR);
}

static void use_device(struct client *client, struct random *random)
{
	pthread_t interrupter;

	EXPECT_EQUAL(client_allocate(client, OSQ_BUFFER_MIN << random_below(random, 8)), 0);
	if (!EXPECT(!pthread_create(&interrupter, NULL, interrupt, client->task)))
		return;
	if (random_below(random, 2))
		client_prefix(client, true, "/etc");
	read_until_interrupted(client, random);
	pthread_join(interrupter, NULL);
}

/* A test build's other openers: its buffer is for one process, as ever. */
static void produce(const struct client *client, struct random *random)
{
	uint32_t i;

	for (i = random_below(random, 2000); i; i--) {
		int32_t event = i % 2 ? OSQ_EVENT_TEST_0 : OSQ_EVENT_TEST_1;

		EXPECT_EQUAL(xnu_ioctl(client->device, OSQ_IOCTL_TEST, &event), 0);
	}
}

static void ask_from_elsewhere(struct client *client)
{
	struct xnu_task *stranger = xnu_task_make(900);

	xnu_task_switch(stranger);
	client_subscribe(client, OSQ_EVENT_FILE, true);
	xnu_task_switch(client->task);
	xnu_task_release(stranger);
}

static void *open_and_close(void *argument)
{
	struct random random = harness_random(50 + (uint64_t)(uintptr_t)argument);
	struct client client;
	int opened = 0;

	while (opened < OPENINGS && !harness_failed()) {
		int error = client_open(&client);

		if (error) {
			EXPECT(error == EBUSY || error == ENOENT || error == ENXIO);
			xnu_pause();
			continue;
		}
		opened++;
		if (MANY_OPENERS && argument) {
			produce(&client, &random);
		} else {
			use_device(&client, &random);
			if (random_below(&random, 4) == 0)
				ask_from_elsewhere(&client);
		}
		client_close(&client);
	}
	__atomic_fetch_sub(&clients, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Between clients it succeeds, and after the last one for sure. */
static void *unload_and_load(void *argument)
{
	(void)argument;
	while (!harness_failed() &&
	       (unloads < UNLOADS || __atomic_load_n(&clients, __ATOMIC_SEQ_CST))) {
		xnu_pause();
		if (!xnu_unload())
			continue;
		unloads++;
		if (!EXPECT(xnu_load()))
			break;
	}
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void everything_at_once(void)
{
	pthread_t threads[CLIENTS + TRAFFIC + 1];
	size_t count = 0, i;

	if (!EXPECT(xnu_load()))
		return;
	over = false;
	clients = CLIENTS;
	unloads = 0;
	for (i = 0; i < TRAFFIC; i++)
		EXPECT(!pthread_create(&threads[count++], NULL, make_traffic, (void *)i));
	for (i = 0; i < CLIENTS; i++)
		EXPECT(!pthread_create(&threads[count++], NULL, open_and_close, (void *)i));
	EXPECT(!pthread_create(&threads[count++], NULL, unload_and_load, NULL));
	while (count)
		pthread_join(threads[--count], NULL);
	EXPECT(xnu_unload());
}

const struct test darwin_race_tests[] = {
    {"everything_at_once", everything_at_once},
    {NULL, NULL},
};
