/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Programs that ask kexthost, as their kernel. */
#ifndef KEXTHOST_KERNEL_H
#define KEXTHOST_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct kexthost_answer;

/* False, once said on standard error, where there is no kernel. */
bool kernel_ask(uint32_t operation, const char *text, struct kexthost_answer *answer);

/* What it logged while it answered, each line behind "(kernel) ". */
void kernel_print_log(const struct kexthost_answer *answer);

#endif
