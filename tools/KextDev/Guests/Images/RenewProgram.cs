using KextDev.Processes;

namespace KextDev.Guests.Images;

/// <summary>
/// The program in which a guest is saved: it waits on a serial line for "SECONDS NANOSECONDS SEED", and makes the guest unlike all others that go on from the same
/// snapshot. It sets the clock, reseeds the kernel's randomness, and gives the boot another id. Files whose times tell of the boot, its other arguments, move with the
/// clock. Nothing in the guest that needs a secret of its own may have started before.
/// </summary>
/// <remarks>Debian's cloud kernel lacks the driver of QEMU's generation device, and no shell command makes a kernel use a new seed at once.</remarks>
internal static class RenewProgram
{
    public const string Path = "usr/sbin/kextdev-renew";

    public const string Source = """
        #include <fcntl.h>
        #include <linux/random.h>
        #include <stdio.h>
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

        /* The kernel makes the id once. */
        static int hide_boot_id(const char *file)
        {
        	unsigned char id[ID_SIZE];
        	FILE *output;

        	if (getrandom(id, sizeof(id), 0) != sizeof(id) || !(output = fopen(file, "w")))
        		return -1;
        	id[6] = (id[6] & 0x0f) | 0x40;
        	id[8] = (id[8] & 0x3f) | 0x80;
        	for (int index = 0; index < ID_SIZE; index++)
        		fprintf(output, index == 4 || index == 6 || index == 8 || index == 10 ? "-%02x" : "%02x", id[index]);
        	fputc('\n', output);
        	return fclose(output) ? -1 : mount(file, "/proc/sys/kernel/random/boot_id", NULL, MS_BIND, NULL);
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

        int main(int argc, char **argv)
        {
        	int line = argc > 1 ? open(argv[1], O_RDONLY | O_NOCTTY) : -1;
        	struct termios settings;
        	char text[256], digits[2 * SEED_SIZE + 1];
        	struct timespec now;
        	FILE *input;

        	if (line < 0 || tcgetattr(line, &settings))
        		return 1;
        	settings.c_lflag = (settings.c_lflag | ICANON) & ~(tcflag_t)(ECHO | ISIG);
        	/* An emulated line takes its speed seriously. */
        	if (cfsetspeed(&settings, B115200) || tcsetattr(line, TCSANOW, &settings) || !(input = fdopen(line, "r")))
        		return 1;
        	puts("KEXTDEV SAVABLE");
        	fflush(stdout);
        	while (fgets(text, sizeof(text), input))
        		if (sscanf(text, "%ld %ld %64[0-9a-f]", &now.tv_sec, &now.tv_nsec, digits) == 3 && strlen(digits) == 2 * SEED_SIZE) {
        			time_t before = time(NULL);

        			if (!reseed(digits) && !clock_settime(CLOCK_REALTIME, &now) && !hide_boot_id("/run/boot_id")) {
        				for (int index = 2; index < argc; index++)
        					move(argv[index], now.tv_sec - before);
        				return 0;
        			}
        			perror("kextdev-renew");
        		}
        	return 1;
        }

        """;

    /// <summary>The program, static.</summary>
    public static async Task<byte[]> BuildAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("kextdev-").FullName;
        try
        {
            var source = System.IO.Path.Combine(folder, "renew.c");
            var program = System.IO.Path.Combine(folder, "renew");
            await File.WriteAllTextAsync(source, Source, cancellationToken);
            await new HostCommand("gcc", "-std=gnu11", "-Os", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-o", program, source).RunAsync(cancellationToken);
            return await File.ReadAllBytesAsync(program, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
