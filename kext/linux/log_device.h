/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* /dev/osquery_log, and the parameters log_level and log_statistics: see osq_log.h. */
#ifndef OSQ_LOG_DEVICE_H
#define OSQ_LOG_DEVICE_H

int osq_log_device_init(void);
void osq_log_device_exit(void);

#endif
