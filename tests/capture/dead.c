/* Preloaded: from when the file DEAD_SINCE exists, every descriptor of the file DEAD_FILE that was
 * opened before fails for good, as after a stale handle of NFS or a disk that was away. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST 4096

static char is_younger[MOST];

static int has_begun(void) {
    return syscall(SYS_faccessat, AT_FDCWD, getenv("DEAD_SINCE"), F_OK) == 0;
}

static int fails(int fd) {
    char link[64], path[PATH_MAX + 1] = "";
    if (fd < 0 || fd >= MOST || is_younger[fd] || !has_begun())
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, PATH_MAX) < 0 || strcmp(path, getenv("DEAD_FILE")) != 0)
        return 0;
    errno = atoi(getenv("DEAD_ERRNO"));
    return 1;
}

static int opened(int fd) {
    if (fd >= 0 && fd < MOST)
        is_younger[fd] = has_begun();
    return fd;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE(flags) va_list list; va_start(list, flags); int mode = va_arg(list, int); va_end(list)

int open(const char *path, int flags, ...) { MODE(flags); return opened(REAL(open)(path, flags, mode)); }
int open64(const char *path, int flags, ...) { MODE(flags); return opened(REAL(open64)(path, flags, mode)); }
ssize_t write(int fd, const void *from, size_t n) { return fails(fd) ? -1 : REAL(write)(fd, from, n); }
int ftruncate64(int fd, off64_t length) { return fails(fd) ? -1 : REAL(ftruncate64)(fd, length); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL(fdatasync)(fd); }
int fsync(int fd) { return fails(fd) ? -1 : REAL(fsync)(fd); }
int fstat64(int fd, struct stat64 *to) { return fails(fd) ? -1 : REAL(fstat64)(fd, to); }
int statx(int fd, const char *path, int flags, unsigned mask, struct statx *to) {
    return *path == 0 && fails(fd) ? -1 : REAL(statx)(fd, path, flags, mask, to);
}
