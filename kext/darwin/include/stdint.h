/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_STDINT_H
#define OSQ_KPI_STDINT_H

typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef unsigned long uintptr_t;

#define INT32_MAX 2147483647

_Static_assert(sizeof(uint64_t) == 8 && sizeof(uintptr_t) == 8 && sizeof(int32_t) == 4, "LP64");

#endif
