// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "listener.h"

#include <stddef.h>
#include <sys/errno.h>

/* Other operations have other arguments: only of these is the first one a vnode. */
static bool is_told(kauth_action_t action)
{
	return action == KAUTH_FILEOP_OPEN || action == KAUTH_FILEOP_CLOSE ||
	       action == KAUTH_FILEOP_EXEC;
}

static int heard(kauth_cred_t credential, void *context, kauth_action_t action, uintptr_t vnode,
                 uintptr_t path, uintptr_t flags, uintptr_t unused)
{
	struct osq_listener *listener = context;

	(void)unused;
	osq_callbacks_enter(&listener->callbacks);
	if (__atomic_load_n(&listener->listening, __ATOMIC_SEQ_CST) && is_told(action))
		listener->told(action, credential, (vnode_t)vnode, (const char *)path, flags);
	osq_callbacks_leave(&listener->callbacks);
	return KAUTH_RESULT_DEFER;
}

int osq_listener_start(struct osq_listener *listener)
{
	__atomic_store_n(&listener->listening, true, __ATOMIC_SEQ_CST);
	listener->handle = kauth_listen_scope(KAUTH_SCOPE_FILEOP, heard, listener);
	if (listener->handle)
		return 0;
	osq_listener_stop(listener);
	return ENOMEM;
}

void osq_listener_stop(struct osq_listener *listener)
{
	__atomic_store_n(&listener->listening, false, __ATOMIC_SEQ_CST);
	if (listener->handle)
		kauth_unlisten_scope(listener->handle);
	listener->handle = NULL;
	osq_callbacks_drain(&listener->callbacks);
}
