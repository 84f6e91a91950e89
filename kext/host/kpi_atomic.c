// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Each returns what was there before, and is a full barrier. */
#include <stdbool.h>
#include <stdint.h>

#include "kpi.h"

#define ADD(name, type, amount)                                                                    \
	static type kernel_##name(amount value, volatile type *address)                            \
	{                                                                                          \
		return __atomic_fetch_add(address, (type)value, __ATOMIC_SEQ_CST);                 \
	}
ADD(OSAddAtomic, int32_t, int32_t)
ADD(OSAddAtomic64, int64_t, int64_t)
ADD(OSAddAtomic16, int16_t, int32_t)
ADD(OSAddAtomic8, int8_t, int32_t)
#undef ADD

#define STEP(name, type, step)                                                                     \
	static type kernel_##name(volatile type *address)                                          \
	{                                                                                          \
		return __atomic_fetch_add(address, (type)(step), __ATOMIC_SEQ_CST);                \
	}
STEP(OSIncrementAtomic, int32_t, 1)
STEP(OSIncrementAtomic16, int16_t, 1)
STEP(OSIncrementAtomic8, int8_t, 1)
STEP(OSDecrementAtomic, int32_t, -1)
STEP(OSDecrementAtomic16, int16_t, -1)
STEP(OSDecrementAtomic8, int8_t, -1)
#undef STEP

#define BITS(name, operation)                                                                      \
	static uint32_t kernel_##name(uint32_t mask, volatile uint32_t *address)                   \
	{                                                                                          \
		return operation(address, mask, __ATOMIC_SEQ_CST);                                 \
	}
BITS(OSBitAndAtomic, __atomic_fetch_and)
BITS(OSBitOrAtomic, __atomic_fetch_or)
BITS(OSBitXorAtomic, __atomic_fetch_xor)
#undef BITS

#define SWAP(name, type)                                                                           \
	static bool kernel_##name(type old, type new, type volatile *address)                      \
	{                                                                                          \
		return __atomic_compare_exchange_n(address, &old, new, false, __ATOMIC_SEQ_CST,    \
		                                   __ATOMIC_SEQ_CST);                              \
	}
SWAP(OSCompareAndSwap, uint32_t)
SWAP(OSCompareAndSwap64, uint64_t)
SWAP(OSCompareAndSwapPtr, void *)
#undef SWAP

/* Bits are counted from the highest of each byte on. */
static bool kernel_OSTestAndSet(uint32_t bit, volatile uint8_t *address)
{
	const uint8_t mask = (uint8_t)(0x80 >> bit % 8);

	return __atomic_fetch_or(address + bit / 8, mask, __ATOMIC_SEQ_CST) & mask;
}

/* True where it was clear already. */
static bool kernel_OSTestAndClear(uint32_t bit, volatile uint8_t *address)
{
	const uint8_t mask = (uint8_t)(0x80 >> bit % 8);

	return !(__atomic_fetch_and(address + bit / 8, (uint8_t)~mask, __ATOMIC_SEQ_CST) & mask);
}

const struct kpi_symbol kpi_atomic[] = {
    KPI_FUNCTION(KPI_LIBKERN, OSAddAtomic),
    KPI_FUNCTION(KPI_LIBKERN, OSAddAtomic64),
    KPI_FUNCTION(KPI_LIBKERN, OSAddAtomic16),
    KPI_FUNCTION(KPI_LIBKERN, OSAddAtomic8),
    KPI_FUNCTION(KPI_LIBKERN, OSIncrementAtomic),
    KPI_FUNCTION(KPI_LIBKERN, OSIncrementAtomic16),
    KPI_FUNCTION(KPI_LIBKERN, OSIncrementAtomic8),
    KPI_FUNCTION(KPI_LIBKERN, OSDecrementAtomic),
    KPI_FUNCTION(KPI_LIBKERN, OSDecrementAtomic16),
    KPI_FUNCTION(KPI_LIBKERN, OSDecrementAtomic8),
    KPI_FUNCTION(KPI_LIBKERN, OSBitAndAtomic),
    KPI_FUNCTION(KPI_LIBKERN, OSBitOrAtomic),
    KPI_FUNCTION(KPI_LIBKERN, OSBitXorAtomic),
    KPI_FUNCTION(KPI_LIBKERN, OSTestAndSet),
    KPI_FUNCTION(KPI_LIBKERN, OSTestAndClear),
    KPI_FUNCTION(KPI_LIBKERN, OSCompareAndSwap),
    KPI_FUNCTION(KPI_LIBKERN, OSCompareAndSwap64),
    KPI_FUNCTION(KPI_LIBKERN, OSCompareAndSwapPtr),
    {0},
};
