/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* /dev/osquery: who may open it, and the requests. */
#ifndef OSQ_DEVICE_NODE_H
#define OSQ_DEVICE_NODE_H

/* 0 or an errno. */
int osq_device_init(void);

/*
 * Takes the device away; nobody is in any of its functions when this returns 0. EBUSY, and nothing
 * has changed, while it is open.
 */
int osq_device_remove(void);

/* After that. */
void osq_device_exit(void);

#endif
