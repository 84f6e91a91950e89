/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* /dev/osquery: who may open it, and the requests. */
#ifndef OSQ_DEVICE_NODE_H
#define OSQ_DEVICE_NODE_H

int osq_device_init(void);
void osq_device_exit(void);

#endif
