/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * How the tests' client and the tests' extension talk: over a socket with the channel's name. A
 * client connects twice, for the stream and for its requests, and says each time which it is.
 */
#ifndef FAKE_PROTOCOL_H
#define FAKE_PROTOCOL_H

#include "osq_log.h"

enum fake_operation {
	FAKE_CONNECT,  /* with the level; the stream follows the reply */
	FAKE_REQUESTS, /* what follows on this socket are these: */
	FAKE_LEVEL,
	FAKE_GET_SETTINGS,
	FAKE_SET_SETTINGS,
	FAKE_STATISTICS,
};

struct fake_request {
	int32_t operation;
	int32_t level;
	struct osq_log_settings settings;
};

struct fake_reply {
	int32_t error; /* errno, or 0 */
	int32_t unused;
	struct osq_log_settings settings;
	struct osq_log_statistics statistics;
};

#endif
