/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The tests, each file's as a table with an empty entry at its end. */
#ifndef TESTS_H
#define TESTS_H

#include "ktap.h"

extern const struct ktap_test records_tests[];
extern const struct ktap_test lines_tests[];
extern const struct ktap_test queue_tests[];
extern const struct ktap_test config_tests[];
extern const struct ktap_test input_tests[];
extern const struct ktap_test file_tests[];
extern const struct ktap_test full_tests[];
extern const struct ktap_test output_tests[];
extern const struct ktap_test extension_tests[];
extern const struct ktap_test units_tests[];

#endif
