/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_STDBOOL_H
#define OSQ_KPI_STDBOOL_H

#define bool _Bool
#define true 1
#define false 0

#endif
