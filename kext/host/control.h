/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The socket by which clients come, and what they ask for. */
#ifndef KEXTHOST_CONTROL_H
#define KEXTHOST_CONTROL_H

/* A listening socket at `path`, or -1 with errno set. One that is a left-over there is replaced. */
int control_listen(const char *path);

/* Serves everybody who comes, until the process ends. */
_Noreturn void control_serve(int listening);

#endif
