// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kext.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kext_libraries.h"
#include "kpi.h"
#include "leftovers.h"
#include "link.h"
#include "log.h"
#include "panic.h"
#include "thread.h"

#define MODULE_START 9 /* section types */
#define MODULE_END   10

/* Held from the first check of a load or unload to its end, also while start and stop run. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct kext *kexts;
static uint32_t tags; /* given to kexts, above those of the kernel's components */

struct kext *kext_first(void)
{
	return __atomic_load_n(&kexts, __ATOMIC_ACQUIRE);
}

struct kext *kext_at(uintptr_t address)
{
	struct kext *kext;

	for (kext = kext_first(); kext; kext = kext->next)
		if (address - (uintptr_t)kext->image.base <
		    kext->image.size + kext->image.stubs_size)
			return kext;
	return NULL;
}

void kext_call_begin(struct kext_call *call, uintptr_t function)
{
	struct thread *thread = thread_current();

	call->kext = kext_at(function);
	call->function = function;
	call->preemption_level = thread->preemption_level;
	call->lock_count = thread->lock_count;
	if (call->kext)
		__atomic_fetch_add(&call->kext->inside, 1, __ATOMIC_SEQ_CST);
}

void kext_call_end(struct kext_call *call)
{
	struct thread *thread = thread_current();

	if (thread->preemption_level != call->preemption_level)
		panic_about(call->function,
		            "a callback of %s returned with preemption_level %d, possible cause: a "
		            "spinlock "
		            "still held",
		            call->kext ? call->kext->bundle.identifier : "the kernel",
		            thread->preemption_level);
	if (thread->lock_count > call->lock_count)
		panic_about(call->function,
		            "%u lock(s) held on return to userspace for thread %p, the last one %p",
		            thread->lock_count - call->lock_count, (void *)thread,
		            thread->locks[thread->lock_count - 1]);
	if (call->kext)
		__atomic_fetch_sub(&call->kext->inside, 1, __ATOMIC_SEQ_CST);
}

void kext_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void kext_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

struct kext *kext_find(const char *identifier)
{
	struct kext *kext;

	for (kext = kexts; kext; kext = kext->next)
		if (!kext->gone && !strcmp(kext->bundle.identifier, identifier))
			return kext;
	return NULL;
}

static osreturn_t check_entry(struct kext *kext, uintptr_t function, const char *which)
{
	const struct image *image = &kext->image;

	if (!function) {
		log_line("Kext %s - NULL module %s pointer.", kext->bundle.identifier, which);
		return OSRETURN_BAD_DATA;
	}
	if (!image_contains(image, function)) {
		log_line(
		    "Kext %s module %s pointer is outside of kext range (%s %p - kext at %p-%p).",
		    kext->bundle.identifier, which, which, (void *)function, (void *)image->base,
		    (void *)(image->base + image->size));
		return OSRETURN_BAD_DATA;
	}
	if (!image_is_code(image, function)) {
		log_line("Kext %s - module %s page is not executable.", kext->bundle.identifier,
		         which);
		return OSRETURN_BAD_DATA;
	}
	return OSRETURN_SUCCESS;
}

static osreturn_t fill_information(struct kext *kext)
{
	struct kmod_info *info = link_find_kmod_info(&kext->image);
	const uint64_t unslid = (uint64_t)((uint8_t *)info - kext->image.base);
	const struct macho_segment *segment = image_segment_at(&kext->image, unslid, sizeof(*info));

	if (!info || !segment || !strncmp(segment->name, "__TEXT", 16) ||
	    !strncmp(segment->name, "__LINKEDIT", 16)) {
		log_line("Kext %s - kmod_info is not in writable data.", kext->bundle.identifier);
		return OSRETURN_BAD_DATA;
	}
	kext->info = info;
	info->id = kext->tag;
	info->reference_count = 0;
	info->address = (uintptr_t)kext->image.base;
	info->size = kext->image.size;
	memset(info->name, 0, sizeof(info->name));
	memset(info->version, 0, sizeof(info->version));
	strcpy(info->name, kext->bundle.identifier);
	strcpy(info->version, kext->bundle.version);
	return OSRETURN_SUCCESS;
}

static osreturn_t load_executable(struct kext *kext)
{
	const char *identifier = kext->bundle.identifier;
	osreturn_t result;

	result = image_read(&kext->image, identifier, kext->bundle.file, kext->bundle.file_size);
	if (!result)
		result = image_map(&kext->image);
	if (!result)
		result = link_image(kext);
	if (result == OSRETURN_LINK_ERROR)
		log_line("Can't load kext %s - link failed.", identifier);
	if (!result) {
		kext->tag = kpi_component_count() + ++tags;
		result = fill_information(kext);
	}
	if (!result)
		result = image_protect(&kext->image);
	if (!result)
		result = check_entry(kext, (uintptr_t)kext->info->start, "start");
	if (!result)
		result = check_entry(kext, (uintptr_t)kext->info->stop, "stop");
	if (result)
		log_line("Failed to load executable for kext %s.", identifier);
	return result;
}

static int call_entry(struct kext *kext, int (*entry)(struct kmod_info *, void *))
{
	struct kext_call call;
	int result;

	KEXT_CALL_BEGIN(&call, entry);
	result = entry(kext->info, NULL);
	kext_call_end(&call);
	return result;
}

/* Constructors or destructors of C++. */
static void call_all(struct kext *kext, uint32_t section_type)
{
	struct kext_call call;
	size_t i, j;

	for (i = 0; i < kext->image.section_count; i++) {
		const struct macho_section *section = &kext->image.sections[i];
		void (**functions)(void) = (void (**)(void))(kext->image.base + section->address);

		if ((section->flags & 0xff) != section_type || section->address % 8)
			continue;
		for (j = 0; j < section->size / sizeof(*functions); j++) {
			KEXT_CALL_BEGIN(&call, functions[j]);
			functions[j]();
			kext_call_end(&call);
		}
	}
}

/* From here on its addresses belong to it for ever. */
static void enlist(struct kext *kext)
{
	kext_hold_libraries(kext);
	kext->next = kexts;
	kext->info->next = kexts && !kexts->gone ? kexts->info : NULL;
	__atomic_store_n(&kexts, kext, __ATOMIC_RELEASE);
	panic_note_loaded(kext);
}

static unsigned int retire(struct kext *kext)
{
	unsigned int left = leftovers_report(kext);

	call_all(kext, MODULE_END);
	__atomic_store_n(&kext->gone, true, __ATOMIC_SEQ_CST);
	image_retire(&kext->image);
	kext_release_libraries(kext);
	log_line("Kext %s unloaded.", kext->bundle.identifier);
	return left;
}

static osreturn_t start(struct kext *kext)
{
	int result;

	call_all(kext, MODULE_START);
	result = call_entry(kext, kext->info->start);
	if (!result) {
		kext->started = true;
		log_line("Kext %s is now started.", kext->bundle.identifier);
		return OSRETURN_SUCCESS;
	}
	log_line("Kext %s did not start (return code 0x%x).", kext->bundle.identifier,
	         (unsigned int)result);
	retire(kext);
	return OSRETURN_START_STOP_ERROR;
}

static bool is_same(const struct kext *loaded, const struct kext *other)
{
	struct image image;

	if (strcmp(loaded->bundle.version, other->bundle.version) ||
	    image_read(&image, other->bundle.identifier, other->bundle.file,
	               other->bundle.file_size))
		return false;
	return image.has_uuid == loaded->image.has_uuid &&
	       !memcmp(image.uuid, loaded->image.uuid, sizeof(image.uuid));
}

static void dispose(struct kext *kext)
{
	image_close(&kext->image);
	bundle_close(&kext->bundle);
	free(kext);
}

static osreturn_t load_locked(struct kext *kext, const char *path)
{
	const struct kext *loaded;
	osreturn_t result;

	result = bundle_open(&kext->bundle, path);
	if (result) {
		dispose(kext);
		return result;
	}
	loaded = kext_find(kext->bundle.identifier);
	if (loaded) {
		result = is_same(loaded, kext) ? OSRETURN_SUCCESS : OSRETURN_LOADED_VERSION_DIFFERS;
		if (result)
			log_line("Can't load %s - a different %s is already loaded.", path,
			         strcmp(loaded->bundle.version, kext->bundle.version) ? "version"
			                                                              : "UUID");
		dispose(kext);
		return result;
	}
	log_line("Loading kext %s.", kext->bundle.identifier);
	result = kext_resolve_libraries(kext);
	if (!result)
		result = load_executable(kext);
	if (result) {
		log_line("Kext %s failed to load (0x%x).", kext->bundle.identifier, result);
		log_line("Failed to load kext %s (error 0x%x).", kext->bundle.identifier, result);
		dispose(kext);
		return result;
	}
	enlist(kext);
	log_line("Kext %s executable loaded; %zu pages at %p (load tag %u).",
	         kext->bundle.identifier, kext->image.size / 4096, (void *)kext->image.base,
	         kext->tag);
	result = start(kext);
	if (result) {
		log_line("Kext %s failed to load (0x%x).", kext->bundle.identifier, result);
		log_line("Failed to load kext %s (error 0x%x).", kext->bundle.identifier, result);
		return result;
	}
	log_line("Kext %s loaded.", kext->bundle.identifier);
	return OSRETURN_SUCCESS;
}

osreturn_t kext_load(const char *path)
{
	struct kext *kext = calloc(1, sizeof(*kext));
	osreturn_t result;

	if (!kext)
		return OSRETURN_NO_MEMORY;
	pthread_mutex_lock(&mutex);
	result = load_locked(kext, path);
	pthread_mutex_unlock(&mutex);
	return result;
}

osreturn_t kext_check(const char *path)
{
	struct kext *kext = calloc(1, sizeof(*kext));
	osreturn_t result;

	if (!kext)
		return OSRETURN_NO_MEMORY;
	result = bundle_open(&kext->bundle, path);
	if (!result)
		result = kext_resolve_libraries(kext);
	if (!result)
		result = load_executable(kext);
	dispose(kext);
	return result;
}

static osreturn_t unload_locked(const char *identifier, unsigned int *left)
{
	struct kext *kext = kext_find(identifier);
	int result;

	if (!kext) {
		log_line("Kext %s not found for unload request.", identifier);
		return OSRETURN_NOT_FOUND;
	}
	if (kext->users) {
		log_line("Can't unload kext %s; outstanding references (linkage or tracking "
		         "object).",
		         identifier);
		return OSRETURN_IN_USE;
	}
	panic_note_unloaded(kext);
	result = call_entry(kext, kext->info->stop);
	if (result) {
		log_line("Kext %s did not stop (return code 0x%x).", identifier,
		         (unsigned int)result);
		log_line("Kext %s can't unload - module stop returned 0x%x.", identifier,
		         OSRETURN_START_STOP_ERROR);
		return OSRETURN_START_STOP_ERROR;
	}
	kext->started = false;
	*left = retire(kext);
	return OSRETURN_SUCCESS;
}

osreturn_t kext_unload(const char *identifier, unsigned int *left)
{
	osreturn_t result;

	*left = 0;
	pthread_mutex_lock(&mutex);
	result = unload_locked(identifier, left);
	pthread_mutex_unlock(&mutex);
	return result;
}
