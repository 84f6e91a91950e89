// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_file.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/proc_fs.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "log.h"
#include "log_clients.h"
#include "log_testing.h"

static long connect(void __user *argument)
{
	struct osq_log_connect args;
	int error;

	if (copy_from_user(&args, argument, sizeof(args)))
		return -EFAULT;
	error = osq_log_clients_connect(args.pipe, args.level, &args.unit);
	if (!error && copy_to_user(argument, &args, sizeof(args)))
		error = -EFAULT; /* the client goes with its pipe */
	return error;
}

static long set_level(const void __user *argument)
{
	struct osq_log_unit args;

	if (copy_from_user(&args, argument, sizeof(args)))
		return -EFAULT;
	return osq_log_clients_set_level(args.unit, args.level);
}

static long get_settings(void __user *argument)
{
	struct osq_log_settings settings;

	osq_log_get_settings(&settings);
	return copy_to_user(argument, &settings, sizeof(settings)) ? -EFAULT : 0;
}

static long set_settings(const void __user *argument)
{
	struct osq_log_settings settings;

	if (copy_from_user(&settings, argument, sizeof(settings)))
		return -EFAULT;
	return -osq_log_set_settings(&settings);
}

static long get_statistics(void __user *argument)
{
	struct osq_log_unit_statistics args;
	int error;

	if (copy_from_user(&args, argument, sizeof(args)))
		return -EFAULT;
	if (args.unit > U32_MAX)
		return -ENXIO;
	error = osq_log_clients_statistics((uint32_t)args.unit, &args.statistics);
	if (!error && copy_to_user(argument, &args, sizeof(args)))
		error = -EFAULT;
	return error;
}

static long handle_request(struct file *file, unsigned int request, unsigned long value)
{
	void __user *argument = (void __user *)value;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (request) {
	case OSQ_LOG_IOCTL_CONNECT:
		return connect(argument);
	case OSQ_LOG_IOCTL_LEVEL:
		return set_level(argument);
	case OSQ_LOG_IOCTL_GET_SETTINGS:
		return get_settings(argument);
	case OSQ_LOG_IOCTL_SET_SETTINGS:
		return set_settings(argument);
	case OSQ_LOG_IOCTL_STATISTICS:
		return get_statistics(argument);
	case OSQ_LOG_IOCTL_TEST:
		return osq_log_testing_run(argument);
	}
	return -ENOTTY;
}

static int open_file(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_ADMIN) ? stream_open(inode, file) : -EPERM;
}

static const struct proc_ops operations = {
    .proc_open = open_file,
    .proc_ioctl = handle_request,
    .proc_lseek = no_llseek,
};
static struct proc_dir_entry *entry;

/* log_level=debug, when the module is loaded as well as later. */
static const char *const level_names[] = {
    "trace", "debug", "info", "warning", "error", "off",
};
static int32_t level = OSQ_LOG_INFO;

/* Under the lock of the module's parameters. */
static int apply_level(void)
{
	struct osq_log_settings settings;

	osq_log_get_settings(&settings);
	settings.level = level;
	return -osq_log_set_settings(&settings);
}

static int set_level_parameter(const char *value, const struct kernel_param *parameter)
{
	const int found = __sysfs_match_string(level_names, ARRAY_SIZE(level_names), value);

	if (found < 0)
		return found;
	level = OSQ_LOG_TRACE + found;
	return apply_level();
}

static int get_level_parameter(char *buffer, const struct kernel_param *parameter)
{
	struct osq_log_settings settings;

	osq_log_get_settings(&settings);
	return sprintf(buffer, "%s\n", level_names[settings.level - OSQ_LOG_TRACE]);
}

static int get_statistics_parameter(char *buffer, const struct kernel_param *parameter)
{
	struct osq_log_statistics now;

	osq_log_get_statistics(NULL, &now);
	return sprintf(buffer,
	               "sent %llu\ndelivered %llu\nunwanted %llu\nsystem_log %llu\nlost %llu\n"
	               "no_client %llu\nfull %llu\nno_memory %llu\nclients %u\n",
	               now.sent, now.delivered, now.unwanted, now.system_log, now.lost,
	               now.no_client, now.full, now.no_memory, now.clients);
}

static const struct kernel_param_ops level_operations = {
    .set = set_level_parameter,
    .get = get_level_parameter,
};
static const struct kernel_param_ops statistics_operations = {.get = get_statistics_parameter};

module_param_cb(log_level, &level_operations, NULL, 0644);
MODULE_PARM_DESC(log_level, "the least that is logged: trace, debug, info, warning, error or off");
module_param_cb(log_statistics, &statistics_operations, NULL, 0444);
MODULE_PARM_DESC(log_statistics, "what became of the messages");

int osq_log_file_init(void)
{
	int error;

	osq_log_start("osquery");
	apply_level();
	error = osq_log_clients_init();
	if (error)
		goto no_clients;
	entry = proc_create("osquery_log", 0600, NULL, &operations);
	if (!entry) {
		error = -ENOMEM;
		goto no_entry;
	}
	return 0;

no_entry:
	osq_log_clients_exit();
no_clients:
	osq_log_stop();
	return error;
}

void osq_log_file_exit(void)
{
	proc_remove(entry); /* nobody is in a request any more */
	osq_log_clients_exit();
	osq_log_stop();
}
