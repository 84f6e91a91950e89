/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The thread that makes lines of what the reader found, and writes them: as many as have come in
 * one write(2), and then, where one of them is grave enough, one fsync(2).
 *
 * Of a connection, messages + dropped == what the extension sent to this client; and of the
 * messages, lines + unwritten == messages.
 */
#ifndef KEXTLOGD_WRITER_H
#define KEXTLOGD_WRITER_H

#include <stdbool.h>

#include "kextlogd_file.h"
#include "kextlogd_queue.h"

struct logd_writer;

/* `channel` must stay. NULL with errno. Signals go to other threads. */
struct logd_writer *logd_writer_start(struct logd_queue *queue, struct logd_file *file,
                                      const char *channel, bool json, int32_t durable);

/* Nobody will ever read what is written. Items are taken all the same. */
bool logd_writer_is_broken(struct logd_writer *writer);

/* Waits for it to have written all, up to the end's item. -1 when something could not be written.
 */
int logd_writer_join(struct logd_writer *writer);

#endif
