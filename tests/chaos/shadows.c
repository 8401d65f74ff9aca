/* A wrong clock and a full disk, for one process, preloaded into it.
 *
 * The wall clock is $CHAOS_CLOCK_SECONDS off. While the file $CHAOS_DISK_FULL exists, whatever is
 * written to a file whose path contains "log.sqlite" fails as on a full disk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long off(void) {
    const char *seconds = getenv("CHAOS_CLOCK_SECONDS");
    return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int result = syscall(SYS_clock_gettime, clock, at);
    if (result == 0 && clock == CLOCK_REALTIME) at->tv_sec += off();
    return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

static int is_refused(int descriptor) {
    const char *flag = getenv("CHAOS_DISK_FULL");
    char link[64], path[PATH_MAX];
    if (flag == NULL || access(flag, F_OK) != 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strstr(path, "log.sqlite") == NULL) return 0;
    errno = ENOSPC;
    return 1;
}

ssize_t write(int descriptor, const void *data, size_t size) {
    return is_refused(descriptor) ? -1 : syscall(SYS_write, descriptor, data, size);
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t at) {
    return is_refused(descriptor) ? -1 : syscall(SYS_pwrite64, descriptor, data, size, at);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t at) {
    return is_refused(descriptor) ? -1 : syscall(SYS_pwrite64, descriptor, data, size, at);
}
