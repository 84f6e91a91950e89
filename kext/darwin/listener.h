/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Listens to what happened to files, everywhere: kauth's scope of file operations. It tells after
 * the fact, in the thread that did it, with references and paths that last for the call.
 *
 * kauth_unlisten_scope does not wait, and a callback may even begin after it has returned. So each
 * listener counts who is inside, and one who comes too late finds that nobody listens.
 */
#ifndef OSQ_LISTENER_H
#define OSQ_LISTENER_H

#include <stdbool.h>
#include <sys/kauth.h>

#include "callbacks.h"

/* Lives as long as the extension; only the first member is the caller's. */
struct osq_listener {
	/* Told by many threads at once, which may sleep. Flags of a closing, else 0. */
	void (*told)(kauth_action_t action, kauth_cred_t credential, vnode_t vnode,
	             const char *path, uintptr_t flags);
	struct osq_callbacks callbacks;
	bool listening;
	kauth_listener_t handle;
};

/* 0, or ENOMEM, also where as many listen already as the kernel has room for. */
int osq_listener_start(struct osq_listener *listener);

/* Nobody is told any more when this returns. */
void osq_listener_stop(struct osq_listener *listener);

#endif
