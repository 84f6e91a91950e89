/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the calling thread's process does, told to whom it concerns: the callbacks run on this very
 * thread. As in XNU, registrations come and go meanwhile.
 */
#ifndef KEXTHOST_EVENTS_H
#define KEXTHOST_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kexthost_protocol.h"
#include "process.h"
#include "vnode.h"

/* KAUTH_FILEOP_* */
enum {
	FILE_OPERATION_OPEN = 1,
	FILE_OPERATION_CLOSE = 2,
	FILE_OPERATION_EXEC = 6,
};
#define FILE_CLOSE_MODIFIED 2

/* Is anybody there to be told? */
bool listeners_exist(void);
bool policies_exist(void);
bool filters_exist(void);

/* To the listeners of the scope of file operations. */
void listeners_tell(int action, struct credential *credential, struct vnode *vnode,
                    uintptr_t flags);

/* The policies are asked about an execution: before it is certain. */
void policies_tell_execution(struct credential *credential, struct process *child,
                             struct vnode *vnode);

/* Sockets and the filters on them: 0, or an errno of Darwin's, a filter's own where it objects. */
int socket_make(const struct kexthost_socket *kind, bool filtered, uint64_t *handle);
void socket_rename(uint64_t handle, const struct kexthost_endpoint *local);
int socket_bind(uint64_t handle, const struct kexthost_endpoint *local);
int socket_connect(uint64_t handle, const struct kexthost_endpoint *remote);
int socket_accept(uint64_t listening, const struct kexthost_endpoint *local,
                  const struct kexthost_endpoint *remote, uint64_t *handle);
int socket_shut(uint64_t handle);

#endif
