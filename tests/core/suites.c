/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "harness.h"

extern const struct test ring_model_tests[];
extern const struct test ring_life_tests[];
extern const struct test ring_threads_tests[];
extern const struct test ring_sleep_tests[];
extern const struct test event_tests[];
extern const struct test reader_tests[];
extern const struct test json_tests[];
extern const struct test log_tests[];

const struct test *const harness_suites[] = {
    ring_model_tests, ring_life_tests, ring_threads_tests,
    ring_sleep_tests, event_tests,     reader_tests,
    json_tests,       log_tests,       NULL,
};
