// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "device.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "osq_device.h"
#include "prefixes.h"
#include "publishers.h"
#include "queue.h"
#include "testing.h"

/* One for everything that requests change; events flow without it. */
static DEFINE_MUTEX(mutex);
static unsigned int openers;

static int subscribe(const void __user *argument)
{
	struct osq_subscription_args args;

	if (copy_from_user(&args, argument, sizeof(args)))
		return -EFAULT;
	return osq_publishers_subscribe(args.event, args.subscribe != 0);
}

static int sync_queue(void __user *argument)
{
	struct osq_sync_args args;
	int error;

	if (copy_from_user(&args, argument, sizeof(args)))
		return -EFAULT;
	error = osq_queue_sync(&args, &mutex);
	if (!error && copy_to_user(argument, &args, sizeof(args))) {
		osq_queue_lose_count();
		error = -EFAULT;
	}
	return error;
}

static int allocate(void __user *argument)
{
	struct osq_allocate_args args;

	if (copy_from_user(&args, argument, sizeof(args)))
		return -EFAULT;
	return osq_queue_allocate(&args, argument);
}

static int change_prefixes(const void __user *argument)
{
	struct osq_prefix_args *args = memdup_user(argument, sizeof(*args));
	int error;

	if (IS_ERR(args))
		return PTR_ERR(args);
	error = osq_prefixes_change(args);
	kfree(args);
	return error;
}

static void reset(void)
{
	osq_publishers_stop();
	osq_prefixes_clear();
	osq_queue_destroy();
}

static long request_locked(unsigned int request, void __user *argument)
{
	/* The buffer is mapped into one process; another one that asks ends what that one had. */
	if (osq_queue_is_foreign())
		reset();
	switch (request) {
	case OSQ_IOCTL_SUBSCRIPTION:
		return subscribe(argument);
	case OSQ_IOCTL_SYNC:
		return sync_queue(argument);
	case OSQ_IOCTL_ALLOCATE:
		return allocate(argument);
	case OSQ_IOCTL_PREFIX:
		return change_prefixes(argument);
	}
	return -ENOTTY;
}

static long handle_request(struct file *file, unsigned int request, unsigned long value)
{
	void __user *argument = (void __user *)value;
	long result;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (request) {
	case OSQ_IOCTL_SUBSCRIPTION:
	case OSQ_IOCTL_SYNC:
	case OSQ_IOCTL_ALLOCATE:
	case OSQ_IOCTL_PREFIX:
		break;
	case OSQ_IOCTL_TEST:
		return osq_testing_produce(file->private_data, argument);
	default:
		return -ENOTTY;
	}
	if (mutex_lock_interruptible(&mutex))
		return -EINTR;
	result = request_locked(request, argument);
	mutex_unlock(&mutex);
	return result;
}

static int open_device(struct inode *inode, struct file *file)
{
	int error = 0;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (mutex_lock_interruptible(&mutex))
		return -EINTR;
	if (openers && !osq_testing_many_openers())
		error = -EBUSY;
	else
		error = osq_testing_open(&file->private_data);
	if (!error)
		openers++;
	mutex_unlock(&mutex);
	return error ? error : stream_open(inode, file);
}

/* The last descriptor is gone, of this open file; so no request runs on it any more. */
static int release_device(struct inode *inode, struct file *file)
{
	mutex_lock(&mutex);
	if (--openers == 0)
		reset();
	mutex_unlock(&mutex);
	osq_testing_close(file->private_data);
	return 0;
}

static const struct file_operations device_operations = {
    .owner = THIS_MODULE, /* no unloading while open */
    .open = open_device,
    .release = release_device,
    .unlocked_ioctl = handle_request,
    .llseek = no_llseek,
};

static struct miscdevice device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "osquery",
    .mode = 0600,
    .fops = &device_operations,
};

int osq_device_init(void)
{
	return misc_register(&device);
}

void osq_device_exit(void)
{
	misc_deregister(&device);
}
