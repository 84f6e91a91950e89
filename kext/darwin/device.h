/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* /dev/osquery: who may open it, and the requests. */
#ifndef OSQ_DEVICE_NODE_H
#define OSQ_DEVICE_NODE_H

/* 0 or an errno. */
int osq_device_init(void);

/* Lets nobody open it any more, or again. EBUSY, and nothing has changed, while it is open. */
int osq_device_close(void);
void osq_device_reopen(void);

/* Takes the closed device away; nobody is in any of its functions when this returns. */
void osq_device_remove(void);

/* After that. */
void osq_device_exit(void);

#endif
