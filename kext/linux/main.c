// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/module.h>

#include "device.h"
#include "queue.h"
#include "watch.h"

static int __init osq_init(void)
{
	int error;

	error = osq_queue_init();
	if (error)
		return error;
	error = osq_device_init();
	if (error)
		goto no_device;
	return 0;

no_device:
	osq_queue_exit();
	return error;
}

static void __exit osq_exit(void)
{
	osq_device_exit();
	osq_watch_exit();
	osq_queue_exit();
}

module_init(osq_init);
module_exit(osq_exit);

MODULE_DESCRIPTION("Kernel events for osquery");
MODULE_AUTHOR("The KextDev authors");
MODULE_LICENSE("Dual MIT/GPL");
