namespace KextDev.Guests.Images;

/// <summary>
/// Has a processor of a guest that loops with interrupts off noticed by the others. Linux looks for one while it waits for a grace period of RCU, which all
/// processors must pass; a guest whose only busy processor is the one that loops wants none, and would wait for ever. So on each processor a process wants one
/// every other second. The command starts them, and ends.
/// </summary>
internal static class PulseProgram
{
    // A first pulse right after a restored guest's start would cost it time when it is waited for.
    public static GuestProgram Program { get; } = new("usr/sbin/kextdev-pulse", """
        #define _GNU_SOURCE
        #include <linux/membarrier.h>
        #include <sched.h>
        #include <stdio.h>
        #include <sys/syscall.h>
        #include <unistd.h>

        #define PAUSE 2 /* s */

        /* Bound to its processor: on another one its pause might end with that one's timers. */
        static int beat(int processor)
        {
        	cpu_set_t only;

        	CPU_ZERO(&only);
        	CPU_SET(processor, &only);
        	if (sched_setaffinity(0, sizeof(only), &only))
        		return -1;
        	do
        		sleep(PAUSE);
        	while (!syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
        	return -1;
        }

        int main(void)
        {
        	int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);

        	for (int processor = 0; processor < processors; processor++) {
        		pid_t child = fork();

        		if (child < 0 || (!child && beat(processor))) {
        			perror("kextdev-pulse");
        			return 1;
        		}
        	}
        	return 0;
        }

        """);
}
