/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_CONF_H
#define OSQ_KPI_CONF_H

#include <sys/kernel_types.h>

struct uio;
struct tty;
struct buf;

typedef int open_close_fcn_t(dev_t device, int flags, int type, struct proc *process);
typedef int read_write_fcn_t(dev_t device, struct uio *uio, int flags);
typedef int ioctl_fcn_t(dev_t device, u_long request, caddr_t data, int flags,
                        struct proc *process);
typedef int stop_fcn_t(struct tty *tty, int flags);
typedef int reset_fcn_t(int bus);
typedef int select_fcn_t(dev_t device, int which, void *list, struct proc *process);
typedef int mmap_fcn_t(void);
typedef void strategy_fcn_t(struct buf *buffer);

struct cdevsw {
	open_close_fcn_t *d_open;
	open_close_fcn_t *d_close;
	read_write_fcn_t *d_read;
	read_write_fcn_t *d_write;
	ioctl_fcn_t *d_ioctl;
	stop_fcn_t *d_stop;
	reset_fcn_t *d_reset;
	struct tty **d_ttys;
	select_fcn_t *d_select;
	mmap_fcn_t *d_mmap;
	strategy_fcn_t *d_strategy;
	void *d_reserved_1;
	void *d_reserved_2;
	int d_type;
};
_Static_assert(sizeof(struct cdevsw) == 112, "cdevsw");
_Static_assert(offsetof(struct cdevsw, d_ioctl) == 32, "cdevsw");
_Static_assert(offsetof(struct cdevsw, d_select) == 64, "cdevsw");
_Static_assert(offsetof(struct cdevsw, d_strategy) == 80, "cdevsw");
_Static_assert(offsetof(struct cdevsw, d_type) == 104, "cdevsw");

/* Answers of a device that cannot do it. */
int enodev(void);
void enodev_strat(void);
#define eno_rdwrt  ((read_write_fcn_t *)&enodev)
#define eno_stop   ((stop_fcn_t *)&enodev)
#define eno_reset  ((reset_fcn_t *)&enodev)
#define eno_select ((select_fcn_t *)&enodev)
#define eno_mmap   ((mmap_fcn_t *)&enodev)
#define eno_strat  ((strategy_fcn_t *)&enodev_strat)

/* A negative number: the first free slot from its absolute value up. The major number, or -1. */
int cdevsw_add(int index, struct cdevsw *device);
int cdevsw_remove(int index, struct cdevsw *device);

#endif
