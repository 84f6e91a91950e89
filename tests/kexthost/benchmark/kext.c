/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A device whose request runs one kind of call many times and says how long they took. */
#include <IOKit/IOLib.h>
#include <kern/locks.h>
#include <mach/mach_types.h>
#include <miscfs/devfs/devfs.h>
#include <stdbool.h>
#include <sys/conf.h>
#include <sys/errno.h>

#include "benchmark.h"

uint64_t mach_absolute_time(void); /* nanoseconds on every Intel Mac */
int OSAddAtomic(int amount, volatile int *address);

kern_return_t benchmark_start(kmod_info_t *info, void *data);
kern_return_t benchmark_stop(kmod_info_t *info, void *data);

static lck_grp_t *group;
static lck_mtx_t *mutex;
static lck_spin_t *spin;
static lck_rw_t *rw;
static int major;
static void *node;
static volatile int counter;

static bool repeat(uint32_t kind, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		switch (kind) {
		case BENCHMARK_MUTEX:
			lck_mtx_lock(mutex);
			lck_mtx_unlock(mutex);
			break;
		case BENCHMARK_SPIN:
			lck_spin_lock(spin);
			lck_spin_unlock(spin);
			break;
		case BENCHMARK_SHARED:
			lck_rw_lock_shared(rw);
			lck_rw_unlock_shared(rw);
			break;
		case BENCHMARK_MEMORY: {
			void *memory = IOMalloc(64);

			if (memory)
				IOFree(memory, 64);
			break;
		}
		case BENCHMARK_ATOMIC:
			OSAddAtomic(1, &counter);
			break;
		default:
			return false;
		}
	}
	return true;
}

static int on_open(dev_t device, int flags, int type, struct proc *process)
{
	(void)device;
	(void)flags;
	(void)type;
	(void)process;
	return 0;
}

static int on_ioctl(dev_t device, u_long request, caddr_t data, int flags, struct proc *process)
{
	struct benchmark *benchmark = (struct benchmark *)data;
	uint64_t began;

	(void)device;
	(void)flags;
	(void)process;
	if ((uint32_t)request != BENCHMARK_RUN)
		return ENOTTY;
	began = mach_absolute_time();
	if (!repeat(benchmark->kind, benchmark->count))
		return EINVAL;
	benchmark->nanoseconds = mach_absolute_time() - began;
	return 0;
}

static struct cdevsw device_switch = {
    .d_open = on_open,
    .d_close = on_open,
    .d_read = eno_rdwrt,
    .d_write = eno_rdwrt,
    .d_ioctl = on_ioctl,
    .d_stop = eno_stop,
    .d_reset = eno_reset,
    .d_select = eno_select,
    .d_mmap = eno_mmap,
    .d_strategy = eno_strat,
};

kern_return_t benchmark_start(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	group = lck_grp_alloc_init("benchmark", NULL);
	mutex = lck_mtx_alloc_init(group, NULL);
	spin = lck_spin_alloc_init(group, NULL);
	rw = lck_rw_alloc_init(group, NULL);
	major = cdevsw_add(-24, &device_switch);
	node = major < 0 ? NULL
	                 : devfs_make_node(makedev(major, 0), DEVFS_CHAR, UID_ROOT, GID_WHEEL, 0600,
	                                   "benchmark");
	return node ? KERN_SUCCESS : KERN_FAILURE;
}

kern_return_t benchmark_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	devfs_remove(node);
	cdevsw_remove(major, &device_switch);
	lck_rw_free(rw, group);
	lck_spin_free(spin, group);
	lck_mtx_free(mutex, group);
	lck_grp_free(group);
	return KERN_SUCCESS;
}
