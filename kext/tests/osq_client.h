/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the tests need of a client, beside the reader library. */
#ifndef OSQ_CLIENT_H
#define OSQ_CLIENT_H

#include "osq_handle.h"
#include "osq_reader.h"

/* The version of the extension that is loaded, found out by asking; 0 and a failure if none. */
uint64_t client_version(void);

/* Opens a reader of the loaded extension's version; false and a failure where it cannot. */
bool client_open(struct osq_reader *reader, uint64_t size);

/*
 * This program's own file, for exec: on a system without /proc the path that it was started by.
 * Not a link: events carry the file's real path.
 */
const char *client_program(void);

/*
 * Proves that the extension works from end to end: subscribes, executes this program (which must
 * end at once with status 0 when its only argument is CLIENT_NOTHING) and finds the event.
 */
#define CLIENT_NOTHING "--nothing"
bool client_sees_an_exec(struct osq_reader *reader);

#endif
