/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The records in a channel's stream of bytes.
 *
 * The bytes are cut anywhere, and nothing in them is believed: what cannot be a record is damage,
 * up to the next place where one begins.
 */
#ifndef KEXTLOGD_RECORDS_H
#define KEXTLOGD_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "osq_log.h"

enum logd_found {
	LOGD_FOUND_RECORD, /* of *size bytes, at `bytes` */
	LOGD_FOUND_DAMAGE, /* *size bytes that belong to no record */
	LOGD_FOUND_PART,   /* what is there may become a record; *size is 0 */
};

/* What stands at `bytes`; `length` is not 0. With `end` nothing will follow: no part is left. */
enum logd_found logd_records_next(const void *bytes, size_t length, bool end, size_t *size);

/* The header of a record that was found; its text follows it. */
struct osq_log_record logd_records_header(const void *bytes);

#endif
