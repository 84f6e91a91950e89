/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Lines that are written together, and the account of those that could not be: their messages are
 * counted, and what their notes told is told again when the file takes lines again.
 */
#ifndef KEXTLOGD_BATCH_H
#define KEXTLOGD_BATCH_H

#include <stdbool.h>

#include "kextlogd_file.h"
#include "kextlogd_lines.h"

struct logd_mark {
	size_t begin;
	struct logd_note note;
};

/* What could not be told of a connection, or of several as one: a note of each kind. */
struct logd_untold {
	struct logd_note notes[LOGD_NOTE_KINDS]; /* where `is_pending` */
	bool is_pending[LOGD_NOTE_KINDS];
	char reason[96]; /* the end's, as the account is */
	struct osq_log_statistics account;
};

struct logd_batch {
	struct logd_file *file;
	struct logd_lines *lines;
	char *bytes;
	size_t length;
	bool urgent;             /* has to be on the disk before we go on */
	struct logd_mark *marks; /* where the notes are among the lines */
	size_t mark_count;
	struct logd_untold ended;   /* the connections before the current one */
	struct logd_untold current; /* told after those: counts are of one connection */
	char *made_up;              /* for their notes' lines */
	char reason[96];            /* why lines could not be written */
	uint64_t unwritten;         /* messages, since all was well */
	int told_error, told_sync;  /* errno that was told on standard error; 0: none */
};

/* -1 with errno. */
int logd_batch_init(struct logd_batch *batch, struct logd_file *file, struct logd_lines *lines);
void logd_batch_exit(struct logd_batch *batch);

void logd_batch_message(struct logd_batch *batch, const struct osq_log_record *record,
                        const char *text, bool urgent);
void logd_batch_note(struct logd_batch *batch, const struct logd_note *note);

/* Writes what there is. */
void logd_batch_flush(struct logd_batch *batch);

/* The same, for the last time, and all to the disk. -1: not all could be written, as was told. */
int logd_batch_finish(struct logd_batch *batch);

#endif
