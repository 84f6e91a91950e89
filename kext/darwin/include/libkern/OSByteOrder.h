/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_BYTE_ORDER_H
#define OSQ_KPI_BYTE_ORDER_H

#define OSSwapBigToHostInt16(value) __builtin_bswap16(value)

#endif
