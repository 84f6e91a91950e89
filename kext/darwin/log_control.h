/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log channel's kernel controls, a stream and datagrams: see osq_log.h. */
#ifndef OSQ_LOG_CONTROL_H
#define OSQ_LOG_CONTROL_H

/* 0 or an errno. Messages go to the system log: nobody may connect yet. */
int osq_log_control_init(void);

/* Lets clients come. */
void osq_log_control_open(void);

/*
 * Tells the clients to go, and takes the controls away once they have. EBUSY, and nothing has
 * changed, when one stays for longer than a second; who that is, is logged. Messages go to the
 * system log from then on.
 */
int osq_log_control_remove(void);

/* After that, and after the last message. */
void osq_log_control_exit(void);

#endif
