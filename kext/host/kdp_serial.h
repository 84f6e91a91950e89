/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef KEXTHOST_KDP_SERIAL_H
#define KEXTHOST_KDP_SERIAL_H

#include "kdp_link.h"

/* Over a serial line: each packet in a frame of Ethernet, IPv4 and UDP. Once it is open. */
extern const struct kdp_link kdp_serial;

/* 0 or an errno: ENOTTY for what is no serial line. */
int kdp_serial_open(const char *device);

#endif
