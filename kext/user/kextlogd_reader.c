// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kextlogd_clock.h"

#define MILLISECOND  1000000
#define JUMP         (1000 * (int64_t)MILLISECOND) /* of the date, against the extension's clock */
#define IDLE_MS      500                           /* the longest that a signal may have to wait */
#define RETRY_MS     50 /* the extension is not there; doubled each time */
#define RETRY_MAX_MS 1000

/* So long more is let come, where this little came: to wake up for each message costs more than it
 * does, and what the kernel has for us lasts longer. */
#define GATHER_MS    5
#define GATHER_BELOW (128u << 10)

/* Bytes of a stream without an end, once we are stopped: more than waits for us, all in all. */
#define DRAIN_MOST   (4u << 20)
/* The end of an extension that goes comes sooner. */
#define END_MS       10000

int32_t logd_reader_level(const struct logd_reader *reader)
{
	int32_t level = reader->options->level ? reader->options->level : reader->config.level;

	return level ? level : OSQ_LOG_TRACE;
}

int32_t logd_reader_durable(const struct logd_reader *reader)
{
	int32_t level =
	    reader->options->durable ? reader->options->durable : reader->config.durable;

	return level ? level : OSQ_LOG_WARNING;
}

/* After so much silence what no record tells is asked for, and from then on now and then. */
#define SETTLED_MS 1000
#define AGAIN_MS   10000

/* What is neither asked for nor there: a stream on standard input. */
static bool ask_statistics(struct logd_reader *reader, struct osq_log_statistics *statistics)
{
	return !logd_channel_statistics(&reader->channel, statistics);
}

/*
 * Signals come only where they are admitted: a client's requests need not know how to go on after
 * one. Those that came before come now.
 */
static void admit_signals(bool admit)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(admit ? SIG_UNBLOCK : SIG_BLOCK, &signals, NULL);
}

static bool is_stopped(const struct logd_reader *reader)
{
	return *reader->stop || logd_writer_is_broken(reader->writer);
}

/* The extension's settings are of this program's clients alone: it has no file to read them from.
 */
static void push_settings(struct logd_reader *reader)
{
	const struct logd_config *config = &reader->config;
	struct osq_log_settings settings;

	if (!reader->channel.client || (!config->kernel_level && config->system_log_rate < 0))
		return;
	if (osq_log_client_get_settings(reader->channel.client, &settings))
		goto failed;
	if (config->kernel_level)
		settings.level = config->kernel_level;
	if (config->system_log_rate >= 0)
		settings.system_log_rate = config->system_log_rate;
	if (!osq_log_client_set_settings(reader->channel.client, &settings))
		return;
failed:
	fprintf(stderr,
	        "kextlogd: cannot set kernel-level and system-log-rate of %s: %s; it goes on with "
	        "those that it has\n",
	        reader->options->channel, strerror(errno));
}

/* An extension leaves out itself what is not wanted. */
static void set_intake_level(struct logd_reader *reader)
{
	reader->intake.level = reader->channel.is_input ? logd_reader_level(reader) : OSQ_LOG_TRACE;
}

static void reload(struct logd_reader *reader, bool connected)
{
	char message[1024];

	*reader->reload = 0;
	if (logd_config_read(reader->options->config, &reader->config, message, sizeof(message)))
		fprintf(stderr, "kextlogd: %s; what was read before stays in force\n", message);
	if (connected) {
		push_settings(reader);
		if (reader->channel.client &&
		    logd_channel_set_level(&reader->channel, logd_reader_level(reader)))
			fprintf(stderr, "kextlogd: cannot set the level of %s: %s\n",
			        reader->options->channel, strerror(errno));
	}
	set_intake_level(reader);
	logd_intake_reopen(&reader->intake, logd_reader_durable(reader));
}

/* What the extension counted and no record tells. False: it does not answer. */
static bool put_statistics(struct logd_reader *reader)
{
	struct osq_log_statistics now;

	if (!ask_statistics(reader, &now))
		return false;
	logd_intake_account(&reader->intake, &now);
	return true;
}

/* From the extension's clock to the date, as this machine's own clocks tell it. */
static int64_t date_offset(void)
{
	return (int64_t)(logd_clock_wall() - logd_clock_uptime());
}

/* The machine slept, or its date was set: what comes now has other dates than the extension told.
 */
static bool has_date_jumped(struct logd_reader *reader)
{
	int64_t offset = date_offset(), jump = offset - reader->date_offset;

	if (jump < JUMP && jump > -JUMP)
		return false;
	reader->date_offset = offset;
	return true;
}

static void put_connected(struct logd_reader *reader)
{
	struct logd_connected connected = {.level = logd_reader_level(reader)};

	reader->date_offset = date_offset();
	if (!ask_statistics(reader, &connected.statistics)) {
		memset(&connected.statistics, 0, sizeof(connected.statistics));
		connected.statistics.time = logd_clock_uptime();
		connected.statistics.epoch = logd_clock_wall();
	}
	set_intake_level(reader);
	logd_intake_connect(&reader->intake, &connected);
}

/* Nothing to read for so long. False: there is, or a signal came. */
static bool is_quiet(const struct logd_reader *reader, int milliseconds)
{
	bool quiet;

	admit_signals(true);
	quiet = !*reader->stop && !*reader->reload &&
	        logd_channel_wait(&reader->channel, milliseconds) == 0;
	admit_signals(false);
	return quiet;
}

/* An extension that does not answer is going: what it has for us comes still, and the end. */
static bool comes_more(const struct logd_reader *reader)
{
	return !reader->channel.is_input && logd_channel_wait(&reader->channel, END_MS) > 0;
}

static void sleep_ms(int milliseconds)
{
	const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * MILLISECOND};

	nanosleep(&time, NULL); /* a signal ends it */
}

/* Reads until the channel ends, or, once we are stopped, until nothing is left in it. Why. */
static const char *read_channel(struct logd_reader *reader)
{
	bool draining = false, bounded = false, asked = false, answered = false;
	int silence = 0, next_question = SETTLED_MS;
	size_t drained = 0, room;
	unsigned char *to;

	for (;;) {
		ssize_t got;

		admit_signals(true);
		admit_signals(false);
		if (*reader->reload)
			reload(reader, true);
		if (is_stopped(reader) && !draining) {
			draining = true;
			/* So what is left has an end, and is all that was ever delivered to us. */
			bounded = logd_channel_set_level(&reader->channel, OSQ_LOG_OFF);
		}
		logd_intake_make_room(&reader->intake);
		to = logd_intake_room(&reader->intake, &room);
		got = logd_channel_read(&reader->channel, to, room);
		if (got > 0) {
			asked = false;
			reader->delay = RETRY_MS;
			if (has_date_jumped(reader))
				put_statistics(reader);
			logd_intake_take(&reader->intake, (size_t)got);
			silence = 0;
			next_question = SETTLED_MS;
			if (reader->intake.closing)
				return "the extension is being unloaded";
			drained += draining ? (size_t)got : 0;
			if (bounded && drained >= DRAIN_MOST)
				return "stopped";
			if (!draining && got < (ssize_t)GATHER_BELOW)
				sleep_ms(GATHER_MS);
		} else if (!got) {
			return reader->channel.is_input ? "standard input ended"
			                                : "the extension is gone";
		} else if (errno == EINTR) {
			continue;
		} else if (errno != EAGAIN) {
			return strerror(errno);
		} else if (draining && !asked) {
			/* On Linux what is on its way has come when this is answered. */
			asked = true;
			answered = put_statistics(reader);
		} else if (draining) {
			if (answered || !comes_more(reader))
				return "stopped";
		} else if (is_quiet(reader, IDLE_MS) && (silence += IDLE_MS) >= next_question) {
			silence = 0;
			next_question = AGAIN_MS;
			put_statistics(reader);
			logd_queue_publish(reader->queue);
		}
	}
}

static void follow(struct logd_reader *reader)
{
	const char *reason;

	put_connected(reader);
	push_settings(reader);
	reason = read_channel(reader);
	if (!reader->intake.closing) {
		reader->intake.has_account = false;
		put_statistics(reader);
	}
	/* Before all else: an extension waits for this. */
	logd_channel_close(&reader->channel);
	logd_intake_disconnect(&reader->intake, reason);
}

/* How long it slept, in milliseconds. It is twice as long each time, until something was read. */
static uint64_t back_off(struct logd_reader *reader)
{
	int delay = reader->delay;

	admit_signals(true);
	if (!*reader->stop && !*reader->reload)
		sleep_ms(delay);
	admit_signals(false);
	reader->delay = delay * 2 < RETRY_MAX_MS ? delay * 2 : RETRY_MAX_MS;
	return (uint64_t)delay;
}

/* 0: the extension is not there, but may come. Else what stands in its way. */
static const char *refusal(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return "only the superuser may read it; try sudo";
	case EINVAL:
	case ENOTTY:
	case ENOTSUP:
		return "that is no log channel; name the extension's";
	default:
		return NULL;
	}
}

/* 0 when connected, 1 when that cannot be; -1: stopped before. */
static int connect_channel(struct logd_reader *reader, uint64_t wait_ms)
{
	const struct logd_options *options = reader->options;
	uint64_t waited = 0;
	int told = 0;

	while (!is_stopped(reader)) {
		const char *problem;
		int error;

		if (*reader->reload)
			reload(reader, false);
		logd_intake_wait_for_room(&reader->intake);
		if (!logd_channel_open(&reader->channel, options->channel,
		                       logd_reader_level(reader)))
			return 0;
		error = errno;
		problem = refusal(error);
		if (!problem && options->once && waited >= wait_ms)
			problem = "load the extension first, or let --wait be longer";
		if (problem) {
			fprintf(stderr, "kextlogd: cannot connect to %s: %s; %s\n",
			        options->channel, strerror(error), problem);
			return 1;
		}
		if (error != told)
			fprintf(stderr, "kextlogd: waiting for %s: %s\n", options->channel,
			        strerror(error));
		told = error;
		waited += back_off(reader);
	}
	return -1;
}

int logd_reader_run(struct logd_reader *reader)
{
	int status = 0;

	admit_signals(false);
	reader->delay = RETRY_MS;
	if (logd_intake_init(&reader->intake, reader->queue)) {
		fprintf(stderr, "kextlogd: no memory to read with\n");
		status = 1;
	}
	while (!status && !is_stopped(reader)) {
		status = connect_channel(reader, reader->options->wait * 1000);
		if (status)
			break;
		follow(reader);
		if (reader->channel.is_input || reader->options->once)
			break;
		back_off(reader);
	}
	logd_intake_end(&reader->intake);
	logd_intake_exit(&reader->intake);
	return status > 0;
}
