// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The extension stays while it has clients, and goes when the last one has gone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "echo_client.h"
#include "ktap.h"

#define CYCLES 5

static bool run(const char *variable)
{
	const char *command = getenv(variable);

	if (!command) {
		ktap_say("Bail out! %s is not set: who runs this test must say how", variable);
		exit(2);
	}
	fflush(stdout);
	return system(command) == 0;
}

static bool load(void)
{
	return run("KEXTDEV_LOAD");
}

static bool unload(void)
{
	return run("KEXTDEV_UNLOAD");
}

static void comes_and_goes(void)
{
	char answer[8];
	int i, client;

	for (i = 0; i < CYCLES; i++) {
		REQUIRE(load(), "it does not load, cycle %d", i);
		client = echo_client_open();
		EXPECT(client >= 0, "%s", strerror(errno));
		EXPECT(echo_client_send(client, "x", 1) == 1, "%s", strerror(errno));
		EXPECT(echo_client_receive(client, answer, 8, true) == 1, "%s", strerror(errno));
		echo_client_close(client);
		REQUIRE(unload(), "it does not unload, cycle %d", i);
		EXPECT_ERRNO(echo_client_open(), ENOENT);
	}
}

static void stays_while_it_has_a_client(void)
{
	char answer[8];
	int client;

	REQUIRE(load(), "it does not load");
	client = echo_client_open();
	EXPECT(client >= 0, "%s", strerror(errno));
	EXPECT(echo_client_send(client, "queued", 6) == 6, "%s", strerror(errno));
	EXPECT(!unload(), "it was unloaded under its client");
	EXPECT(echo_client_receive(client, answer, 8, true) == 6, "%s", strerror(errno));
	EXPECT(echo_client_send(client, "again", 5) == 5, "it works no more: %s", strerror(errno));
	echo_client_close(client);
	EXPECT(unload(), "it stays although nobody is connected");
}

/* A client that ends without closing is gone all the same. */
static void goes_after_a_client_that_died(void)
{
	int child, attempts = 0;

	REQUIRE(load(), "it does not load");
	child = ktap_fork();
	if (!child)
		_exit(echo_client_open() < 0);
	EXPECT(ktap_wait(child) == 0, "it could not connect");
	/* Its end is told a moment after it. */
	while (!unload() && attempts < 50)
		attempts++;
	EXPECT(attempts < 50, "it stays although its client died");
}

int main(void)
{
	static const struct ktap_test tests[] = {
	    {"comes and goes", comes_and_goes},
	    {"stays while it has a client", stays_while_it_has_a_client},
	    {"goes after a client that died", goes_after_a_client_that_died},
	};

	return KTAP_RUN(tests);
}
