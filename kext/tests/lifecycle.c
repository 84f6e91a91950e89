// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The extension comes and goes, many times, with a client in between; it does not go while the
 * client is there, and leaves nothing behind.
 *
 *	lifecycle [--cycles 20]
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "osq_client.h"
#include "extension.h"
#include "ktap.h"
#include "options.h"

#define RING (8u << 20)

static uint64_t option_cycles = 20;

static const int32_t events[] = {OSQ_EVENT_PROCESS, OSQ_EVENT_FILE, OSQ_EVENT_SOCKET};

/* Everything subscribed, as a daemon would, and left to the closing. */
static void use(struct osq_reader *reader)
{
	size_t i;

	client_sees_an_exec(reader);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		EXPECT(!osq_reader_subscribe(reader, events[i], true), "%s", reader->error);
}

static void cycle(void)
{
	struct osq_reader reader;

	REQUIRE(extension_load(), "the extension does not load");
	if (client_open(&reader, RING)) {
		use(&reader);
		EXPECT(!extension_unload(), "unloaded under an open device");
		client_sees_an_exec(&reader);
		osq_reader_close(&reader);
	}
	extension_must_unload();
	EXPECT(!extension_is_listed(), "something was left behind");
}

static void many_cycles(void)
{
	uint64_t i;

	EXPECT(!extension_is_listed(), "is loaded before the first cycle");
	for (i = 0; i < option_cycles && !ktap_failed(); i++) {
		cycle();
		ktap_progress(i + 1, option_cycles);
	}
	ktap_figure("cycles", i);
}

/* Nobody ever opened it. */
static void loaded_and_not_used(void)
{
	REQUIRE(extension_load(), "the extension does not load");
	EXPECT(extension_is_listed(), "loaded, but not there");
#ifdef OSQ_LINUX
	EXPECT(!extension_load(), "loaded twice");
#else /* kextload is content with what is loaded already */
	EXPECT(extension_load(), "refused the second time");
#endif
	extension_must_unload();
	EXPECT(!extension_is_listed(), "something was left behind");
}

/* A mapped buffer keeps the extension, too: here it is the open device alone. */
static void open_without_a_buffer(void)
{
	int device;

	REQUIRE(extension_load(), "the extension does not load");
	device = osq_handle_open(O_RDWR | O_CLOEXEC);
	EXPECT(device >= 0, "%s", strerror(errno));
	EXPECT(!extension_unload(), "unloaded under an open device");
	osq_handle_close(device);
	extension_must_unload();
}

static void many_clients_in_turn(void)
{
	struct osq_reader reader;
	int i;

	REQUIRE(extension_load(), "the extension does not load");
	for (i = 0; i < 20 && client_open(&reader, OSQ_BUFFER_MIN << i % 12); i++) {
		use(&reader);
		osq_reader_close(&reader);
	}
	extension_must_unload();
}

static void a_second_opener_is_refused(void)
{
	struct osq_reader reader;
	int second, child;

	REQUIRE(extension_load(), "the extension does not load");
	if (client_open(&reader, RING)) {
		EXPECT_ERRNO(osq_handle_open(O_RDWR), EBUSY);
		child = ktap_fork();
		if (!child) {
			EXPECT_ERRNO(osq_handle_open(O_RDWR), EBUSY);
			ktap_child_exit();
		}
		EXPECT(ktap_wait(child) == 0, "the child failed");
		client_sees_an_exec(&reader);
		osq_reader_close(&reader);
	}
	second = osq_handle_open(O_RDWR);
	EXPECT(second >= 0, "the place is not free again: %s", strerror(errno));
	osq_handle_close(second);
	extension_must_unload();
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"loaded_and_not_used", loaded_and_not_used},
	    {"many_cycles", many_cycles},
	    {"open_without_a_buffer", open_without_a_buffer},
	    {"many_clients_in_turn", many_clients_in_turn},
	    {"a_second_opener_is_refused", a_second_opener_is_refused},
	};
	const struct option_number options[] = {
	    {"--cycles", &option_cycles, 1, 100000},
	    {NULL, NULL, 0, 0},
	};

	if (argc == 2 && !strcmp(argv[1], CLIENT_NOTHING))
		return 0;
	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
