// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Loses 1 MiB each time that it is loaded. */
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

static int __init leak_init(void)
{
	void *lost = kmalloc(SZ_1M, GFP_KERNEL);

	if (!lost)
		return -ENOMEM;
	memset(lost, 0x5a, SZ_1M);
	return 0;
}

static void __exit leak_exit(void)
{
}

module_init(leak_init);
module_exit(leak_exit);
MODULE_DESCRIPTION("Loses 1 MiB a load");
MODULE_LICENSE("Dual MIT/GPL");
