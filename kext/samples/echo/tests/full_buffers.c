// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Clients that do not read: what there is no room for is refused and counted; nothing else. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "echo_client.h"
#include "ktap.h"

static struct echo_counters read_counters(int client)
{
	struct echo_counters counters = {0};
	size_t length = sizeof(counters);

	EXPECT(!echo_client_get(client, ECHO_OPTION_COUNTERS, &counters, &length), "%s",
	       strerror(errno));
	return counters;
}

/* Sends until there is no room; how many were sent. */
static int64_t fill(int client, const void *message, size_t length)
{
	int64_t count = 0;

	while (count < ECHO_BUFFER && echo_client_send(client, message, length) >= 0)
		count++;
	EXPECT(errno == ENOBUFS, "%s after %lld messages", strerror(errno), (long long)count);
	return count;
}

static void who_does_not_read_gets_no_more(void)
{
	static char message[4096], answer[4096];
	const int client = echo_client_open(), other = echo_client_open();
	struct echo_counters before, after;
	int64_t count, i;

	REQUIRE(client >= 0 && other >= 0, "%s", strerror(errno));
	before = read_counters(client);
	memset(message, 'm', sizeof(message));
	count = fill(client, message, sizeof(message));
	EXPECT(count > 0 && count * (int64_t)sizeof(message) <= ECHO_BUFFER, "%lld messages",
	       (long long)count);
	after = read_counters(client);
	EXPECT(after.dropped - before.dropped == 1, "%lld dropped",
	       (long long)(after.dropped - before.dropped));
	EXPECT(after.answers - before.answers == count, "%lld answers",
	       (long long)(after.answers - before.answers));
	EXPECT(after.messages - before.messages == count + 1, "%lld messages",
	       (long long)(after.messages - before.messages));

	/* The other one is not concerned, and one answer read is room for one more. */
	EXPECT(echo_client_send(other, "x", 1) == 1, "%s", strerror(errno));
	EXPECT(echo_client_receive(other, answer, 9, true) == 1, "%s", strerror(errno));
	EXPECT(echo_client_receive(client, answer, sizeof(answer), true) == sizeof(answer));
	EXPECT(echo_client_send(client, message, sizeof(message)) > 0, "%s", strerror(errno));
	EXPECT_ERRNO(echo_client_send(client, message, sizeof(message)), ENOBUFS);
	for (i = 0; i < count; i++)
		EXPECT(echo_client_receive(client, answer, sizeof(answer), false) ==
		               sizeof(answer) &&
		           !memcmp(answer, message, sizeof(answer)),
		       "answer %lld", (long long)i);
	EXPECT_ERRNO(echo_client_receive(client, answer, sizeof(answer), false), EAGAIN);
	echo_client_close(client);
	echo_client_close(other);
}

/* Small ones need more memory than they have bytes. */
static void small_messages_fill_it_sooner(void)
{
	const int client = echo_client_open();
	int64_t count;

	REQUIRE(client >= 0, "%s", strerror(errno));
	count = fill(client, "s", 1);
	EXPECT(count > 0 && count < ECHO_BUFFER, "%lld messages", (long long)count);
	echo_client_close(client);
}

static void leaves_with_answers_not_read(void)
{
	const int observer = echo_client_open();
	struct echo_counters counters;
	int child, i;

	REQUIRE(observer >= 0, "%s", strerror(errno));
	for (i = 0; i < 3; i++) {
		child = ktap_fork();
		if (!child) {
			const int client = echo_client_open();

			EXPECT(echo_client_send(client, "left", 4) == 4, "%s", strerror(errno));
			if (i == 1)
				_exit(ktap_failed()); /* without a word */
			echo_client_close(client);
			ktap_child_exit();
		}
		EXPECT(ktap_wait(child) == 0, "the child failed");
	}
	/* The end of a process is told a moment after it. */
	for (i = 0; i < 1000; i++) {
		counters = read_counters(observer);
		if (counters.clients == 1)
			break;
		usleep(10000);
	}
	EXPECT(counters.clients == 1, "%lld clients are left", (long long)counters.clients);
	echo_client_close(observer);
}

int main(void)
{
	static const struct ktap_test tests[] = {
	    {"who does not read gets no more", who_does_not_read_gets_no_more},
	    {"small messages fill it sooner", small_messages_fill_it_sooner},
	    {"leaves with answers not read", leaves_with_answers_not_read},
	};

	return KTAP_RUN(tests);
}
