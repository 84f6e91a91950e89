/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The end: a report as a Mac leaves one, then the process ends with KEXTHOST_EXIT_PANIC. */
#ifndef KEXTHOST_PANIC_H
#define KEXTHOST_PANIC_H

#include <stdarg.h>
#include <stdint.h>

struct kext;

/* The folder for reports; must outlive the process. */
void panic_set_reports(const char *folder);
const char *panic_reports(void);

/* From where the boot-args come, and where to a panic's text goes instead of to a report. */
void panic_set_nvram(const char *file);
const char *panic_boot_arguments(void);

/* Before anything can panic: what the report tells of release_running. */
void panic_init(void);

/* Says what was last loaded and unloaded; the report tells. */
void panic_note_loaded(const struct kext *kext);
void panic_note_unloaded(const struct kext *kext);

_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A panic that was called at `caller`, with the frames from `frame` on. */
_Noreturn void panic_with(uintptr_t caller, uintptr_t frame, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* For what code at `place` is to blame for that has returned meanwhile: it comes first. */
_Noreturn void panic_about(uintptr_t place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One that a processor's trap caused: `instruction` comes first in the backtrace. */
_Noreturn void panic_trapped(uintptr_t instruction, uintptr_t frame, const char *message);

#endif
