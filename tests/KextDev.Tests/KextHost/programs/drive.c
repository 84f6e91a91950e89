// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Does to kexthost what its arguments say, one after the other, and prints what came of each:
 *
 *     open NAME | ioctl REQUEST NUMBER | memory REQUEST TEXT | close | execute PATH | opened PATH |
 * closed PATH alarm (again and again from then on) | copy (a descriptor is kept beside the one that
 * is closed next, and used then) | modified PATH | connect | bind | accept | shut | threads COUNT
 * REPEAT EVENT PATH
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "client.h"

static int descriptor = -1, copy = -1;
static uint64_t socket_handle;

static const struct {
	const char *word;
	uint32_t operation;
	uint64_t value;
} events[] = {
    {"execute", KEXTHOST_EXECUTE, 0},
    {"opened", KEXTHOST_FILE_OPENED, 0},
    {"closed", KEXTHOST_FILE_CLOSED, 0},
    {"modified", KEXTHOST_FILE_CLOSED, 1},
};

static const struct {
	const char *word;
	uint32_t operation;
} sockets[] = {
    {"socket", KEXTHOST_SOCKET}, {"connect", KEXTHOST_CONNECT}, {"bind", KEXTHOST_BIND},
    {"accept", KEXTHOST_ACCEPT}, {"shut", KEXTHOST_SHUT},
};

static void tell(const char *word, int error)
{
	printf("%s: %s\n", word, error ? strerrorname_np(error) : "ok");
	fflush(stdout);
}

static int send_event(const char *word, const char *path)
{
	struct kexthost_answer answer;
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		const struct kexthost_header request = {.operation = events[i].operation,
		                                        .value = events[i].value};

		if (strcmp(word, events[i].word))
			continue;
		if (!kexthost_request(&request, path, strlen(path), &answer))
			return errno;
		return answer.header.error ? kexthost_errno(answer.header.error) : 0;
	}
	fprintf(stderr, "%s is no word\n", word);
	exit(2);
}

static int send_socket(uint32_t operation)
{
	const struct kexthost_socket argument = {
	    .family = 4,
	    .type = 1,
	    .protocol = 6,
	    .local = {.address = {127, 0, 0, 1}, .port = 4711},
	    .remote = {.address = {10, 0, 0, 7}, .port = 80},
	};
	const struct kexthost_header request = {.operation = operation, .handle = socket_handle};
	struct kexthost_answer answer;

	if (!kexthost_request(&request, &argument,
	                      operation == KEXTHOST_SHUT ? 0 : sizeof(argument), &answer))
		return errno;
	if (operation == KEXTHOST_SOCKET)
		socket_handle = answer.header.handle;
	return answer.header.error ? kexthost_errno(answer.header.error) : 0;
}

static void ask_device(unsigned long request, unsigned long number)
{
	unsigned char data[8192] = {0};
	unsigned long answer;

	memcpy(data, &number, sizeof(number));
	if (kexthost_ioctl(descriptor, request, request & 0x20000000 ? (void *)number : data)) {
		tell("ioctl", errno);
		return;
	}
	memcpy(&answer, data, sizeof(answer));
	printf("ioctl: %lu\n", answer);
	fflush(stdout);
}

/* The request's argument is the address of 128 KiB: `text`, and 'x' behind its end. */
static void show_memory(unsigned long request, const char *text)
{
	static char memory[128 << 10];
	size_t changed = 0, i;

	memset(memory, 'x', sizeof(memory));
	strcpy(memory, text);
	if (kexthost_ioctl(descriptor, request, memory)) {
		tell("memory", errno);
		return;
	}
	for (i = 0; i < sizeof(memory); i++)
		changed += memory[i] == 'y';
	printf("memory: %zu\n", changed);
	fflush(stdout);
}

struct work {
	unsigned long repeat;
	const char *word, *path;
	int error;
};

static void *work(void *data)
{
	struct work *mine = data;
	unsigned long i;

	for (i = 0; i < mine->repeat && !mine->error; i++)
		mine->error = send_event(mine->word, mine->path);
	return NULL;
}

static void on_alarm(int number)
{
	(void)number;
}

/* Again and again: one that came before the request would interrupt nothing. */
static void set_alarm(void)
{
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval often = {{0, 10000}, {0, 10000}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void send_many(unsigned long count, const struct work *like)
{
	struct work works[64];
	pthread_t threads[64];
	int error = 0;
	size_t i;

	for (i = 0; i < count && i < 64; i++) {
		works[i] = *like;
		pthread_create(&threads[i], NULL, work, &works[i]);
	}
	while (i-- > 0) {
		pthread_join(threads[i], NULL);
		error |= works[i].error;
	}
	tell("threads", error);
}

int main(int count, char **words)
{
	size_t i;

	for (words++; *words; words++) {
		const char *word = *words;

		(void)count;
		if (!strcmp(word, "open")) {
			descriptor = kexthost_open(*++words, O_RDWR);
			tell(word, descriptor < 0 ? errno : 0);
		} else if (!strcmp(word, "alarm")) {
			set_alarm();
		} else if (!strcmp(word, "copy")) {
			copy = kexthost_dup(descriptor);
		} else if (!strcmp(word, "close")) {
			tell(word, kexthost_close(descriptor) ? errno : 0);
			descriptor = copy;
		} else if (!strcmp(word, "ioctl")) {
			ask_device(strtoul(words[1], NULL, 0), strtoul(words[2], NULL, 0));
			words += 2;
		} else if (!strcmp(word, "memory")) {
			show_memory(strtoul(words[1], NULL, 0), words[2]);
			words += 2;
		} else if (!strcmp(word, "threads")) {
			const struct work like = {.repeat = strtoul(words[2], NULL, 0),
			                          .word = words[3],
			                          .path = words[4]};

			send_many(strtoul(words[1], NULL, 0), &like);
			words += 4;
		} else {
			for (i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
				if (!strcmp(word, sockets[i].word))
					break;
			if (i < sizeof(sockets) / sizeof(sockets[0]))
				tell(word, send_socket(sockets[i].operation));
			else
				tell(word, send_event(word, *++words));
		}
	}
	return 0;
}
