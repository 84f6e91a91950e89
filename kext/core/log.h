/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Messages of the extension, through its own channel: see osq_log.h for what a program gets.
 *
 *   osq_log_warning("no room for %zu bytes", size);
 *
 * No line end, no prefix. A message below the extension's level costs a load and a branch; its
 * arguments are not looked at. One that is made costs its formatting, one short lock, and a copy
 * for each client; nobody waits for a reader. Never from an NMI. From where else, see the port:
 *
 *   Linux   anywhere: processes, interrupts, under raw spin locks, with interrupts off
 *   XNU     wherever a mutex may be taken: threads and callbacks, not under a spin lock or with
 *           preemption off. A client's buffer is its socket's, and that is behind a mutex
 */
#ifndef OSQ_CORE_LOG_H
#define OSQ_CORE_LOG_H

#include "osq_log.h"
#include "port.h"

#define osq_log(level, ...)                                                                        \
	do {                                                                                       \
		if ((uint32_t)(level) >= osq_port_load_relaxed(&osq_log_limit))                    \
			osq_log_message(level, __VA_ARGS__);                                       \
	} while (0)

#define osq_log_trace(...)   osq_log(OSQ_LOG_TRACE, __VA_ARGS__)
#define osq_log_debug(...)   osq_log(OSQ_LOG_DEBUG, __VA_ARGS__)
#define osq_log_info(...)    osq_log(OSQ_LOG_INFO, __VA_ARGS__)
#define osq_log_warning(...) osq_log(OSQ_LOG_WARNING, __VA_ARGS__)
#define osq_log_error(...)   osq_log(OSQ_LOG_ERROR, __VA_ARGS__)

/* The extension's level: only osq_log() and log.c look at it. */
extern uint32_t osq_log_limit;

void osq_log_message(int32_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * What follows is for the port, which has the clients. A client has this in it; the numbers are
 * under the channel's lock.
 */
struct osq_log_subscriber {
	int32_t level;
	bool closed;    /* was told that the channel ends; what comes then is dropped */
	uint64_t since; /* how many had been sent when it came */
	uint64_t delivered, unwanted, dropped;
	uint64_t told; /* of `dropped`, by the records that it got */
};

/* Before the first message, and after the last one; nobody subscribes any more then. What was lost
 * and never told goes to the system log. */
void osq_log_start(const char *name);
void osq_log_stop(void);

/* 0, EINVAL for a level that is none, or EBUSY when there are too many. */
int osq_log_subscribe(struct osq_log_subscriber *subscriber, int32_t level);

/* When it returns, nothing is put for it any more. */
void osq_log_unsubscribe(struct osq_log_subscriber *subscriber);

int osq_log_set_level(struct osq_log_subscriber *subscriber, int32_t level);

/*
 * Tells each one that the channel ends, by the last record that it gets; or, where that is taken
 * back, lets them have records again. False: not all have had room for it yet.
 */
bool osq_log_tell_closing(void);
void osq_log_stay_open(void);

/*
 * Unsubscribes, and makes that last record for the port to deliver. `left` is how many of the
 * records that were put will never reach the client: they are dropped.
 */
void osq_log_close(struct osq_log_subscriber *subscriber, uint64_t left,
                   struct osq_log_closing *closing);

void osq_log_get_settings(struct osq_log_settings *settings);
int osq_log_set_settings(const struct osq_log_settings *settings);

/* `subscriber` may be NULL. */
void osq_log_get_statistics(const struct osq_log_subscriber *subscriber,
                            struct osq_log_statistics *statistics);

#endif
