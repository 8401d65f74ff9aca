/* What a disk holds after a power cut, at worst: each file as of its last fsync.
 *
 * Preloaded into a process, it copies a file into $SHADOW_DIR each time the process syncs it,
 * and removes there what a directory no longer has each time the process syncs the directory.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int copied(int from, const char *directory, const char *name) {
    char temporary[PATH_MAX], final[PATH_MAX], buffer[1 << 16];
    snprintf(temporary, sizeof temporary, "%s/.%s.part", directory, name);
    snprintf(final, sizeof final, "%s/%s", directory, name);
    int to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0) return -1;
    off_t at = 0;
    ssize_t count;
    while ((count = pread(from, buffer, sizeof buffer, at)) > 0) {
        if (write(to, buffer, count) != count) break;
        at += count;
    }
    close(to);
    /* Renamed, so that a kill in the middle leaves the copy before. */
    return count == 0 ? rename(temporary, final) : -1;
}

static int removed(int directory, const char *shadow) {
    DIR *entries = opendir(shadow);
    struct dirent *entry;
    struct stat status;
    if (entries == NULL) return -1;
    while ((entry = readdir(entries)) != NULL)
        if (entry->d_name[0] != '.' && fstatat(directory, entry->d_name, &status, 0) != 0)
            unlinkat(dirfd(entries), entry->d_name, 0);
    return closedir(entries);
}

static int synced(int descriptor, int result) {
    const char *directory = getenv("SHADOW_DIR");
    struct stat status;
    char link[64], path[PATH_MAX];
    if (result != 0 || directory == NULL) return result;
    if (fstat(descriptor, &status) != 0) return result;
    if (S_ISDIR(status.st_mode)) {
        pthread_mutex_lock(&one_at_a_time);
        int failed = removed(descriptor, directory);
        pthread_mutex_unlock(&one_at_a_time);
        if (failed) abort();
    }
    if (!S_ISREG(status.st_mode)) return result;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return result;
    path[length] = 0;
    pthread_mutex_lock(&one_at_a_time);
    int failed = copied(descriptor, directory, strrchr(path, '/') + 1);
    pthread_mutex_unlock(&one_at_a_time);
    if (failed) abort();
    return result;
}

int fsync(int descriptor) { return synced(descriptor, syscall(SYS_fsync, descriptor)); }

int fdatasync(int descriptor) { return synced(descriptor, syscall(SYS_fdatasync, descriptor)); }
