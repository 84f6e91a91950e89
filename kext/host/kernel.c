// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kernel.h"

#include <stdio.h>
#include <string.h>

#include "client.h"

bool kernel_ask(uint32_t operation, const char *text, struct kexthost_answer *answer)
{
	const struct kexthost_header request = {.operation = operation};

	if (kexthost_request(&request, text, text ? strlen(text) : 0, answer))
		return true;
	perror("the kernel does not answer");
	return false;
}

void kernel_print_log(const struct kexthost_answer *answer)
{
	const char *text, *end;

	for (text = answer->data; *text; text = end) {
		end = strchrnul(text, '\n');
		fprintf(stderr, "(kernel) %.*s\n", (int)(end - text), text);
		end += *end == '\n';
	}
}
