// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Pushes settings to the extension, prints what it counts, and has texts echoed:
 *
 *     echo-settings [--upper on|off] [--prefix TEXT] [--counters] [TEXT ...]
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "echo_client.h"

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int set_upper(int client, const char *word)
{
	const int32_t upper = !strcmp(word, "on");

	return echo_client_set(client, ECHO_OPTION_UPPER, &upper, sizeof(upper));
}

static int print_counters(int client)
{
	struct echo_counters counters;
	size_t length = sizeof(counters);

	if (echo_client_get(client, ECHO_OPTION_COUNTERS, &counters, &length))
		return -1;
	printf("messages %" PRId64 "\nbytes %" PRId64 "\nanswers %" PRId64 "\ndropped %" PRId64
	       "\nclients %" PRId64 "\n",
	       counters.messages, counters.bytes, counters.answers, counters.dropped,
	       counters.clients);
	return 0;
}

static int print_answer(int client, const char *text)
{
	char answer[ECHO_MESSAGE_MAX + ECHO_PREFIX_MAX];
	ssize_t length;

	if (echo_client_send(client, text, strlen(text)) < 0)
		return -1;
	length = echo_client_receive(client, answer, sizeof(answer), true);
	if (length < 0)
		return -1;
	printf("%.*s\n", (int)length, answer);
	return 0;
}

int main(int count, char **arguments)
{
	static const struct option known[] = {
	    {"upper", required_argument, NULL, 'u'},
	    {"prefix", required_argument, NULL, 'p'},
	    {"counters", no_argument, NULL, 'c'},
	    {0},
	};
	const int client = echo_client_open();
	int option, error = 0;

	if (client < 0)
		return fail(ECHO_CONTROL);
	while (!error && (option = getopt_long(count, arguments, "", known, NULL)) != -1) {
		switch (option) {
		case 'u':
			error = set_upper(client, optarg);
			break;
		case 'p':
			error = echo_client_set(client, ECHO_OPTION_PREFIX, optarg, strlen(optarg));
			break;
		case 'c':
			error = print_counters(client);
			break;
		default:
			return 64;
		}
	}
	for (; !error && optind < count; optind++)
		error = print_answer(client, arguments[optind]);
	return error ? fail("echo-settings") : echo_client_close(client);
}
