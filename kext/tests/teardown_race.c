// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Clients die and the extension goes in the middle of traffic: processes that execute, open files
 * and connect without a pause, and producers of test events. Needs a test build.
 *
 *	teardown_race [--rounds 8]
 *
 * When the kill comes varies: after so many syncs, which differ from round to round.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "osq_client.h"
#include "extension.h"
#include "ktap.h"
#include "options.h"

#define RING      (1u << 20)
#define PRODUCERS 3

static uint64_t option_rounds = 8;

/* Until killed. */
static void execute_for_ever(void)
{
	const char *program = client_program();

	for (;;) {
		int child = fork();

		if (!child) {
			execl(program, program, CLIENT_NOTHING, (char *)NULL);
			_exit(127);
		}
		ktap_wait(child);
	}
}

static void open_files_for_ever(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/osq-teardown-%d", getpid());
	for (;;) {
		int file = open(path, O_CREAT | O_RDWR, 0600);

		if (write(file, "x", 1) != 1)
			_exit(1);
		close(file);
		unlink(path);
	}
}

static void connect_for_ever(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (;;) {
		int made = socket(AF_INET, SOCK_DGRAM, 0);

		if (connect(made, (struct sockaddr *)&address, sizeof(address)) &&
		    errno != ENETUNREACH)
			_exit(1);
		close(made);
	}
}

/* Opens the device and produces; told through `ready` once it has. */
static void produce_for_ever(int ready)
{
	int device = osq_handle_open(O_RDWR);
	int32_t event = OSQ_EVENT_TEST_0;

	if (device < 0 || write(ready, "", 1) != 1)
		_exit(1);
	for (;;) {
		if (osq_handle_request(device, OSQ_IOCTL_TEST, &event))
			_exit(1);
		event ^= OSQ_EVENT_TEST_0 ^ OSQ_EVENT_TEST_1;
	}
}

/* Subscribes all and reads; tells of each sync that brought something. */
static void read_for_ever(int progress)
{
	static const int32_t events[] = {OSQ_EVENT_PROCESS, OSQ_EVENT_FILE, OSQ_EVENT_SOCKET};
	struct osq_reader reader;
	size_t i;

	if (osq_reader_open(&reader, RING, OSQ_VERSION_TEST))
		_exit(1);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (osq_reader_subscribe(&reader, events[i], true))
			_exit(1);
	while (!osq_reader_sync(&reader, OSQ_SYNC_BLOCK)) {
		while (osq_reader_next(&reader))
			;
		if (write(progress, "", 1) != 1)
			_exit(1);
	}
	_exit(1);
}

static int start(void (*work)(void))
{
	int child = ktap_fork();

	if (!child)
		work();
	return child;
}

static int start_told(void (*work)(int), int pipe)
{
	int child = ktap_fork();

	if (!child)
		work(pipe);
	return child;
}

static void end(int child)
{
	kill(child, SIGKILL);
	EXPECT(ktap_wait(child) == 128 + SIGKILL, "had ended before it was killed");
}

static void await(int pipe, uint64_t count)
{
	char byte;

	while (count--)
		if (!EXPECT(read(pipe, &byte, 1) == 1, "nobody is left to tell"))
			return;
}

/* One client killed after so many syncs, its producers before or after it. */
static void kill_client(uint64_t round, bool producers_first)
{
	int producers[PRODUCERS], client, progress[2], ready[2], i;

	REQUIRE(!pipe(progress) && !pipe(ready), "%s", strerror(errno));
	client = start_told(read_for_ever, progress[1]);
	await(progress[0], 1);
	for (i = 0; i < PRODUCERS; i++)
		producers[i] = start_told(produce_for_ever, ready[1]);
	await(ready[0], PRODUCERS);
	close(progress[1]);
	await(progress[0], round % 7 + 1);
	if (!producers_first)
		end(client);
	for (i = 0; i < PRODUCERS; i++)
		end(producers[i]);
	if (producers_first)
		end(client);
	close(progress[0]);
	close(ready[0]);
	close(ready[1]);
}

static void start_traffic(int traffic[3])
{
	traffic[0] = start(execute_for_ever);
	traffic[1] = start(open_files_for_ever);
	traffic[2] = start(connect_for_ever);
}

static void end_traffic(int traffic[3])
{
	int i;

	for (i = 0; i < 3; i++)
		end(traffic[i]);
}

static void clients_are_killed(void)
{
	struct osq_reader reader;
	int traffic[3];
	uint64_t round;

	REQUIRE(extension_load(), "the extension does not load");
	start_traffic(traffic);
	for (round = 0; round < option_rounds && !ktap_failed(); round++) {
		kill_client(round, round % 2);
		ktap_progress(round + 1, option_rounds);
	}
	end_traffic(traffic);
	if (client_open(&reader, RING)) {
		client_sees_an_exec(&reader);
		osq_reader_close(&reader);
	}
	extension_must_unload();
}

/* A killed process has given everything back before it can be waited for: no second try. */
static void unloaded_in_the_middle(void)
{
	int traffic[3];
	uint64_t round;

	start_traffic(traffic);
	for (round = 0; round < option_rounds && !ktap_failed(); round++) {
		REQUIRE(extension_load(), "the extension does not load");
		kill_client(round, round % 2);
		extension_must_unload();
		ktap_progress(round + 1, option_rounds);
	}
	end_traffic(traffic);
	EXPECT(!extension_is_listed(), "something was left behind");
}

/* It must never come off while somebody has it open. */
static bool stays_under_a_client(void)
{
	int client, traffic, progress[2];
	bool unloaded;

	if (!EXPECT(!pipe(progress), "%s", strerror(errno)))
		return false;
	traffic = start(execute_for_ever);
	client = start_told(read_for_ever, progress[1]);
	close(progress[1]);
	await(progress[0], 1);
	unloaded = extension_unload();
	await(progress[0], 1);
	end(client);
	end(traffic);
	close(progress[0]);
	return EXPECT(!unloaded, "unloaded under a client");
}

static void unloading_while_clients_come_and_go(void)
{
	uint64_t round;

	REQUIRE(extension_load(), "the extension does not load");
	for (round = 0; round < option_rounds && stays_under_a_client(); round++)
		ktap_progress(round + 1, option_rounds);
	extension_must_unload();
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"clients_are_killed", clients_are_killed},
	    {"unloaded_in_the_middle", unloaded_in_the_middle},
	    {"unloading_while_clients_come_and_go", unloading_while_clients_come_and_go},
	};
	const struct option_number options[] = {
	    {"--rounds", &option_rounds, 1, 100000},
	    {NULL, NULL, 0, 0},
	};

	if (argc == 2 && !strcmp(argv[1], CLIENT_NOTHING))
		return 0;
	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
