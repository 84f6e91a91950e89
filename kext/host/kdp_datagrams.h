/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef KEXTHOST_KDP_DATAGRAMS_H
#define KEXTHOST_KDP_DATAGRAMS_H

#include <netinet/in.h>

#include "kdp_link.h"

/* Over UDP. Once it is open. */
extern const struct kdp_link kdp_datagrams;

/* 0 or an errno. */
int kdp_datagrams_open(const struct sockaddr_in *address);

struct sockaddr_in kdp_datagrams_address(void);

#endif
