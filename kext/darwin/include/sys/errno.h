/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_ERRNO_H
#define OSQ_KPI_ERRNO_H

#define EPERM       1
#define ENOENT      2
#define EINTR       4
#define EIO         5
#define ENXIO       6
#define ENOMEM      12
#define EBUSY       16
#define EEXIST      17
#define EINVAL      22
#define ENOTTY      25
#define ENOSPC      28
#define ENOPROTOOPT 42
#define ENOBUFS     55
#define EOPNOTSUPP  102

#endif
