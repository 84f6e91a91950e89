// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Leaves its device behind. */
#include <miscfs/devfs/devfs.h>
#include <sys/conf.h>
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

static struct cdevsw functions = {
    .d_open = (open_close_fcn_t *)enodev,
    .d_close = (open_close_fcn_t *)enodev,
    .d_read = eno_rdwrt,
    .d_write = eno_rdwrt,
    .d_ioctl = (ioctl_fcn_t *)enodev,
    .d_stop = eno_stop,
    .d_reset = eno_reset,
    .d_select = eno_select,
    .d_mmap = eno_mmap,
    .d_strategy = eno_strat,
};

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	const int major = cdevsw_add(-1, &functions);

	(void)info;
	(void)data;
	if (major < 0)
		return 5;
	return devfs_make_node(makedev(major, 0), DEVFS_CHAR, 0, 0, 0600, "bad") ? 0 : 5;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return 0;
}
