// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A normal user gets nothing: not the device, nor any answer on a descriptor from the superuser. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "osq_client.h"
#include "ktap.h"

#ifdef OSQ_LINUX
#define READS_FIRST false
#else
#define READS_FIRST true
#endif

#define USER 65534
#define RING (1u << 20)

static void become_a_user(void)
{
	if (setgid(USER) || setuid(USER)) {
		FAIL("cannot become a normal user: %s", strerror(errno));
		ktap_child_exit();
	}
}

static void the_device_cannot_be_opened(void)
{
	static const int flags[] = {O_RDONLY, O_WRONLY, O_RDWR};
	size_t i;
	int child = ktap_fork();

	if (!child) {
		become_a_user();
		for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			EXPECT_ERRNO(osq_handle_open(flags[i]), EACCES);
		ktap_child_exit();
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
}

/* Somebody has opened the node's mode to all: still only the superuser may. */
static void the_mode_alone_gives_nothing(void)
{
	int child;

	REQUIRE(!chmod(OSQ_DEVICE_PATH, 0666), "%s", strerror(errno));
	child = ktap_fork();
	if (!child) {
		become_a_user();
		EXPECT_ERRNO(osq_handle_open(O_RDWR), EPERM);
		ktap_child_exit();
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
	EXPECT(!chmod(OSQ_DEVICE_PATH, 0600), "%s", strerror(errno));
}

static void expect_refused(int device)
{
	char argument[2048] = {OSQ_SYNC_NO_BLOCK}; /* a kernel that obeys must not block */
	static const unsigned long requests[] = {OSQ_IOCTL_SUBSCRIPTION, OSQ_IOCTL_SYNC,
	                                         OSQ_IOCTL_ALLOCATE,     OSQ_IOCTL_TEST,
	                                         OSQ_IOCTL_PREFIX,       OSQ_IOW(9, int32_t)};
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		EXPECT_ERRNO(osq_handle_request(device, requests[i], argument), EPERM);
		/* XNU reads the argument before it asks the driver. */
		EXPECT_ERRNO(osq_handle_request(device, requests[i], NULL),
		             READS_FIRST ? EFAULT : EPERM);
	}
}

/* And what the superuser has with the same descriptor goes on as if nothing had been asked. */
static void an_inherited_descriptor_gives_nothing(void)
{
	struct osq_reader reader;
	int child;

	REQUIRE(client_open(&reader, RING), "cannot begin");
	child = ktap_fork();
	if (!child) {
		become_a_user();
		expect_refused(reader.device);
		ktap_child_exit();
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
	client_sees_an_exec(&reader);
	osq_reader_close(&reader);
}

/* Whoever gave the privilege up himself has lost it, too. */
static void a_client_that_becomes_a_user(void)
{
	struct osq_reader reader;
	int child = ktap_fork();

	if (!child) {
		if (client_open(&reader, RING)) {
			become_a_user();
			expect_refused(reader.device);
			osq_reader_close(&reader);
		}
		ktap_child_exit();
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
	REQUIRE(client_open(&reader, RING), "not after that");
	client_sees_an_exec(&reader);
	osq_reader_close(&reader);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"the_device_cannot_be_opened", the_device_cannot_be_opened},
	    {"the_mode_alone_gives_nothing", the_mode_alone_gives_nothing},
	    {"an_inherited_descriptor_gives_nothing", an_inherited_descriptor_gives_nothing},
	    {"a_client_that_becomes_a_user", a_client_that_becomes_a_user},
	};

	if (argc == 2 && !strcmp(argv[1], CLIENT_NOTHING))
		return 0;
	return KTAP_RUN(tests);
}
