// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Goes on listening, in a scope where nothing is ever told: what is called after its code is gone would panic. */
#include <mach/mach_types.h>
#include <sys/kauth.h>

kern_return_t bad_start(kmod_info_t *info, void *data);
kern_return_t bad_stop(kmod_info_t *info, void *data);

static int heard(kauth_cred_t credential, void *context, kauth_action_t action, uintptr_t vnode,
                 uintptr_t path, uintptr_t flags, uintptr_t unused)
{
	(void)credential;
	(void)context;
	(void)action;
	(void)vnode;
	(void)flags;
	(void)unused;
	(void)path;
	return KAUTH_RESULT_DEFER;
}

kern_return_t bad_start(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return kauth_listen_scope("org.kextdev.nothing", heard, NULL) ? 0 : 5;
}

kern_return_t bad_stop(kmod_info_t *info, void *data)
{
	(void)info;
	(void)data;
	return 0;
}
