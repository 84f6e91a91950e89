// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Requests, openings, mappings, forks, signals and deaths by chance, from many processes and
 * threads: each answer is one that the contract allows, after each round the device works as
 * before, and at the end it can be unloaded and has left nothing behind.
 *
 *	fuzz [--seed 1] [--operations 100000] [--seconds 10]
 *
 * Ends after so many operations, or when the time is over; with both, whatever comes first. What a
 * thread does follows from the seed (printed; by the clock where it is 0), the round, and which of
 * the round's threads it is; how they meet is the scheduler's choice.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "extension.h"
#include "fuzz_process.h"
#include "ktap.h"
#include "options.h"
#include "osq_client.h"

#define PROCESSES_MAX 4

static uint64_t option_seed;
static uint64_t option_operations = 100000;
static uint64_t option_seconds;

static struct fuzz_shared *shared;

/* Are all who used the device gone from it? A kexthost hears of the end of a process by and by. */
static void expect_it_works(uint64_t version)
{
	struct osq_reader reader;

	while (osq_reader_open(&reader, OSQ_BUFFER_MIN, version)) {
#ifdef KEXTHOST
		if (errno == EBUSY) {
			sched_yield();
			continue;
		}
#endif
		FAIL("%s", reader.error);
		return;
	}
	client_sees_an_exec(&reader);
	osq_reader_close(&reader);
}

static void play_round(struct fuzz_random *random, uint64_t version, time_t end, uint32_t processes)
{
	int device = osq_handle_open(O_RDWR | O_CLOEXEC), children[PROCESSES_MAX];
	bool killed[PROCESSES_MAX], closes_first = fuzz_once_in(random, 2);
	uint32_t i;

	REQUIRE(device >= 0, "%s", strerror(errno));
	for (i = 0; i < processes; i++) {
		struct fuzz_part part = {.shared = shared,
		                         .random = {fuzz_next(random)},
		                         .version = version,
		                         .end = end,
		                         .handle = device,
		                         .threads = 1 + fuzz_below(random, FUZZ_THREADS_MAX),
		                         .killed = fuzz_once_in(random, 3)};

		killed[i] = part.killed;
		children[i] = ktap_fork();
		if (!children[i])
			fuzz_process_run(&part);
	}
	if (closes_first)
		osq_handle_close(device);
	for (i = 0; i < processes; i++) {
		int status = ktap_wait(children[i]);

		EXPECT(status == (killed[i] ? 128 + SIGKILL : 0), "a process ended with %d",
		       status);
	}
	if (!closes_first)
		osq_handle_close(device);
	EXPECT(!shared->complaints, "an answer that the contract does not allow; see above");
	expect_it_works(version);
}

/* Until its part of the operations is done, or of the time. */
static void play(uint64_t stream, uint32_t processes)
{
	const uint64_t before = shared->operations, aim = before + option_operations / 2;
	struct fuzz_random random = {option_seed + (stream << 32)};
	uint64_t version;
	time_t end;

	REQUIRE(extension_load(), "the extension does not load");
	version = client_version();
	end = option_seconds ? time(NULL) + (time_t)(option_seconds + 1) / 2 : 0;
	while (version && !ktap_failed() && shared->operations < aim && !fuzz_is_over(end)) {
		play_round(&random, version, end,
		           processes ? processes : 2 + fuzz_below(&random, 3));
		ktap_progress(shared->operations, option_operations);
	}
	extension_must_unload();
	EXPECT(!extension_is_listed(), "something was left behind");
	ktap_figure("operations", shared->operations - before);
}

static void threads_of_one_process(void)
{
	play(1, 1);
}

static void many_processes(void)
{
	play(2, 0);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"threads_of_one_process", threads_of_one_process},
	    {"many_processes", many_processes},
	};
	const struct option_number options[] = {
	    {"--seed", &option_seed, 0, UINT64_MAX},
	    {"--operations", &option_operations, 1, UINT64_MAX},
	    {"--seconds", &option_seconds, 0, 1000000},
	    {NULL, NULL, 0, 0},
	};

	if (argc == 2 && !strcmp(argv[1], CLIENT_NOTHING))
		return 0;
	options_read(argc, argv, options);
	if (!option_seed)
		option_seed = (uint64_t)time(NULL) << 16 ^ (uint64_t)getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	ktap_say("seed %llu", (unsigned long long)option_seed);
	return KTAP_RUN(tests);
}
