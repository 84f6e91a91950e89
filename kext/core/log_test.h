/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the log channel's test request says; in test builds only. */
#ifndef OSQ_LOG_TEST_H
#define OSQ_LOG_TEST_H

#include "log.h"

/* 0 or EINVAL. Nobody knows yet whether the system has the context. */
int osq_log_test_check(const struct osq_log_test *test);

/* The message by the number of the thread by that number. */
void osq_log_test_say(const struct osq_log_test *test, uint32_t thread, uint64_t number);

#endif
