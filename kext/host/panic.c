// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "panic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backtrace.h"
#include "kext.h"
#include "kexthost_protocol.h"
#include "kpi.h"
#include "log.h"
#include "thread.h"
#include "wait.h"

#define TEXT_MAX (12u << 10) /* what a kernel keeps of it */

struct note {
	const struct kext *kext;
	uint64_t time;
};

static const char *folder;
static struct note last_loaded, last_unloaded;

static struct thread *panicking;

static char text[TEXT_MAX];
static size_t length;

void panic_set_reports(const char *reports)
{
	folder = reports;
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
	add("Boot args: keepsyms=1\n");
	add("\nMac OS version:\nNot yet set\n");
	add("\nKernel version:\nDarwin Kernel Version %s: kexthost/DEVELOPMENT_X86_64\n",
	    KERNEL_VERSION);
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

/* Never over an older report; the second of a second gets a number. */
static int create_report(void)
{
	char host[65] = "", date[32], path[4096];
	time_t now = time(NULL);
	struct tm local;
	int descriptor = -1;
	unsigned int i;

	if (!folder)
		return -1;
	gethostname(host, sizeof(host) - 1);
	strftime(date, sizeof(date), "%Y-%m-%d-%H%M%S", localtime_r(&now, &local));
	for (i = 0; descriptor < 0 && i < 1000; i++) {
		if (i)
			snprintf(path, sizeof(path), "%s/Kernel_%s-%u_%s.panic", folder, date, i,
			         host);
		else
			snprintf(path, sizeof(path), "%s/Kernel_%s_%s.panic", folder, date, host);
		descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (descriptor < 0 && errno != EEXIST)
			break;
	}
	return descriptor;
}

static void write_report(void)
{
	int descriptor = create_report();
	time_t now = time(NULL);
	char date[32];
	struct tm local;

	if (descriptor < 0) {
		log_line("kexthost: no panic report can be written to %s",
		         folder ? folder : "(none)");
		return;
	}
	strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", localtime_r(&now, &local));
	dprintf(descriptor, "Anonymous UUID:       00000000-0000-0000-0000-000000000000\n\n%s\n\n",
	        date);
	dprintf(descriptor, "*** Panic Report ***\n%sEOF\nModel: kexthost\n", text);
	fsync(descriptor);
	close(descriptor);
}

static _Noreturn void end(void)
{
	log_bytes(text, length);
	write_report();
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
