/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_KERNEL_TYPES_H
#define OSQ_KPI_KERNEL_TYPES_H

#include <sys/types.h>

typedef struct proc *proc_t;
typedef struct ucred *kauth_cred_t;
typedef struct vnode *vnode_t;
typedef struct vfs_context *vfs_context_t;
typedef struct socket *socket_t;

#endif
