/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Reads the channel into the queue, and waits for it when it is not there. */
#ifndef KEXTLOGD_READER_H
#define KEXTLOGD_READER_H

#include <signal.h>

#include "kextlogd_channel.h"
#include "kextlogd_config.h"
#include "kextlogd_intake.h"
#include "kextlogd_options.h"
#include "kextlogd_queue.h"
#include "kextlogd_writer.h"

struct logd_reader {
	const struct logd_options *options;
	struct logd_config config;
	struct logd_queue *queue;
	struct logd_writer *writer;
	const volatile sig_atomic_t
	    *stop; /* set by signals, as the next one, which is reset here */
	volatile sig_atomic_t *reload;

	struct logd_channel channel;
	struct logd_intake intake;
	int delay;           /* milliseconds until the next try to connect */
	int64_t date_offset; /* this machine's own; nanoseconds */
};

/* What the options and the configuration together say. */
int32_t logd_reader_level(const struct logd_reader *reader);
int32_t logd_reader_durable(const struct logd_reader *reader);

/* Until it is stopped, or, with --once, until the channel ends. The exit status. */
int logd_reader_run(struct logd_reader *reader);

#endif
