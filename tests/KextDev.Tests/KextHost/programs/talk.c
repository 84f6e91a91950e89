// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Talks to kernel controls and devices of kexthost's as its arguments say, and prints what came of
 * each:
 *
 *     socket dgram|stream | find NAME | connect UNIT (of the control found last) | send TEXT |
 *     fill COUNT (that many bytes) | recv SIZE | peek SIZE | try SIZE (not blocking) |
 *     set OPTION TEXT | get OPTION SIZE | buffer SIZE (SO_RCVBUF) | patience MILLISECONDS |
 *     open NAME | read SIZE | write TEXT | nonblock | poll MILLISECONDS (what is ready) |
 *     plain (poll(2) alone, at once) | pipe (one that is polled as well, and has something) |
 *     on NUMBER (of the descriptors, from 0, which the next words are about) | close | many NAME
 *     (threads that send and receive) | flood COUNT (written) | bad COUNT (written from nowhere) |
 *     sysctl NAME[=NUMBER] | names NAME | nobody (be another user from then on)
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "client.h"

#define SYSPROTO_CONTROL 2

static int descriptors[16], count, at, beside = -1;
static uint32_t id;
static char buffer[1 << 20];

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

static void tell(const char *word, long result)
{
	if (result < 0)
		say("%s: %s", word, strerrorname_np(errno));
	else
		say("%s: %ld", word, result);
}

static void show(const char *word, ssize_t length, int flags)
{
	if (length < 0)
		tell(word, length);
	else if (length > 40)
		say("%s: %zd of %c%s%s", word, length, buffer[0], flags & MSG_EOR ? " end" : "",
		    flags & MSG_TRUNC ? " cut" : "");
	else
		say("%s: %.*s%s%s", word, (int)length, buffer, flags & MSG_EOR ? " end" : "",
		    flags & MSG_TRUNC ? " cut" : "");
}

static void add(const char *word, int descriptor)
{
	tell(word, descriptor < 0 ? -1 : 0);
	if (descriptor >= 0) {
		at = count;
		descriptors[count++] = descriptor;
	}
}

static void receive(const char *word, const char *size, int flags)
{
	ssize_t length = kexthost_receive(descriptors[at], buffer, strtoul(size, NULL, 0), &flags);

	show(word, length, flags);
}

static void get(const char *option, const char *size)
{
	const char *const all = "0123456789";
	socklen_t length = (socklen_t)strtoul(size, NULL, 0);

	strcpy(buffer, all);
	if (kexthost_getsockopt(descriptors[at], SYSPROTO_CONTROL, atoi(option),
	                        length ? buffer : NULL, &length))
		tell("get", -1);
	else
		say("get: %u %.*s", length, strtoul(size, NULL, 0) ? (int)length : 0, buffer);
}

static void tell_ready(const char *word, int ready, const struct pollfd *files)
{
	if (ready < 0)
		tell(word, -1);
	else
		say("%s: %d%s%s%s%s", word, ready, files[0].revents & POLLIN ? " in" : "",
		    files[0].revents & POLLOUT ? " out" : "",
		    files[0].revents & POLLNVAL ? " none" : "",
		    files[1].revents & POLLIN ? " beside" : "");
}

static void await(const char *word, int patience, short events)
{
	struct pollfd files[2] = {{.fd = descriptors[at], .events = events},
	                          {.fd = beside, .events = POLLIN}};

	if (!strcmp(word, "plain"))
		tell_ready(word, poll(files, 2, patience), files);
	else
		tell_ready(word, kexthost_poll(files, 2, patience), files);
}

static void set_patience(const char *milliseconds)
{
	const struct timeval time = {.tv_usec = atoi(milliseconds) * 1000};

	tell("patience",
	     kexthost_setsockopt(descriptors[at], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
}

static void set_buffer(const char *size)
{
	const int number = atoi(size);

	tell("buffer",
	     kexthost_setsockopt(descriptors[at], SOL_SOCKET, SO_RCVBUF, &number, sizeof(number)));
}

static void make_pipe(void)
{
	int ends[2];

	if (pipe(ends) || write(ends[1], "", 1) != 1)
		exit(2);
	beside = ends[0];
}

/* NAME or NAME=NUMBER. */
static void do_sysctl(const char *word)
{
	const char *value = strchr(word, '=');
	struct kexthost_sysctl object;
	char name[64], text[64];
	long quad;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	quad = value ? atol(value + 1) : 0;
	if ((value && kexthost_sysctl_set(name, &quad, strstr(name, "quad") ? 8 : 4)) ||
	    kexthost_sysctl_get(name, &object)) {
		tell("sysctl", -1);
		return;
	}
	kexthost_sysctl_text(&object, text, sizeof(text));
	say("sysctl: %s", text);
}

static void print_names(const char *name)
{
	const struct kexthost_header request = {.operation = KEXTHOST_SYSCTL_NAMES};
	struct kexthost_answer answer;

	if (!kexthost_request(&request, name, strlen(name), &answer))
		tell("names", -1);
	else
		say("%s", answer.data);
}

struct round {
	const char *name;
	int echoed;
};

/* Numbers there and back, of as many bytes as they have. */
static void *echo(void *data)
{
	struct round *round = data;
	const int descriptor = kexthost_control_socket(SOCK_DGRAM);
	uint32_t unit = 0, number;
	char sent[2000], received[2000];
	int i;

	if (kexthost_control_id(descriptor, round->name, &number) ||
	    kexthost_control_connect(descriptor, number, &unit))
		return NULL;
	for (i = 0; i < 1000; i++) {
		const size_t size = sizeof(i) + (size_t)i;

		memset(sent, i, sizeof(sent));
		memcpy(sent, &i, sizeof(i));
		if (kexthost_send(descriptor, sent, size, 0) != (ssize_t)size ||
		    kexthost_recv(descriptor, received, sizeof(received), 0) != (ssize_t)size ||
		    memcmp(sent, received, size))
			break;
		round->echoed++;
	}
	kexthost_close(descriptor);
	return NULL;
}

static void echo_many(const char *name)
{
	struct round rounds[8] = {{0}};
	pthread_t threads[8];
	int all = 0, i;

	for (i = 0; i < 8; i++) {
		rounds[i].name = name;
		pthread_create(&threads[i], NULL, echo, &rounds[i]);
	}
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		all += rounds[i].echoed;
	}
	tell("many", all);
}

/* A word without an operand. */
static int do_word(const char *word)
{
	if (!strcmp(word, "plain"))
		await(word, 0, POLLIN);
	else if (!strcmp(word, "pipe"))
		make_pipe();
	else if (!strcmp(word, "nonblock"))
		fcntl(descriptors[at], F_SETFL, O_NONBLOCK);
	else if (!strcmp(word, "close"))
		tell(word, kexthost_close(descriptors[at]));
	else if (!strcmp(word, "nobody"))
		tell(word, setgid(65534) || setuid(65534) ? -1 : 0);
	else
		return 0;
	return 1;
}

static int do_with(const char *word, const char *operand)
{
	uint32_t unit;

	if (!strcmp(word, "socket")) {
		add(word,
		    kexthost_control_socket(!strcmp(operand, "stream") ? SOCK_STREAM : SOCK_DGRAM));
	} else if (!strcmp(word, "open")) {
		add(word, kexthost_open(operand, O_RDWR));
	} else if (!strcmp(word, "find")) {
		tell(word, kexthost_control_id(descriptors[at], operand, &id));
	} else if (!strcmp(word, "connect")) {
		unit = (uint32_t)strtoul(operand, NULL, 0);
		tell(word, kexthost_control_connect(descriptors[at], id, &unit) ? -1 : (long)unit);
	} else if (!strcmp(word, "send")) {
		tell(word, kexthost_send(descriptors[at], operand, strlen(operand), 0));
	} else if (!strcmp(word, "fill")) {
		memset(buffer, 'f', sizeof(buffer));
		tell(word, kexthost_send(descriptors[at], buffer, strtoul(operand, NULL, 0), 0));
	} else if (!strcmp(word, "recv") || !strcmp(word, "peek") || !strcmp(word, "try")) {
		receive(word, operand, *word == 'p' ? MSG_PEEK : *word == 't' ? MSG_DONTWAIT : 0);
	} else if (!strcmp(word, "read")) {
		show(word, kexthost_read(descriptors[at], buffer, strtoul(operand, NULL, 0)), 0);
	} else if (!strcmp(word, "write")) {
		tell(word, kexthost_write(descriptors[at], operand, strlen(operand)));
	} else if (!strcmp(word, "poll")) {
		await(word, atoi(operand), POLLIN | POLLOUT);
	} else if (!strcmp(word, "input")) {
		await(word, atoi(operand), POLLIN);
	} else if (!strcmp(word, "buffer")) {
		set_buffer(operand);
	} else if (!strcmp(word, "patience")) {
		set_patience(operand);
	} else if (!strcmp(word, "flood")) {
		memset(buffer, 'f', sizeof(buffer));
		tell(word, kexthost_write(descriptors[at], buffer, strtoul(operand, NULL, 0)));
	} else if (!strcmp(word, "bad")) {
		tell(word, kexthost_write(descriptors[at], NULL, strtoul(operand, NULL, 0)));
	} else if (!strcmp(word, "sysctl")) {
		do_sysctl(operand);
	} else if (!strcmp(word, "names")) {
		print_names(operand);
	} else if (!strcmp(word, "many")) {
		echo_many(operand);
	} else if (!strcmp(word, "on")) {
		at = atoi(operand);
	} else {
		return 0;
	}
	return 1;
}

int main(int words, char **word)
{
	int i;

	for (i = 1; i < words; i++) {
		const char *first = i + 1 < words ? word[i + 1] : "";
		const char *second = i + 2 < words ? word[i + 2] : "";

		if (!strcmp(word[i], "set")) {
			tell("set",
			     kexthost_setsockopt(descriptors[at], SYSPROTO_CONTROL, atoi(first),
			                         second, (socklen_t)strlen(second)));
			i += 2;
		} else if (!strcmp(word[i], "get")) {
			get(first, second);
			i += 2;
		} else if (do_with(word[i], first)) {
			i++;
		} else if (!do_word(word[i])) {
			fprintf(stderr, "%s is no word\n", word[i]);
			return 2;
		}
	}
	return 0;
}
