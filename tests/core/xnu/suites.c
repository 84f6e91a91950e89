/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "../harness.h"

extern const struct test darwin_tests[];
extern const struct test darwin_log_tests[];
extern const struct test darwin_race_tests[];

const struct test *const harness_suites[] = {darwin_tests, darwin_log_tests, darwin_race_tests,
                                             NULL};
