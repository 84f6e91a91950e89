/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Sockets of PF_SYSTEM and SYSPROTO_CONTROL: a program's end of a kernel control. The control's
 * callbacks run on the program's threads, with no lock held.
 */
#ifndef KEXTHOST_CONTROL_SOCKETS_H
#define KEXTHOST_CONTROL_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "kexthost_protocol.h"

struct kernel_control;
struct mbuf;

extern const struct open_file_kind control_socket_kind;

/* All of these: 0, or an errno of Darwin's. As the calling thread's process. */

/* `descriptor` is for the client, and the caller's to close. */
int control_socket_make(uint32_t type, uint64_t *handle, int *descriptor);

/* The unit is any where it is 0, and says then which. */
int control_socket_connect(uint64_t handle, uint32_t id, uint32_t *unit);

/* `done`: how much of it was moved. */
int control_socket_send(uint64_t handle, const struct kexthost_transfer *transfer, uint64_t *done);

/* `flags`: KEXTHOST_RECEIVED_*. */
int control_socket_receive(uint64_t handle, const struct kexthost_transfer *transfer,
                           uint64_t *done, uint64_t *flags);

int control_socket_set(uint64_t handle, const struct kexthost_transfer *transfer);

/* `length`: of the option, however much there was room for. */
int control_socket_get(uint64_t handle, const struct kexthost_transfer *transfer, uint64_t *length);

/* For kexts. The packet is the socket's unless there is an error. */
int control_enqueue(const struct kernel_control *control, uint32_t unit, struct mbuf *packet,
                    size_t length, uint32_t flags);
int control_space(const struct kernel_control *control, uint32_t unit, size_t *space);

#endif
