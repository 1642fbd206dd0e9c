// A library to be preloaded: it counts, records and breaks the system calls by which a process changes
// what lies under one directory, SQLite's among them.
//
//   FAULTS_ROOT=DIR      absolute; what lies elsewhere is left alone
//   FAULTS_LOG=FILE      one line a call, as below; calls are numbered from 1
//   FAULTS_AT=N          the call to break
//   FAULTS_ACTION=…      kill: end the process by SIGKILL before it
//                        tear: a write is done by half, then the process ends
//                        short: a write is done by half and says so
//                        a number: the call is not made and fails with that errno
//   FAULTS_LASTING=1     so do all calls after it
//
// Lines: `N create FD PATH` · `N truncate-open FD PATH` · `N write FD OFFSET HEX` · `N resize FD LENGTH` ·
// `N sync FD` · `N rename PATH TO` · `N unlink PATH` · `N mkdir PATH` · `N rmdir PATH` · `N chmod PATH` ·
// `N other PATH`; not numbered, because nothing changes: `0 open FD PATH`, `0 close FD`, and `0 ack` when
// something is told on standard output. Paths are relative to the directory and hold no spaces.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096 };
enum outcome { PASS, FAIL, HALF, HALF_THEN_DIE };
// Whether a call asks the disk for room: only such a call fails for want of it.
enum need { NO_ROOM, ROOM };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static char *paths[DESCRIPTORS];
static char root[PATH_MAX];
static size_t root_length;
static int log_file = -1, lasting, error_number;
static long calls, at;
static enum { NONE, KILL, TEAR, SHORT, ERROR } action;

__attribute__((constructor)) static void begin(void) {
  const char *directory = getenv("FAULTS_ROOT"), *log = getenv("FAULTS_LOG");
  const char *number = getenv("FAULTS_AT"), *what = getenv("FAULTS_ACTION");
  if (!directory) return;
  snprintf(root, sizeof root, "%s", directory);
  root_length = strlen(root);
  lasting = getenv("FAULTS_LASTING") != NULL;
  at = number ? atol(number) : 0;
  if (what) {
    action = !strcmp(what, "kill") ? KILL : !strcmp(what, "tear") ? TEAR : !strcmp(what, "short") ? SHORT : ERROR;
    error_number = atoi(what);
  }
  if (log) {
    int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    log_file = fcntl(file, F_DUPFD_CLOEXEC, 900);
    syscall(SYS_close, file);
  }
}

// The path under the directory; NULL when it lies elsewhere.
static const char *inside(const char *path) {
  if (!root_length || !path || strncmp(path, root, root_length)) return NULL;
  if (path[root_length] == '\0') return ".";
  return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static const char *path_of(int descriptor) {
  return descriptor >= 0 && descriptor < DESCRIPTORS ? paths[descriptor] : NULL;
}

static void record(const char *format, ...) {
  if (log_file < 0) return;
  char line[2 * PATH_MAX + 64];
  va_list list;
  va_start(list, format);
  int length = vsnprintf(line, sizeof line, format, list);
  va_end(list);
  syscall(SYS_write, log_file, line, (size_t)length);
}

static void record_bytes(const unsigned char *bytes, size_t count) {
  if (log_file < 0) return;
  char *text = malloc(2 * count + 1);
  for (size_t i = 0; i < count; i++) sprintf(text + 2 * i, "%02x", bytes[i]);
  text[2 * count] = '\n';
  syscall(SYS_write, log_file, text, 2 * count + 1);
  free(text);
}

// Counts one call; says what is to become of it. The gate is held by the caller.
static enum outcome count_call(enum need need, int is_write) {
  calls++;
  if (action == NONE || calls < at || (calls > at && !lasting)) return PASS;
  switch (action) {
    case KILL: syscall(SYS_kill, getpid(), SIGKILL); pause(); return PASS;
    case TEAR: return is_write ? HALF_THEN_DIE : PASS;
    case SHORT: return is_write ? HALF : PASS;
    case ERROR:
      if (error_number == ENOSPC && need == NO_ROOM) return PASS;
      errno = error_number;
      return FAIL;
    default: return PASS;
  }
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

// A call on a path, or on two: counted if it lies under the directory.
#define ON_PATH(path, need, call, ...) \
  if (!inside(path)) return call; \
  pthread_mutex_lock(&gate); \
  int result = -1; \
  if (count_call(need, 0) == PASS) { \
    result = call; \
    int number = errno; \
    if (result == 0) record(__VA_ARGS__); else record("%ld other %s\n", calls, inside(path)); \
    errno = number; \
  } else record("%ld other %s\n", calls, inside(path)); \
  pthread_mutex_unlock(&gate); \
  return result

int rename(const char *from, const char *to) {
  REAL(rename);
  ON_PATH(from, ROOM, real(from, to), "%ld rename %s %s\n", calls, inside(from), inside(to));
}
int unlink(const char *path) {
  REAL(unlink);
  ON_PATH(path, NO_ROOM, real(path), "%ld unlink %s\n", calls, inside(path));
}
int rmdir(const char *path) {
  REAL(rmdir);
  ON_PATH(path, NO_ROOM, real(path), "%ld rmdir %s\n", calls, inside(path));
}
int remove(const char *path) {
  struct stat status;
  if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) return rmdir(path);
  return unlink(path);
}
int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  ON_PATH(path, ROOM, real(path, mode), "%ld mkdir %s\n", calls, inside(path));
}
int chmod(const char *path, mode_t mode) {
  REAL(chmod);
  ON_PATH(path, NO_ROOM, real(path, mode), "%ld chmod %s\n", calls, inside(path));
}
int link(const char *from, const char *to) {
  REAL(link);
  ON_PATH(to, ROOM, real(from, to), "%ld other %s\n", calls, inside(to));
}
int symlink(const char *from, const char *to) {
  REAL(symlink);
  ON_PATH(to, ROOM, real(from, to), "%ld other %s\n", calls, inside(to));
}
int truncate(const char *path, off_t length) {
  REAL(truncate);
  ON_PATH(path, ROOM, real(path, length), "%ld other %s\n", calls, inside(path));
}

// A path relative to a directory under the root, made absolute; any other as it is.
static const char *absolute(int directory, const char *path, char *whole) {
  if (path[0] == '/' || !path_of(directory)) return path;
  snprintf(whole, PATH_MAX, "%s/%s/%s", root, path_of(directory), path);
  return whole;
}

// The calls relative to a directory.
int renameat(int a, const char *from, int b, const char *to) {
  REAL(renameat);
  char first[PATH_MAX], second[PATH_MAX];
  from = absolute(a, from, first);
  to = absolute(b, to, second);
  return inside(from) && inside(to) ? rename(from, to) : real(a, from, b, to);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  REAL(renameat2);
  ON_PATH(from, ROOM, real(a, from, b, to, flags), "%ld rename %s %s\n", calls, inside(from), inside(to));
}
int mkdirat(int directory, const char *path, mode_t mode) {
  REAL(mkdirat);
  char whole[PATH_MAX];
  path = absolute(directory, path, whole);
  return inside(path) ? mkdir(path, mode) : real(directory, path, mode);
}
int unlinkat(int directory, const char *path, int flags) {
  REAL(unlinkat);
  char whole[PATH_MAX];
  path = absolute(directory, path, whole);
  if (!inside(path)) return real(directory, path, flags);
  return flags & AT_REMOVEDIR ? rmdir(path) : unlink(path);
}
int fchmodat(int directory, const char *path, mode_t mode, int flags) {
  REAL(fchmodat);
  char whole[PATH_MAX];
  path = absolute(directory, path, whole);
  return inside(path) ? chmod(path, mode) : real(directory, path, mode, flags);
}

// Opening is counted where it makes a file or empties one.
static int open_counted(const char *path, int flags, mode_t mode) {
  const char *name = inside(path);
  if (!name) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  pthread_mutex_lock(&gate);
  struct stat status;
  int exists = lstat(path, &status) == 0;
  int creates = (flags & O_CREAT) && !exists;
  int empties = (flags & O_TRUNC) && exists && status.st_size > 0;
  int descriptor = -1, number = 0;
  if (!(creates || empties) || count_call(creates ? ROOM : NO_ROOM, 0) == PASS) {
    descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    number = errno;
  } else number = errno;
  if (descriptor >= 0) {
    if (creates) record("%ld create %d %s\n", calls, descriptor, name);
    else if (empties) record("%ld truncate-open %d %s\n", calls, descriptor, name);
    else record("0 open %d %s\n", descriptor, name);
    if (descriptor < DESCRIPTORS) {
      free(paths[descriptor]);
      paths[descriptor] = strdup(name);
    }
  } else if (creates || empties) record("%ld other %s\n", calls, name);
  pthread_mutex_unlock(&gate);
  errno = number;
  return descriptor;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
      va_list list; \
      va_start(list, flags); \
      mode = va_arg(list, mode_t); \
      va_end(list); \
    } \
    return open_counted(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
int __open_2(const char *path, int flags) { return open_counted(path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_counted(path, flags, 0); }
int creat(const char *path, mode_t mode) { return open_counted(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

#define OPENAT(name) \
  int name(int directory, const char *path, int flags, ...) { \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
      va_list list; \
      va_start(list, flags); \
      mode = va_arg(list, mode_t); \
      va_end(list); \
    } \
    char whole[PATH_MAX]; \
    path = absolute(directory, path, whole); \
    if (inside(path)) return open_counted(path, flags, mode); \
    return (int)syscall(SYS_openat, directory, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

int close(int descriptor) {
  REAL(close);
  if (!path_of(descriptor)) return real(descriptor);
  pthread_mutex_lock(&gate);
  record("0 close %d\n", descriptor);
  free(paths[descriptor]);
  paths[descriptor] = NULL;
  pthread_mutex_unlock(&gate);
  return real(descriptor);
}

static ssize_t write_counted(int descriptor, const void *bytes, size_t count, off_t offset, int is_positioned) {
  if (!path_of(descriptor)) {
    if (descriptor == STDOUT_FILENO) record("0 ack\n");
    return is_positioned ? syscall(SYS_pwrite64, descriptor, bytes, count, offset)
                         : syscall(SYS_write, descriptor, bytes, count);
  }
  pthread_mutex_lock(&gate);
  off_t place = is_positioned ? offset : lseek(descriptor, 0, SEEK_CUR);
  enum outcome outcome = count_call(ROOM, 1);
  ssize_t result = -1;
  int number = errno;
  if (outcome != FAIL) {
    size_t part = outcome == PASS || count < 2 ? count : count / 2;
    result = is_positioned ? syscall(SYS_pwrite64, descriptor, bytes, part, offset)
                           : syscall(SYS_write, descriptor, bytes, part);
    number = errno;
    if (outcome == HALF_THEN_DIE) { syscall(SYS_kill, getpid(), SIGKILL); pause(); }
  }
  if (result >= 0) {
    record("%ld write %d %ld ", calls, descriptor, (long)place);
    record_bytes(bytes, (size_t)result);
  } else record("%ld other %s\n", calls, path_of(descriptor));
  pthread_mutex_unlock(&gate);
  errno = number;
  return result;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  return write_counted(descriptor, bytes, count, 0, 0);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  return write_counted(descriptor, bytes, count, offset, 1);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  return write_counted(descriptor, bytes, count, offset, 1);
}
ssize_t writev(int descriptor, const struct iovec *vector, int count) {
  REAL(writev);
  // The first piece alone: a caller has to cope with that.
  if (path_of(descriptor)) return count ? write(descriptor, vector[0].iov_base, vector[0].iov_len) : 0;
  if (descriptor == STDOUT_FILENO) record("0 ack\n");
  return real(descriptor, vector, count);
}

// A call on a descriptor.
#define ON_FILE(descriptor, need, call, ...) \
  if (!path_of(descriptor)) return call; \
  pthread_mutex_lock(&gate); \
  int result = -1; \
  if (count_call(need, 0) == PASS) result = call; \
  int number = errno; \
  if (result == 0) record(__VA_ARGS__); else record("%ld other %s\n", calls, path_of(descriptor)); \
  pthread_mutex_unlock(&gate); \
  errno = number; \
  return result

int fsync(int descriptor) {
  REAL(fsync);
  ON_FILE(descriptor, ROOM, real(descriptor), "%ld sync %d\n", calls, descriptor);
}
int fdatasync(int descriptor) {
  REAL(fdatasync);
  ON_FILE(descriptor, ROOM, real(descriptor), "%ld sync %d\n", calls, descriptor);
}
int ftruncate(int descriptor, off_t length) {
  REAL(ftruncate);
  ON_FILE(descriptor, NO_ROOM, real(descriptor, length), "%ld resize %d %ld\n", calls, descriptor, (long)length);
}
int ftruncate64(int descriptor, off64_t length) {
  REAL(ftruncate64);
  ON_FILE(descriptor, NO_ROOM, real(descriptor, length), "%ld resize %d %ld\n", calls, descriptor, (long)length);
}
int fchmod(int descriptor, mode_t mode) {
  REAL(fchmod);
  ON_FILE(descriptor, NO_ROOM, real(descriptor, mode), "%ld chmod %s\n", calls, path_of(descriptor));
}
int fchown(int descriptor, uid_t user, gid_t group) {
  REAL(fchown);
  ON_FILE(descriptor, NO_ROOM, real(descriptor, user, group), "%ld chmod %s\n", calls, path_of(descriptor));
}
int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  REAL(fallocate);
  ON_FILE(descriptor, ROOM, real(descriptor, mode, offset, length), "%ld other %s\n", calls, path_of(descriptor));
}
int posix_fallocate(int descriptor, off_t offset, off_t length) {
  REAL(posix_fallocate);
  ON_FILE(descriptor, ROOM, real(descriptor, offset, length), "%ld other %s\n", calls, path_of(descriptor));
}
