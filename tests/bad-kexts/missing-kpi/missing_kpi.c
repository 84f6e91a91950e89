// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Uses what only macOS 10.9 has. */
#include <mach/mach_types.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

struct proc;
int proc_tbe(struct proc *process);

int (*volatile bad_use)(struct proc *process) = proc_tbe;

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return 0;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return 0;
}
