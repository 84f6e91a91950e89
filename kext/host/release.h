/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The releases of macOS that kexthost and the commands of its guest can speak as. */
#ifndef KEXTHOST_RELEASE_H
#define KEXTHOST_RELEASE_H

struct release {
	const char *name;    /* "10.15" */
	unsigned int minor;  /* 15; 11 goes on counting with 16 */
	const char *product; /* "Mac OS X" */
	const char *version; /* "10.15.7" */
	const char *build;   /* "19H15" */
	const char *darwin;  /* "19.6.0" */
};

/* By its name, or by a version of it: "10.15" and "10.15.4" are the same. NULL for an unknown one.
 */
const struct release *release_find(const char *version);

/* What this process speaks as. */
const struct release *release_running(void);
void release_run_as(const struct release *release);

/* "Darwin Kernel Version 19.6.0: ...": kern.version, and what a panic tells. `size` bytes fit. */
void release_kernel(const struct release *release, char *text, unsigned int size);

#endif
