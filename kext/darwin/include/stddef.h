/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_STDDEF_H
#define OSQ_KPI_STDDEF_H

typedef __SIZE_TYPE__ size_t;

#define NULL                   ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)

#endif
