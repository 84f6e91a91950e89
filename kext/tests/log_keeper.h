/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* kextlogd as a test's child, and what its file says. */
#ifndef LOG_KEEPER_H
#define LOG_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "log_reader.h"

#define KEEPER_FILE "/tmp/osq-log-keeper.jsonl"

/* What the file says. */
struct stored {
	uint64_t messages, last; /* the last one's sequence */
	uint64_t latest;         /* messages since the last connection */
	uint64_t dropped, unwritten;
	uint64_t unwanted, sent; /* as the extension says at the end of each connection */
	unsigned connected, disconnected, others;
};

/* The daemon lies beside the test's program. */
void keeper_init(const char *program);

/*
 * Loads the extension, which makes messages of all levels, and opens a reader that wants none of
 * them: it is there to ask the extension. No file is left of an earlier daemon.
 */
bool keeper_set_up(struct log_reader *reader);
void keeper_tear_down(struct log_reader *reader);

/* Its process. It keeps all levels. */
int keeper_start(void);
bool keeper_wait_for_connection(unsigned count);
void keeper_end(int child);

struct stored keeper_read(void);

/* Each message that the extension sent to the daemon has its line or is counted. */
void keeper_expect_all_accounted(const struct stored *stored);

#endif
