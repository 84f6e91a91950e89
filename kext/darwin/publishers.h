/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Who makes which event. */
#ifndef OSQ_PUBLISHERS_H
#define OSQ_PUBLISHERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * `stop` returns when no code of the publisher makes events any more, and may sleep for that.
 * Both are called in turns, under the device's mutex.
 */
struct osq_publisher {
	int32_t event;
	int (*start)(void); /* 0 or an errno, with nothing left behind */
	void (*stop)(void);
};

extern const struct osq_publisher osq_process_publisher;
extern const struct osq_publisher osq_file_publisher;
extern const struct osq_publisher osq_socket_publisher;

/* EINVAL for an event which nobody makes. What already is as wished is no error. */
int osq_publishers_subscribe(int32_t event, bool subscribe);

void osq_publishers_stop(void);

#endif
