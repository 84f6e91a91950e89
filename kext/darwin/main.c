// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <IOKit/IOLib.h>
#include <mach/mach_types.h>

#include "callbacks.h"
#include "device.h"
#include "executions.h"
#include "locks.h"
#include "log.h"
#include "log_control.h"
#include "log_sysctl.h"
#include "prefixes.h"
#include "queue.h"
#include "testing.h"

kern_return_t osquery_start(kmod_info_t *info, void *data);
kern_return_t osquery_stop(kmod_info_t *info, void *data);

static int init(void)
{
	int error;

	error = osq_locks_init();
	if (error)
		return error;
	error = osq_log_control_init();
	if (error)
		goto no_log;
	error = osq_queue_init();
	if (error)
		goto no_queue;
	error = osq_prefixes_init();
	if (error)
		goto no_prefixes;
	error = osq_executions_init();
	if (error)
		goto no_executions;
	error = osq_testing_init();
	if (error)
		goto no_testing;
	error = osq_device_init();
	if (error)
		goto no_device;
	osq_log_sysctl_init();
	osq_log_info("loaded, version %llx", OSQ_VERSION);
	osq_log_control_open();
	return 0;

no_device:
	osq_testing_exit();
no_testing:
	osq_executions_exit();
no_executions:
	osq_prefixes_exit();
no_prefixes:
	osq_queue_exit();
no_queue:
	osq_log_error("cannot start (error %d)", error);
	(void)osq_log_control_remove();
	osq_callbacks_settle();
	osq_log_control_exit();
no_log:
	osq_locks_exit();
	return error;
}

kern_return_t osquery_start(kmod_info_t *info, void *data)
{
	int error = init();

	(void)info;
	(void)data;
	if (!error)
		return KERN_SUCCESS;
	IOLog("osquery: cannot start (error %d)\n", error);
	return KERN_FAILURE;
}

/* Refused while the device is open or somebody reads the log; it may be asked for again. */
kern_return_t osquery_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	if (osq_device_close()) {
		osq_log_warning("stays loaded: its device is open");
		return KERN_FAILURE;
	}
	osq_log_info("is being unloaded");
	if (osq_log_control_remove()) {
		osq_device_reopen();
		return KERN_FAILURE;
	}
	osq_log_sysctl_exit();
	osq_device_remove();
	osq_callbacks_settle();
	osq_device_exit();
	osq_testing_exit();
	osq_executions_exit();
	osq_prefixes_exit();
	osq_queue_exit();
	osq_log_control_exit();
	osq_locks_exit();
	return KERN_SUCCESS;
}
