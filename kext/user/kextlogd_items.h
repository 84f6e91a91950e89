/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the thread that reads the channel tells the one that writes the lines. */
#ifndef KEXTLOGD_ITEMS_H
#define KEXTLOGD_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "osq_log.h"

enum logd_kind {
	LOGD_ITEM_FILLER,       /* nothing */
	LOGD_ITEM_RECORD,       /* a record of the channel, as it came */
	LOGD_ITEM_DAMAGE,       /* struct logd_gap: bytes that were no record */
	LOGD_ITEM_UNREAD,       /* struct logd_gap: messages that came while nothing was written */
	LOGD_ITEM_CONNECTED,    /* struct logd_connected */
	LOGD_ITEM_STATISTICS,   /* struct osq_log_statistics */
	LOGD_ITEM_DISCONNECTED, /* struct logd_disconnected */
	LOGD_ITEM_REOPEN,       /* int32_t: the level that has to be durable from now on */
	LOGD_ITEM_END,          /* nothing follows */
};

struct logd_gap {
	uint64_t wall; /* nanoseconds since 1970, when it is told */
	uint64_t count;
};

struct logd_connected {
	struct osq_log_statistics statistics;
	int32_t level;
};

struct logd_disconnected {
	uint64_t wall;
	struct osq_log_statistics account; /* the extension's own, where it is known */
	bool has_account;
	char reason[96];
};

#endif
