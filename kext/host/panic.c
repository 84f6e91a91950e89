// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "panic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backtrace.h"
#include "kdp.h"
#include "kext.h"
#include "kexthost_protocol.h"
#include "log.h"
#include "nvram.h"
#include "panic_report.h"
#include "release.h"
#include "thread.h"
#include "wait.h"

#define TEXT_MAX (12u << 10) /* what a kernel keeps of it */

struct note {
	const struct kext *kext;
	uint64_t time;
};

static const char *folder, *nvram;
static char boot_arguments[256] = "keepsyms=1", kernel[256]; /* read before anything panics */
static struct note last_loaded, last_unloaded;

static struct thread *panicking;

static char text[TEXT_MAX];
static size_t length;

void panic_set_reports(const char *reports)
{
	folder = reports;
}

void panic_set_nvram(const char *file)
{
	size_t size;
	char *value = nvram_get(file, "boot-args", &size);

	nvram = file;
	snprintf(boot_arguments, sizeof(boot_arguments), "%s", value ? value : "");
	free(value);
}

const char *panic_boot_arguments(void)
{
	return boot_arguments;
}

void panic_init(void)
{
	release_kernel(release_running(), kernel, sizeof(kernel));
}

const char *panic_reports(void)
{
	return folder;
}

void panic_note_loaded(const struct kext *kext)
{
	last_loaded = (struct note){kext, clock_uptime()};
}

void panic_note_unloaded(const struct kext *kext)
{
	last_unloaded = (struct note){kext, clock_uptime()};
}

static void __attribute__((format(printf, 1, 2))) add(const char *format, ...)
{
	va_list arguments;
	int added;

	va_start(arguments, format);
	added = vsnprintf(text + length, sizeof(text) - length, format, arguments);
	va_end(arguments);
	if (added > 0)
		length += (size_t)added;
	if (length >= sizeof(text))
		length = sizeof(text) - 1;
}

static void add_frame(uintptr_t frame, uintptr_t address)
{
	char place[256];

	backtrace_describe(address, place, sizeof(place));
	add("0x%016lx : 0x%016lx %s\n", frame, address, place);
}

static bool is_among(const struct kext *kext, const struct backtrace_frame *frames, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (kext_at(frames[i].returns_to) == kext)
			return true;
	return false;
}

/* Those of the kernel have no address. */
static void add_libraries(const struct kext *kext)
{
	char uuid[37];
	size_t i;

	for (i = 0; i < kext->library_count; i++) {
		const struct kext *library = kext->libraries[i];

		image_uuid_text(&library->image, uuid);
		add("            dependency: %s(%s)[%s]@0x%lx\n", library->bundle.identifier,
		    library->bundle.version, uuid, (uintptr_t)library->image.base);
	}
}

static void add_kexts(const struct backtrace_frame *frames, size_t count)
{
	const char *heading = "      Kernel Extensions in backtrace:\n";
	const struct kext *kext;
	char uuid[37];

	for (kext = kext_first(); kext; kext = kext->next) {
		if (!is_among(kext, frames, count))
			continue;
		image_uuid_text(&kext->image, uuid);
		add("%s         %s(%s)[%s]@0x%lx->0x%lx\n", heading, kext->bundle.identifier,
		    kext->bundle.version, uuid, (uintptr_t)kext->image.base,
		    (uintptr_t)kext->image.base + kext->image.size - 1);
		heading = "";
		add_libraries(kext);
	}
}

static void add_note(const char *what, const struct note *note)
{
	if (note->kext)
		add("last %s kext at %llu: %s\t%s (addr 0x%lx, size %zu)\n", what,
		    (unsigned long long)note->time, note->kext->bundle.identifier,
		    note->kext->bundle.version, (uintptr_t)note->kext->image.base,
		    note->kext->image.size);
}

static void add_surroundings(void)
{
	const struct kext *kext;
	bool any = false;

	add("\nBSD process name corresponding to current thread: %s\n",
	    thread_current()->process->name);
	if (*boot_arguments)
		add("Boot args: %s\n", boot_arguments);
	add("\nMac OS version:\n%s\n", release_running()->build);
	add("\nKernel version:\n%s\n", kernel);
	add("System model name: kexthost\n");
	add("System shutdown begun: NO\nPanic diags file unavailable, panic occurred prior to "
	    "initialization\n");
	add("\nSystem uptime in nanoseconds: %llu\n", (unsigned long long)clock_uptime());
	add_note("loaded", &last_loaded);
	add_note("unloaded", &last_unloaded);
	add("loaded kexts:\n");
	for (kext = kext_first(); kext; kext = kext->next) {
		if (kext->gone)
			continue;
		add("%s\t%s\n", kext->bundle.identifier, kext->bundle.version);
		any = true;
	}
	if (!any)
		add("(none)\n");
}

/* Where there is nvram, the next boot makes the report of what it finds there. */
static void keep(void)
{
	if (nvram)
		nvram_append(nvram, NVRAM_PANIC_INFO, text, length);
	else if (!folder || !panic_report_write(folder, text, length))
		log_line("kexthost: no panic report can be written to %s",
		         folder ? folder : "(none)");
}

static _Noreturn void end(void)
{
	log_bytes(text, length);
	keep();
	kdp_panic(text, length);
	_exit(KEXTHOST_EXIT_PANIC);
}

/*
 * Whoever panics second waits for the end. Who does so while it panics, as over an argument of the
 * message that points nowhere, leaves what there is of the report.
 */
static void begin(void)
{
	struct thread *self = thread_current(), *first = NULL;

	if (__atomic_compare_exchange_n(&panicking, &first, self, false, __ATOMIC_SEQ_CST,
	                                __ATOMIC_SEQ_CST))
		return;
	if (first == self) {
		length = strlen(text);
		add("\nNested panic\n");
		end();
	}
	for (;;)
		pause();
}

/* `trap` is where the processor was; 0 where none trapped. */
static _Noreturn void finish(uintptr_t trap, uintptr_t frame)
{
	struct backtrace_frame frames[BACKTRACE_MAX + 1];
	size_t count = 0, i;

	if (trap)
		frames[count++] = (struct backtrace_frame){frame, trap};
	count += backtrace_walk(frame, frames + count, BACKTRACE_MAX);
	add("Backtrace (CPU 0), Frame : Return Address\n");
	for (i = 0; i < count; i++)
		add_frame(frames[i].frame, frames[i].returns_to);
	add_kexts(frames, count);
	add_surroundings();
	end();
}

static __attribute__((format(printf, 2, 0))) void add_message(uintptr_t caller, const char *format,
                                                              va_list arguments)
{
	int added;

	begin();
	add("panic(cpu 0 caller 0x%016lx): ", caller);
	added = vsnprintf(text + length, sizeof(text) / 2, format, arguments);
	if (added > 0)
		length += (size_t)added < sizeof(text) / 2 ? (size_t)added : sizeof(text) / 2 - 1;
	add("\n");
}

_Noreturn void panic_with(uintptr_t caller, uintptr_t frame, const char *format, va_list arguments)
{
	add_message(caller, format, arguments);
	finish(0, frame);
}

_Noreturn void panic_about(uintptr_t place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_message((uintptr_t)__builtin_return_address(0), format, arguments);
	finish(place, (uintptr_t)__builtin_frame_address(0));
}

_Noreturn void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	panic_with((uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_frame_address(0),
	           format, arguments);
}

_Noreturn void panic_trapped(uintptr_t instruction, uintptr_t frame, const char *message)
{
	begin();
	add("panic(cpu 0 caller 0x%016lx): %s\n", instruction, message);
	finish(instruction, frame);
}
