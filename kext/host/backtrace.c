// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "backtrace.h"

#include <stdio.h>

#include "kext.h"
#include "thread.h"

size_t backtrace_walk(uintptr_t frame, struct backtrace_frame *frames, size_t limit)
{
	const struct thread *thread = thread_current();
	uintptr_t lowest = thread->stack_low;
	size_t count = 0;

	while (count < limit && frame % 8 == 0 && frame >= lowest &&
	       frame + 16 <= thread->stack_high) {
		const uintptr_t *words = (const uintptr_t *)frame;

		frames[count++] = (struct backtrace_frame){frame, words[1]};
		lowest = frame + 16;
		frame = words[0];
	}
	return count;
}

void backtrace_describe(uintptr_t address, char *text, size_t size)
{
	const struct kext *kext = kext_at(address);
	const char *symbol;
	size_t offset;

	if (!kext) {
		snprintf(text, size, "mach_kernel");
		return;
	}
	symbol = image_contains(&kext->image, address)
	             ? image_symbol_before(&kext->image, address, &offset)
	             : NULL;
	if (symbol)
		snprintf(text, size, "%s : %s + 0x%zx", kext->bundle.identifier, symbol, offset);
	else
		snprintf(text, size, "%s", kext->bundle.identifier);
}
