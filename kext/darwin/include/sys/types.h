/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_TYPES_H
#define OSQ_KPI_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef char *caddr_t;
typedef unsigned long u_long;
typedef unsigned int u_int32_t;

typedef int32_t dev_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef uint16_t mode_t;
typedef int errno_t;

/* 8 bits of major number, 24 of minor. */
#define makedev(major, minor) ((dev_t)((uint32_t)(major) << 24 | (uint32_t)(minor)))

#endif
