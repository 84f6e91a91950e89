namespace KextDev.Guests.Images;

/// <summary>
/// The program in which a guest is saved: it waits on a serial line for "SECONDS NANOSECONDS SEED", and makes the guest unlike all others that go on from the same
/// snapshot. It sets the clock, reseeds the kernel's randomness, and gives the boot another id. Files whose times tell of the boot, its other arguments, move with the
/// clock. Nothing in the guest that needs a secret of its own may have started before. After "--" it takes a stopped SSH server's process id and a command: it lets
/// the server go on, says that the guest is ready, and becomes the command.
/// </summary>
/// <remarks>
/// Debian's cloud kernel lacks the driver of QEMU's generation device, and no shell command makes a kernel use a new seed at once.
/// A restored guest has all its code before it for the first time, and an emulator translates each instruction then: what can be done before the guest is saved is
/// done there, and no program starts or ends on the way to the server.
/// </remarks>
internal static class RenewProgram
{
    public static GuestProgram Program { get; } = new("usr/sbin/kextdev-renew", """
        #include <fcntl.h>
        #include <linux/random.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/ioctl.h>
        #include <sys/mount.h>
        #include <sys/random.h>
        #include <sys/stat.h>
        #include <termios.h>
        #include <time.h>
        #include <unistd.h>

        #define SEED_SIZE 32
        #define ID_SIZE 16
        #define ID_FILE "/run/boot_id"

        static int reseed(const char *digits)
        {
        	struct {
        		struct rand_pool_info info;
        		unsigned char seed[SEED_SIZE];
        	} entropy;
        	int device = open("/dev/urandom", O_WRONLY);
        	int failed;

        	if (device < 0)
        		return -1;
        	entropy.info.entropy_count = 8 * SEED_SIZE;
        	entropy.info.buf_size = SEED_SIZE;
        	for (int index = 0; index < SEED_SIZE; index++)
        		if (sscanf(digits + 2 * index, "%2hhx", &entropy.seed[index]) != 1)
        			return -1;
        	failed = ioctl(device, RNDADDENTROPY, &entropy) || ioctl(device, RNDRESEEDCRNG);
        	close(device);
        	return failed ? -1 : 0;
        }

        static int write_id(int file)
        {
        	unsigned char id[ID_SIZE];
        	char text[2 * ID_SIZE + 6];
        	int length = 0;

        	if (getrandom(id, sizeof(id), 0) != sizeof(id))
        		return -1;
        	id[6] = (id[6] & 0x0f) | 0x40;
        	id[8] = (id[8] & 0x3f) | 0x80;
        	for (int index = 0; index < ID_SIZE; index++)
        		length += sprintf(text + length, index == 4 || index == 6 || index == 8 || index == 10 ? "-%02x" : "%02x", id[index]);
        	text[length++] = '\n';
        	return pwrite(file, text, length, 0) == length ? 0 : -1;
        }

        /* The kernel makes the id once: a file of ours hides it. */
        static int hide_boot_id(void)
        {
        	int file = open(ID_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);

        	return file < 0 || write_id(file) || mount(ID_FILE, "/proc/sys/kernel/random/boot_id", NULL, MS_BIND, NULL) ? -1 : file;
        }

        static void move(const char *path, time_t seconds)
        {
        	struct stat found;
        	struct timespec times[2];

        	if (stat(path, &found))
        		return;
        	times[0] = found.st_atim;
        	times[1] = found.st_mtim;
        	times[1].tv_sec += seconds;
        	utimensat(AT_FDCWD, path, times, 0);
        }

        /* Moves the files along that are named up to the end or "--". */
        static int renew(int id, const struct timespec *now, const char *digits, char **files)
        {
        	time_t before = time(NULL);

        	if (reseed(digits) || clock_settime(CLOCK_REALTIME, now) || write_id(id))
        		return -1;
        	for (; *files && strcmp(*files, "--"); files++)
        		move(*files, now->tv_sec - before);
        	return 0;
        }

        static FILE *open_line(const char *path)
        {
        	int line = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
        	struct termios settings;

        	if (line < 0 || tcgetattr(line, &settings))
        		return NULL;
        	settings.c_lflag = (settings.c_lflag | ICANON) & ~(tcflag_t)(ECHO | ISIG);
        	/* An emulated line takes its speed seriously. */
        	return cfsetspeed(&settings, B115200) || tcsetattr(line, TCSANOW, &settings) ? NULL : fdopen(line, "r");
        }

        /* 0 once this guest is unlike the saved one. */
        static int wait_for_news(FILE *line, int id, char **files)
        {
        	char text[256], digits[2 * SEED_SIZE + 1];
        	struct timespec now;

        	while (fgets(text, sizeof(text), line))
        		if (sscanf(text, "%ld %ld %64[0-9a-f]", &now.tv_sec, &now.tv_nsec, digits) == 3 && strlen(digits) == 2 * SEED_SIZE) {
        			if (!renew(id, &now, digits, files))
        				return 0;
        			perror("kextdev-renew");
        		}
        	return -1;
        }

        static int become(char **command)
        {
        	struct timespec up;

        	kill(atoi(command[0]), SIGCONT);
        	clock_gettime(CLOCK_BOOTTIME, &up);
        	printf("KEXTDEV READY %ld.%02ld\n", (long)up.tv_sec, up.tv_nsec / 10000000);
        	fflush(stdout);
        	execv(command[1], command + 1);
        	return 1;
        }

        int main(int argc, char **argv)
        {
        	FILE *line = argc > 1 ? open_line(argv[1]) : NULL;
        	int id = hide_boot_id();
        	int is_savable = line && id >= 0;
        	int index = 0;

        	if (is_savable) {
        		puts("KEXTDEV SAVABLE");
        		fflush(stdout);
        		if (wait_for_news(line, id, argv + 2))
        			return 1;
        	}
        	while (index < argc && strcmp(argv[index], "--"))
        		index++;
        	/* One that cannot be saved is no copy of any other, and goes on as it is. */
        	return argc - index > 2 ? become(argv + index + 1) : !is_savable;
        }

        """);
}
