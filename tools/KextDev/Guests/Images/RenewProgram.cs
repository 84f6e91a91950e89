using KextDev.Processes;

namespace KextDev.Guests.Images;

/// <summary>
/// The program that makes a guest which goes on from a snapshot unlike all others from it: it waits on a serial line for "SECONDS NANOSECONDS SEED",
/// sets the clock, reseeds the kernel's randomness and says READY. Files whose times tell of the boot, its other arguments, move with the clock. It returns as soon as it listens, and goes on in the background.
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
        #include <sys/stat.h>
        #include <termios.h>
        #include <time.h>
        #include <unistd.h>

        #define SEED_SIZE 32

        static int renew(time_t seconds, long nanoseconds, const char *digits)
        {
        	struct timespec now = {seconds, nanoseconds};
        	struct {
        		struct rand_pool_info info;
        		unsigned char seed[SEED_SIZE];
        	} entropy;
        	int device = open("/dev/urandom", O_WRONLY);
        	int index;

        	entropy.info.entropy_count = 8 * SEED_SIZE;
        	entropy.info.buf_size = SEED_SIZE;
        	for (index = 0; index < SEED_SIZE; index++)
        		if (sscanf(digits + 2 * index, "%2hhx", &entropy.seed[index]) != 1)
        			return -1;
        	if (device < 0 || ioctl(device, RNDADDENTROPY, &entropy) || ioctl(device, RNDRESEEDCRNG))
        		return -1;
        	close(device);
        	return clock_settime(CLOCK_REALTIME, &now);
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
        	long long seconds;
        	long nanoseconds;
        	FILE *input;
        	time_t before;
        	int index;

        	if (line < 0 || tcgetattr(line, &settings))
        		return 1;
        	settings.c_lflag = (settings.c_lflag | ICANON) & ~(tcflag_t)(ECHO | ISIG);
        	if (tcsetattr(line, TCSANOW, &settings) || !(input = fdopen(line, "r")))
        		return 1;
        	if (fork())
        		return 0;
        	while (fgets(text, sizeof(text), input))
        		if (sscanf(text, "%lld %ld %64[0-9a-f]", &seconds, &nanoseconds, digits) == 3 && strlen(digits) == 2 * SEED_SIZE) {
        			int failed;

        			before = time(NULL);
        			failed = renew(seconds, nanoseconds, digits);
        			for (index = 2; index < argc; index++)
        				move(argv[index], (time_t)seconds - before);
        			puts(failed ? "KEXTDEV STALE" : "KEXTDEV READY again");
        			fflush(stdout);
        		}
        	return 0;
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
