// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_keeper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "extension.h"
#include "ktap.h"

#define TRIES 3000 /* of 10 ms: only what fails takes them */

static char daemon_path[1024];

void keeper_init(const char *program)
{
	const char *slash = strrchr(program, '/');

	snprintf(daemon_path, sizeof(daemon_path), "%.*skextlogd",
	         slash ? (int)(slash - program) + 1 : 0, program);
}

bool keeper_set_up(struct log_reader *reader)
{
	unlink(KEEPER_FILE);
	return EXPECT(extension_load(), "the extension does not load") &&
	       log_reader_open_all(reader, OSQ_LOG_OFF);
}

void keeper_tear_down(struct log_reader *reader)
{
	log_reader_close(reader);
	extension_must_unload();
	unlink(KEEPER_FILE);
}

static bool number_of(const char *line, const char *key, uint64_t *value)
{
	char pattern[64];
	const char *found;

	snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	found = strstr(line, pattern);
	if (!found)
		return false;
	*value = strtoull(found + strlen(pattern), NULL, 10);
	return true;
}

static void count_line(struct stored *stored, const char *line)
{
	uint64_t number;

	if (number_of(line, "sequence", &number)) {
		EXPECT(number > stored->last, "%llu stands behind %llu", (unsigned long long)number,
		       (unsigned long long)stored->last);
		stored->last = number;
		stored->messages++;
		stored->latest++;
	} else if (number_of(line, "dropped", &number)) {
		stored->dropped += number;
	} else if (number_of(line, "unwritten", &number)) {
		stored->unwritten += number;
	} else if (strstr(line, "\"disconnected\"")) {
		stored->disconnected++;
		stored->unwanted += number_of(line, "unwanted", &number) ? number : 0;
		stored->sent += number_of(line, "sent", &number) ? number : 0;
	} else if (strstr(line, "\"connected\"")) {
		stored->connected++;
		stored->latest = 0;
		stored->last = 0; /* it may be an extension that was loaded anew */
	} else if (!strstr(line, "\"lost\"") && !strstr(line, "\"system_log\"")) {
		stored->others++;
		ktap_say("another line: %s", line);
	}
}

struct stored keeper_read(void)
{
	struct stored stored = {.messages = 0};
	FILE *file = fopen(KEEPER_FILE, "r");
	static char line[16384];

	/* Half a line is of a daemon that was killed, or that writes it right now. */
	while (file && fgets(line, sizeof(line), file))
		if (strlen(line) > 1 && !strcmp(line + strlen(line) - 2, "}\n"))
			count_line(&stored, line);
	if (file)
		fclose(file);
	return stored;
}

int keeper_start(void)
{
	const int child = ktap_fork();

	if (!child) {
		execl(daemon_path, daemon_path, "--format", "json", "--level", "trace", "--output",
		      KEEPER_FILE, LOG_CHANNEL, (char *)NULL);
		_exit(127);
	}
	return child;
}

/* A moment: the daemon's next attempt, or its next look at what is there. */
static void pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	nanosleep(&pause, NULL);
}

bool keeper_wait_for_connection(unsigned count)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		if (keeper_read().connected >= count)
			return true;
		pause_shortly();
	}
	return EXPECT(false, "the daemon has not connected %u times", count);
}

void keeper_end(int child)
{
	int status;

	kill(child, SIGTERM);
	status = ktap_wait(child);
	EXPECT(status == 0, "the daemon ended with %d", status);
}

void keeper_expect_all_accounted(const struct stored *stored)
{
	const uint64_t told =
	    stored->messages + stored->dropped + stored->unwritten + stored->unwanted;

	EXPECT(stored->sent && told == stored->sent,
	       "%llu stored, %llu dropped, %llu unwritten, %llu unwanted, but %llu sent",
	       (unsigned long long)stored->messages, (unsigned long long)stored->dropped,
	       (unsigned long long)stored->unwritten, (unsigned long long)stored->unwanted,
	       (unsigned long long)stored->sent);
}
