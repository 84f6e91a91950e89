// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "fuzz_process.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz_rings.h"
#include "ktap.h"
#include "osq_client.h"

#define BUDGET       500 /* operations of a thread */
#define SLOTS        6   /* for descriptors of a process */
#define CHILD_BUDGET 8

/*
 * A descriptor and, above it, how often the place has changed hands: a number of a descriptor comes
 * again, and may be another file's then.
 */
typedef atomic_uint_least64_t slot_t;

/* The process' own: its threads use what the others have opened, mapped and closed. */
static struct {
	struct fuzz_device device;
	struct fuzz_memory memory;
	slot_t slots[SLOTS];
	struct fuzz_rings rings;
	atomic_uint_least64_t read_offset;
	pthread_barrier_t start;
	pthread_rwlock_t family; /* held by who has a child, taken by who ends the process */
	pthread_rwlock_t files;  /* held by who opens and closes, taken to fork: a child gets the
	                            descriptors a moment before the memory that tells of them */
	atomic_uint running;
	time_t end;
	struct fuzz_shared *shared;
} own;

bool fuzz_is_over(time_t end)
{
	return end && time(NULL) >= end;
}

struct worker {
	struct fuzz_random random;
	pthread_t thread;
	uint8_t *argument;
	atomic_uint done;
	bool kills; /* ends its process when it has done its part */
};

/* In one piece, without a lock that a process might have been killed with; the first few only. */
__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
	char text[256] = "# ";
	va_list arguments;

	if (atomic_fetch_add(&own.shared->complaints, 1) >= 10)
		return;
	va_start(arguments, format);
	vsnprintf(text + 2, sizeof(text) - 3, format, arguments);
	va_end(arguments);
	strcat(text, "\n");
	while (write(STDOUT_FILENO, text, strlen(text)) < 0 && errno == EINTR)
		;
}

static void on_signal(int number)
{
	(void)number;
}

static slot_t *any_slot(struct fuzz_random *random)
{
	return &own.slots[fuzz_below(random, SLOTS)];
}

static int handle_in(uint64_t slot)
{
	return (int)(uint32_t)slot;
}

/* The handle that was there, which is the caller's now. */
static int replace(slot_t *slot, int handle)
{
	uint64_t was = atomic_load(slot);

	while (
	    !atomic_compare_exchange_weak(slot, &was, ((was >> 32) + 1) << 32 | (uint32_t)handle))
		;
	return handle_in(was);
}

static void let_go(int handle)
{
	if (handle >= 0 && osq_handle_close(handle))
		complain("close: %s", strerror(errno));
}

static void open_one(struct fuzz_random *random)
{
	static const int accesses[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_NONBLOCK};
	int handle;

	pthread_rwlock_rdlock(&own.files);
	handle = osq_handle_open(accesses[fuzz_below(random, 4)] | O_CLOEXEC);
	if (handle >= 0)
		let_go(replace(any_slot(random), handle));
	else if (errno != EINTR && !(errno == EBUSY && own.device.version == OSQ_VERSION_NORMAL))
		complain("open: %s", strerror(errno));
	pthread_rwlock_unlock(&own.files);
}

static void close_one(struct fuzz_random *random)
{
	pthread_rwlock_rdlock(&own.files);
	let_go(replace(any_slot(random), -1));
	pthread_rwlock_unlock(&own.files);
}

/* What a request that succeeded says is true as far as one can tell. */
static void check_answer(struct fuzz_random *random, const struct fuzz_request *request)
{
	const struct osq_sync_args *sync = request->argument;

	if (request->number == OSQ_IOCTL_ALLOCATE &&
	    !fuzz_rings_remember(&own.rings, random, request->argument))
		complain("no ring can be where the answer says");
	if (request->number != OSQ_IOCTL_SYNC)
		return;
	if (sync->max_read_offset % OSQ_RECORD_ALIGN || sync->max_read_offset > OSQ_BUFFER_MAX)
		complain("a sync up to %llu", (unsigned long long)sync->max_read_offset);
	atomic_store(&own.read_offset, sync->max_read_offset);
}

/* Another thread may close the descriptor before it is used, or while it is. */
static void request_one(struct worker *worker, const struct fuzz_device *device)
{
	slot_t *slot = any_slot(&worker->random);
	uint64_t was = atomic_load(slot);
	struct fuzz_request request =
	    fuzz_request_make(&worker->random, device, &own.memory, worker->argument);
	int error =
	    osq_handle_request(handle_in(was), request.number, request.argument) ? errno : 0;

	if (!error && request.kind == FUZZ_GOOD && request.argument == worker->argument)
		check_answer(&worker->random, &request);
	if (atomic_load(slot) == was && !(error == EBADF && handle_in(was) < 0) &&
	    !fuzz_answer_is_allowed(&request, device, error))
		complain("request %#lx with %p (kind %d): %s", request.number, request.argument,
		         request.kind, strerror(error));
}

static void request_by_chance(struct worker *worker)
{
	struct fuzz_device device = own.device;

	device.read_offset = atomic_load(&own.read_offset);
	request_one(worker, &device);
}

/* The device itself is mapped by nobody. */
static void map_device(struct fuzz_random *random)
{
	static const int protections[] = {PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE};
	const size_t size = (size_t)4096 << fuzz_below(random, 4);
	slot_t *slot = any_slot(random);
	uint64_t was = atomic_load(slot);
	void *mapped = mmap(NULL, size, protections[fuzz_below(random, 3)],
	                    fuzz_once_in(random, 2) ? MAP_SHARED : MAP_PRIVATE, handle_in(was), 0);

	if (mapped == MAP_FAILED)
		return;
	if (atomic_load(slot) == was)
		complain("the device was mapped");
	munmap(mapped, size);
}

static void change_ring(struct fuzz_random *random)
{
	const char *wrong = fuzz_rings_change(&own.rings, random);

	if (wrong)
		complain("%s", wrong);
}

/* Something for the publishers to tell. */
static void make_events(struct fuzz_random *random)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
	char path[64];
	int made;

	if (fuzz_once_in(random, 2)) {
		snprintf(path, sizeof(path), "/tmp/fuzz-%u", fuzz_below(random, 8));
		made = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	} else {
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		made = socket(AF_INET, SOCK_DGRAM, 0);
		if (made >= 0)
			connect(made, (struct sockaddr *)&address, sizeof(address));
	}
	if (made >= 0)
		close(made);
}

static void execute(void)
{
	const char *program = client_program();

	execl(program, program, CLIENT_NOTHING, (char *)NULL);
	_exit(127);
}

/* Whoever is not the superuser gets nothing; on XNU the argument is read before that is asked. */
static void request_as_user(struct worker *worker, const struct fuzz_device *device)
{
	struct fuzz_request request =
	    fuzz_request_make(&worker->random, device, &own.memory, worker->argument);
	int handle = handle_in(atomic_load(any_slot(&worker->random)));
	int error = osq_handle_request(handle, request.number, request.argument) ? errno : 0;

	if (error != EPERM && !(error == EBADF && handle < 0) &&
	    !(error == EFAULT && request.kind >= FUZZ_READ_ONLY))
		complain("request %#lx of a user: %s", request.number, strerror(error));
}

/* With the descriptors of its parent, or what other threads have left of them; never asleep. */
static void be_a_child(struct worker *worker)
{
	struct fuzz_device device = own.device;
	bool user = fuzz_once_in(&worker->random, 4);
	int i;

	device.blocks = false;
	if (user && (setgid(1000) || setuid(1000)))
		complain("cannot become a user: %s", strerror(errno));
	for (i = 0; i < CHILD_BUDGET; i++)
		if (user)
			request_as_user(worker, &device);
		else
			request_one(worker, &device);
	if (!user && fuzz_once_in(&worker->random, 4))
		execute();
	_exit(0);
}

static void fork_one(struct worker *worker)
{
	bool killed = fuzz_once_in(&worker->random, 3);
	int child, status;

	pthread_rwlock_rdlock(&own.family);
	pthread_rwlock_wrlock(&own.files);
	child = fork();
	if (!child)
		be_a_child(worker);
	pthread_rwlock_unlock(&own.files);
	fuzz_next(&worker->random);
	if (child > 0 && killed)
		kill(child, SIGKILL);
	status = child > 0 ? ktap_wait(child) : -errno;
	if (status && !(killed && status == 128 + SIGKILL))
		complain("a child ended with %d", status);
	pthread_rwlock_unlock(&own.family);
}

static void operate(struct worker *worker)
{
	struct fuzz_random *random = &worker->random;
	uint32_t dice = fuzz_below(random, 256);

	if (dice == 0)
		fork_one(worker);
	else if (dice < 12)
		open_one(random);
	else if (dice < 20)
		close_one(random);
	else if (dice < 26)
		map_device(random);
	else if (dice < 40)
		change_ring(random);
	else if (dice < 56)
		make_events(random);
	else
		request_by_chance(worker);
}

/* What a thread needs memory for, it has from the barrier on. */
static void *work(void *data)
{
	struct worker *worker = data;

	open_one(&worker->random);
	pthread_barrier_wait(&own.start);
	while (atomic_load(&worker->done) < BUDGET && !fuzz_is_over(own.end)) {
		operate(worker);
		atomic_fetch_add(&worker->done, 1);
	}
	atomic_fetch_add(&own.shared->operations, worker->done);
	if (worker->kills) {
		pthread_rwlock_wrlock(&own.family);
		kill(getpid(), SIGKILL);
	}
	atomic_fetch_sub(&own.running, 1);
	return NULL;
}

static void tear(struct fuzz_random *random)
{
	_Atomic uint32_t *torn = (_Atomic uint32_t *)own.memory.torn;
	uint32_t i, at = fuzz_next(random) % (FUZZ_TORN_SIZE / 4);

	for (i = 0; i < 64; i++)
		torn[(at + i) % (FUZZ_TORN_SIZE / 4)] ^=
		    fuzz_once_in(random, 4) ? 1u << fuzz_below(random, 32) : 1;
}

/*
 * Changes what the kernel is reading, wakes whoever got no further since it last looked (and is
 * asleep in a request, most likely), and now and then one who did.
 */
static void disturb(struct fuzz_random *random, struct worker *workers, uint32_t count)
{
	const struct timespec breath = {.tv_nsec = 500000}; /* the processors are for the others */
	uint32_t seen[FUZZ_THREADS_MAX] = {0}, i;

	while (atomic_load(&own.running)) {
		tear(random);
		for (i = 0; i < count; i++) {
			const uint32_t done = atomic_load(&workers[i].done);

			if (done == seen[i] || fuzz_once_in(random, 16))
				pthread_kill(workers[i].thread, SIGUSR1);
			seen[i] = done;
		}
		nanosleep(&breath, NULL);
	}
}

static bool prepare(const struct fuzz_part *part)
{
	struct sigaction action = {.sa_handler = on_signal}; /* no restart: requests end */
	size_t i;

	for (i = 0; i < SLOTS; i++)
		own.slots[i] = UINT32_MAX;
	replace(&own.slots[0], part->handle);
	own.device = (struct fuzz_device){.version = part->version, .blocks = true};
	own.running = part->threads;
	own.end = part->end;
	own.shared = part->shared;
	return fuzz_memory_make(&own.memory, part->version) && fuzz_rings_make(&own.rings) &&
	       !pthread_barrier_init(&own.start, NULL, part->threads) &&
	       !pthread_rwlock_init(&own.family, NULL) && !pthread_rwlock_init(&own.files, NULL) &&
	       !sigaction(SIGUSR1, &action, NULL);
}

void fuzz_process_run(const struct fuzz_part *part)
{
	static uint8_t arguments[FUZZ_THREADS_MAX][FUZZ_ARGUMENT_MAX];
	static struct worker workers[FUZZ_THREADS_MAX];
	struct fuzz_random random = part->random;
	uint32_t i;

	if (!prepare(part))
		_exit(1);
	for (i = 0; i < part->threads; i++) {
		workers[i].random.state = fuzz_next(&random);
		workers[i].argument = arguments[i];
		workers[i].kills = part->killed && !i;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			_exit(1);
	}
	disturb(&random, workers, part->threads);
	_exit(0);
}
