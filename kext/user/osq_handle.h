/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The device as a program reaches it: by the system's own calls where the system has the device,
 * by kexthost's client (KEXTHOST is defined) where a kext of macOS runs on Linux. A handle is a
 * descriptor in any case: fork, dup2 and the end of the process treat it as such.
 */
#ifndef OSQ_HANDLE_H
#define OSQ_HANDLE_H

#include "osq_device.h"

/* `flags` as of open(2). A handle, or -1 and errno. */
int osq_handle_open(int flags);

/* 0, or -1 and errno. */
int osq_handle_request(int handle, unsigned long request, void *argument);
int osq_handle_close(int handle);

#endif
