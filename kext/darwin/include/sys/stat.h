/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_STAT_H
#define OSQ_KPI_STAT_H

#define S_IFMT  0170000
#define S_IFREG 0100000

#endif
