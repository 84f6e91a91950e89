// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/module.h>

#include "device.h"
#include "log.h"
#include "log_file.h"
#include "osq_device.h"
#include "queue.h"
#include "watch.h"

static int __init osq_init(void)
{
	int error;

	error = osq_log_file_init();
	if (error)
		return error;
	error = osq_queue_init();
	if (error)
		goto no_queue;
	error = osq_device_init();
	if (error)
		goto no_device;
	osq_log_info("loaded, version %llx", OSQ_VERSION);
	return 0;

no_device:
	osq_queue_exit();
no_queue:
	osq_log_error("cannot start (error %d)", error);
	osq_log_file_exit();
	return error;
}

static void __exit osq_exit(void)
{
	osq_device_exit();
	osq_watch_exit();
	osq_queue_exit();
	osq_log_info("unloaded");
	osq_log_file_exit();
}

module_init(osq_init);
module_exit(osq_exit);

MODULE_DESCRIPTION("Kernel events for osquery");
MODULE_AUTHOR("The KextDev authors");
MODULE_LICENSE("Dual MIT/GPL");
