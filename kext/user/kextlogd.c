// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* kextlogd: keeps the messages of an extension's log channel. See kextlogd.md. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kextlogd_reader.h"

/* While it is not full, a slow disk does not slow the reader. */
#define QUEUE_SIZE (8u << 20)

static volatile sig_atomic_t stop, reload;

static void on_signal(int signal)
{
	if (signal == SIGHUP)
		reload = 1;
	else
		stop = 1;
}

/* No SA_RESTART: who waits for the channel has to return. */
static void catch_signals(void)
{
	const struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	/* write(2) tells both, too. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static int run(struct logd_reader *reader, struct logd_file *file)
{
	const struct logd_options *options = reader->options;
	int status = 1;

	reader->queue = logd_queue_create(QUEUE_SIZE);
	if (reader->queue)
		reader->writer = logd_writer_start(reader->queue, file, options->channel,
		                                   options->json, logd_reader_durable(reader));
	if (reader->writer) {
		status = logd_reader_run(reader);
		if (logd_writer_join(reader->writer))
			status = 1;
	} else {
		fprintf(stderr, "kextlogd: cannot start the thread that writes: %s\n",
		        strerror(errno));
	}
	if (reader->queue)
		logd_queue_destroy(reader->queue);
	return status;
}

int main(int argc, char **argv)
{
	static struct logd_file file;
	struct logd_options options;
	struct logd_reader reader = {.options = &options, .stop = &stop, .reload = &reload};
	char message[1024];
	int status;

	logd_options_read(argc, argv, &options);
	if (logd_config_read(options.config, &reader.config, message, sizeof(message))) {
		fprintf(stderr, "kextlogd: %s\n", message);
		return 2;
	}
	catch_signals();
	if (logd_file_open(&file, &options.file)) {
		fprintf(stderr, "kextlogd: %s\n", file.message);
		return 1;
	}
	status = run(&reader, &file);
	logd_file_close(&file);
	return status;
}
