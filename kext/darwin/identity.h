/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Who does it, and to which file: the parts that events have in common. */
#ifndef OSQ_IDENTITY_H
#define OSQ_IDENTITY_H

#include <sys/kernel_types.h>

#include "event.h"

/* Of the calling process, with the ids of the credential. */
void osq_identity_get(struct osq_identity *identity, kauth_cred_t credential);

/* Of another one, which the caller keeps from going. */
void osq_identity_of(struct osq_identity *identity, proc_t process, kauth_cred_t credential);

/* Of a regular file that the caller holds. Asks the file system, so it may sleep. */
void osq_attributes_get(struct osq_attributes *attributes, vnode_t vnode);

#endif
