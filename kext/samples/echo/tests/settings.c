// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Settings that one program pushes hold for all; bad ones change nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "echo_client.h"
#include "ktap.h"

static bool set_upper(int client, int32_t upper)
{
	return EXPECT(!echo_client_set(client, ECHO_OPTION_UPPER, &upper, sizeof(upper)), "%s",
	              strerror(errno));
}

static bool set_prefix(int client, const char *prefix)
{
	return EXPECT(!echo_client_set(client, ECHO_OPTION_PREFIX, prefix, strlen(prefix)), "%s",
	              strerror(errno));
}

static void expect_answer(int client, const char *message, const char *expected)
{
	char answer[256] = "";
	ssize_t length;

	EXPECT(echo_client_send(client, message, strlen(message)) >= 0, "%s", strerror(errno));
	length = echo_client_receive(client, answer, sizeof(answer) - 1, true);
	EXPECT(length >= 0 && !strcmp(answer, expected), "%s came back as %s", message, answer);
}

static void reset(int client)
{
	set_upper(client, 0);
	set_prefix(client, "");
}

static void what_one_sets_holds_for_all(void)
{
	const int one = echo_client_open(), other = echo_client_open();

	REQUIRE(one >= 0 && other >= 0, "%s", strerror(errno));
	expect_answer(other, "Hello, 1", "Hello, 1");
	set_upper(one, 1);
	expect_answer(other, "Hello, 1", "HELLO, 1");
	set_prefix(one, "echo: ");
	expect_answer(other, "Hello, 1", "echo: HELLO, 1");
	expect_answer(one, "x", "echo: X");
	set_upper(other, 0);
	expect_answer(one, "x", "echo: x");
	reset(one);
	expect_answer(other, "Hello, 1", "Hello, 1");
	echo_client_close(one);
	echo_client_close(other);
}

static void settings_can_be_read(void)
{
	const int client = echo_client_open();
	char prefix[ECHO_PREFIX_MAX];
	size_t length = sizeof(int32_t);
	int32_t upper = -1;

	REQUIRE(client >= 0, "%s", strerror(errno));
	set_upper(client, 1);
	set_prefix(client, "abc");
	EXPECT(!echo_client_get(client, ECHO_OPTION_UPPER, &upper, &length), "%s", strerror(errno));
	EXPECT(upper == 1 && length == sizeof(upper), "%d in %zu bytes", upper, length);
	length = sizeof(prefix);
	EXPECT(!echo_client_get(client, ECHO_OPTION_PREFIX, prefix, &length), "%s",
	       strerror(errno));
	EXPECT(length == 3 && !memcmp(prefix, "abc", 3), "%zu bytes", length);
	reset(client);
	echo_client_close(client);
}

static void the_longest_prefix_before_the_longest_message(void)
{
	static char message[ECHO_MESSAGE_MAX], answer[ECHO_MESSAGE_MAX + ECHO_PREFIX_MAX + 1];
	const int client = echo_client_open();
	char prefix[ECHO_PREFIX_MAX];

	REQUIRE(client >= 0, "%s", strerror(errno));
	memset(prefix, 'p', sizeof(prefix));
	memset(message, 'm', sizeof(message));
	EXPECT(!echo_client_set(client, ECHO_OPTION_PREFIX, prefix, sizeof(prefix)), "%s",
	       strerror(errno));
	EXPECT(echo_client_send(client, message, sizeof(message)) == sizeof(message), "%s",
	       strerror(errno));
	EXPECT(echo_client_receive(client, answer, sizeof(answer), true) == sizeof(answer) - 1,
	       "%s", strerror(errno));
	EXPECT(!memcmp(answer, prefix, sizeof(prefix)) &&
	           !memcmp(answer + sizeof(prefix), message, sizeof(message)),
	       "other bytes");
	reset(client);
	echo_client_close(client);
}

static void bad_options_are_refused(void)
{
	const int client = echo_client_open();
	char value[ECHO_PREFIX_MAX + 1] = {2};
	struct echo_counters counters;
	size_t length;

	REQUIRE(client >= 0, "%s", strerror(errno));
	EXPECT_ERRNO(echo_client_set(client, ECHO_OPTION_UPPER, value, 4), EINVAL);
	EXPECT_ERRNO(echo_client_set(client, ECHO_OPTION_UPPER, value, 3), EINVAL);
	EXPECT_ERRNO(echo_client_set(client, ECHO_OPTION_UPPER, value, 0), EINVAL);
	EXPECT_ERRNO(echo_client_set(client, ECHO_OPTION_PREFIX, value, sizeof(value)), EINVAL);
	EXPECT_ERRNO(echo_client_set(client, ECHO_OPTION_COUNTERS, value, 8), ENOPROTOOPT);
	EXPECT_ERRNO(echo_client_set(client, (enum echo_option)99, value, 4), ENOPROTOOPT);
	length = sizeof(counters) - 1;
	EXPECT_ERRNO(echo_client_get(client, ECHO_OPTION_COUNTERS, &counters, &length), EINVAL);
	length = sizeof(counters);
	EXPECT_ERRNO(echo_client_get(client, (enum echo_option)99, &counters, &length),
	             ENOPROTOOPT);
	EXPECT_ERRNO(echo_client_set(client, ECHO_OPTION_PREFIX, (const void *)16, 8), EFAULT);
	expect_answer(client, "Hello", "Hello");
	echo_client_close(client);
}

int main(void)
{
	static const struct ktap_test tests[] = {
	    {"what one sets holds for all", what_one_sets_holds_for_all},
	    {"settings can be read", settings_can_be_read},
	    {"the longest prefix before the longest message",
	     the_longest_prefix_before_the_longest_message},
	    {"bad options are refused", bad_options_are_refused},
	};

	return KTAP_RUN(tests);
}
