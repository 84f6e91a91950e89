/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel's table of character devices, and the nodes of /dev. */
#ifndef KEXTHOST_CDEVSW_H
#define KEXTHOST_CDEVSW_H

#include <stdint.h>

struct process;
struct uio;

struct cdevsw {
	int (*open)(int32_t device, int flags, int type, struct process *process);
	int (*close)(int32_t device, int flags, int type, struct process *process);
	int (*read)(int32_t device, struct uio *uio, int flags);
	int (*write)(int32_t device, struct uio *uio, int flags);
	int (*ioctl)(int32_t device, unsigned long request, void *data, int flags,
	             struct process *process);
	int (*stop)(void *tty, int flags);
	int (*reset)(int bus);
	void *ttys;
	int (*select)(int32_t device, int which, void *list, struct process *process);
	int (*mmap)(void);
	void (*strategy)(void *buffer);
	void *reserved[2];
	int type;
};
_Static_assert(sizeof(struct cdevsw) == 112, "cdevsw");

/* What is there now; answers ENODEV to everything where there is no device. */
struct cdevsw cdevsw_get(int32_t device);

/*
 * What a node below /dev stands for: 0, or an errno of Darwin's. One that clones is asked for a
 * minor number. `access`: 4 to read, 2 to write, or both.
 */
int devfs_look_up(const char *name, const struct process *process, int access, int32_t *device);

#endif
