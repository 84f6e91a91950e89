/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_PARAM_H
#define OSQ_KPI_PARAM_H

/* msleep: the lowest priority that signals do not lower; may be interrupted; do not lock again. */
#define PZERO  22
#define PCATCH 0x100
#define PDROP  0x400

#endif
