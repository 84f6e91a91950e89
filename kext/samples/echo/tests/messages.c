// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* What is sent comes back: every size, by many clients at once. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "echo_client.h"
#include "ktap.h"

#define CLIENTS  8
#define MESSAGES 500
#define USER     65534

/* Bytes that differ from message to message, and along it. */
static void fill(unsigned char *message, size_t length, unsigned int seed)
{
	size_t i;

	for (i = 0; i < length; i++)
		message[i] = (unsigned char)(seed * 31 + i * 7 + i / 256);
}

/* NULL, or what is wrong. */
static const char *echo_one(int client, size_t length, unsigned int seed)
{
	static _Thread_local unsigned char sent[ECHO_MESSAGE_MAX], received[ECHO_MESSAGE_MAX + 1];

	fill(sent, length, seed);
	if (echo_client_send(client, sent, length) != (ssize_t)length)
		return "not sent";
	if (echo_client_receive(client, received, sizeof(received), true) != (ssize_t)length)
		return "of another length";
	return memcmp(sent, received, length) ? "of other bytes" : NULL;
}

static void echoes_every_size(void)
{
	const int client = echo_client_open();
	const char *wrong;
	size_t length;

	REQUIRE(client >= 0, "%s", strerror(errno));
	/* All small ones, and those around each size that the kernel's buffers have. */
	for (length = 1; length <= ECHO_MESSAGE_MAX; length += length < 600 ? 1 : 61) {
		wrong = echo_one(client, length, (unsigned int)length);
		if (!EXPECT(!wrong, "%zu bytes: %s", length, wrong))
			break;
	}
	for (length = 512; length <= ECHO_MESSAGE_MAX; length *= 2) {
		wrong = echo_one(client, length - 1, 1);
		EXPECT(!wrong, "%zu bytes: %s", length - 1, wrong);
		wrong = echo_one(client, length, 2);
		EXPECT(!wrong, "%zu bytes: %s", length, wrong);
	}
	echo_client_close(client);
}

static void refuses_a_message_that_is_too_long(void)
{
	static const char message[ECHO_MESSAGE_MAX + 1];
	const int client = echo_client_open();

	REQUIRE(client >= 0, "%s", strerror(errno));
	EXPECT_ERRNO(echo_client_send(client, message, sizeof(message)), EMSGSIZE);
	EXPECT(echo_client_poll(client, 0) == 0, "something came back");
	echo_client_close(client);
}

static void answers_come_in_order(void)
{
	const int client = echo_client_open();
	char message[2], answer[16];
	int i;

	REQUIRE(client >= 0, "%s", strerror(errno));
	EXPECT_ERRNO(echo_client_receive(client, answer, sizeof(answer), false), EAGAIN);
	for (i = 0; i < 10; i++) {
		message[0] = message[1] = (char)('0' + i);
		EXPECT(echo_client_send(client, message, 2) == 2, "%s", strerror(errno));
	}
	EXPECT(echo_client_poll(client, -1) == 1, "nothing came back");
	for (i = 0; i < 10; i++)
		EXPECT(echo_client_receive(client, answer, sizeof(answer), true) == 2 &&
		           answer[0] == '0' + i && answer[1] == '0' + i,
		       "answer %d is another one", i);
	EXPECT(echo_client_poll(client, 0) == 0, "there is more");
	echo_client_close(client);
}

/* Of an answer that is read in part the rest is lost, and nothing of the next one. */
static void an_answer_is_a_datagram(void)
{
	const int client = echo_client_open();
	char answer[16];

	REQUIRE(client >= 0, "%s", strerror(errno));
	EXPECT(echo_client_send(client, "abcdef", 6) == 6, "%s", strerror(errno));
	EXPECT(echo_client_send(client, "gh", 2) == 2, "%s", strerror(errno));
	EXPECT(echo_client_receive(client, answer, 3, true) == 3 && !memcmp(answer, "abc", 3));
	EXPECT(echo_client_receive(client, answer, 9, true) == 2 && !memcmp(answer, "gh", 2));
	echo_client_close(client);
}

static void two_clients_get_their_own(void)
{
	const int one = echo_client_open(), other = echo_client_open();
	char answer[16];

	REQUIRE(one >= 0 && other >= 0, "%s", strerror(errno));
	EXPECT(echo_client_send(one, "one", 3) == 3, "%s", strerror(errno));
	EXPECT(echo_client_poll(other, 0) == 0, "it came to the other one");
	EXPECT(echo_client_send(other, "other", 5) == 5, "%s", strerror(errno));
	EXPECT(echo_client_receive(one, answer, 16, true) == 3 && !memcmp(answer, "one", 3));
	EXPECT(echo_client_receive(other, answer, 16, true) == 5 && !memcmp(answer, "other", 5));
	echo_client_close(one);
	echo_client_close(other);
}

static void *echo_many(void *data)
{
	const unsigned int seed = *(const unsigned int *)data;
	const int client = echo_client_open();
	const char *wrong = client < 0 ? "not connected" : NULL;
	unsigned int i;

	for (i = 0; !wrong && i < MESSAGES; i++)
		wrong = echo_one(client, 1 + (seed + i * 97) % ECHO_MESSAGE_MAX, seed + i);
	echo_client_close(client);
	return (void *)wrong;
}

static void many_clients_at_once(void)
{
	pthread_t threads[CLIENTS];
	unsigned int seeds[CLIENTS], i;
	void *wrong;

	for (i = 0; i < CLIENTS; i++) {
		seeds[i] = i * 1009;
		REQUIRE(!pthread_create(&threads[i], NULL, echo_many, &seeds[i]), "no thread");
	}
	for (i = 0; i < CLIENTS; i++) {
		pthread_join(threads[i], &wrong);
		EXPECT(!wrong, "client %u: %s", i, (const char *)wrong);
	}
}

static void only_the_superuser_connects(void)
{
	const int child = ktap_fork();

	if (!child) {
		if (setgid(USER) || setuid(USER))
			FAIL("cannot become a normal user: %s", strerror(errno));
		else
			EXPECT_ERRNO(echo_client_open(), EPERM);
		ktap_child_exit();
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
}

int main(void)
{
	static const struct ktap_test tests[] = {
	    {"echoes every size", echoes_every_size},
	    {"refuses a message that is too long", refuses_a_message_that_is_too_long},
	    {"answers come in order", answers_come_in_order},
	    {"an answer is a datagram", an_answer_is_a_datagram},
	    {"two clients get their own", two_clients_get_their_own},
	    {"many clients at once", many_clients_at_once},
	    {"only the superuser connects", only_the_superuser_connects},
	};

	return KTAP_RUN(tests);
}
