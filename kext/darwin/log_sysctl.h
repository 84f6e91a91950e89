/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * debug.osquery_log: `level` (1 trace to 5 error, 6 off) and `system_log_rate`, which the superuser
 * may set, and what became of the messages, by the names of struct osq_log_statistics.
 */
#ifndef OSQ_LOG_SYSCTL_H
#define OSQ_LOG_SYSCTL_H

void osq_log_sysctl_init(void);

/* When it returns, nobody is in the values' functions. */
void osq_log_sysctl_exit(void);

#endif
