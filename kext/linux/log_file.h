/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * /proc/osquery_log, and the parameters log_level and log_statistics: see osq_log.h.
 *
 * Not a device: one that is open, if only for a request, keeps the module from being unloaded, and
 * a daemon that is always there would do so now and then. procfs waits for the request instead.
 */
#ifndef OSQ_LOG_FILE_H
#define OSQ_LOG_FILE_H

int osq_log_file_init(void);
void osq_log_file_exit(void);

#endif
