/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Devices that clients have open. XNU opens the device for each open(2), one after the other for
 * one device number, and closes it once: when the last of all openings of that number goes.
 */
#ifndef KEXTHOST_DEVICES_H
#define KEXTHOST_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "kexthost_protocol.h"

/* All of these: 0, or an errno of Darwin's. As the calling thread's process. */

/* `descriptor` is for the client, and the caller's to close. */
int device_open(const char *name, int flags, uint64_t *handle, int *descriptor);

/* `data` has room for what the request says, and for 8 bytes. */
int device_ioctl(uint64_t handle, uint32_t request, void *data);

/* read(2) and write(2). `done`: how many bytes were moved. */
int device_transfer(uint64_t handle, const struct kexthost_transfer *transfer, bool write,
                    uint64_t *done);

#endif
