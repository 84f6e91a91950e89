// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A project's sources lie in its folder; this one is shared with the other extension's tests. */
#include "../../../tests/ktap.c"
