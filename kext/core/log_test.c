// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_test.h"

#ifdef OSQ_TEST_BUILD

#include "log_port.h"

#define THREADS_MAX 64
#define LENGTH_MAX  (2 * OSQ_LOG_TEXT_MAX)

static const char filling[] = {[0 ... LENGTH_MAX - 1] = '.'};

int osq_log_test_check(const struct osq_log_test *test)
{
	if (!test->threads || test->threads > THREADS_MAX || test->length > LENGTH_MAX)
		return EINVAL;
	if (test->level < OSQ_LOG_TRACE || test->level > OSQ_LOG_ERROR)
		return EINVAL;
	return test->context > OSQ_LOG_TEST_SYSTEM_LOG ? EINVAL : 0;
}

static uint32_t digits(uint64_t number)
{
	uint32_t count = 1;

	for (; number >= 10; number /= 10)
		count++;
	return count;
}

void osq_log_test_say(const struct osq_log_test *test, uint32_t thread, uint64_t number)
{
	uint32_t bare;
	int rest = 0;

	if (test->length) {
		bare = digits(thread) + 1 + digits(number);
		rest = test->length > bare ? (int)(test->length - bare) : 0;
	}
	if (test->context == OSQ_LOG_TEST_SYSTEM_LOG)
		osq_log_port_system_log(test->level, "%u %llu%.*s", thread,
		                        (unsigned long long)number, rest, filling);
	else
		osq_log(test->level, "%u %llu%.*s", thread, (unsigned long long)number, rest,
		        filling);
}

#endif
