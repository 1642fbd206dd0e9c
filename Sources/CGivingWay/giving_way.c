#define _GNU_SOURCE
#include "include/CGivingWay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

const char *moe_change_command(int number) {
  static const char *const commands[] = {"install", "remove", "rollback", "sync", "threshold", "precision"};
  const int count = sizeof commands / sizeof *commands;
  return number >= 0 && number < count ? commands[number] : NULL;
}

static bool is_change(const char *word) {
  const char *command;
  for (int number = 0; (command = moe_change_command(number)); number++)
    if (!strcmp(word, command)) return true;
  return false;
}

/// What follows `start` in `text`; null where it begins otherwise.
static const char *rest(const char *text, const char *start) {
  size_t length = strlen(start);
  return strncmp(text, start, length) ? NULL : text + length;
}

/// The variable that `start`, its name with `=`, begins; null where there is none, or an empty one.
static const char *variable(char *const *environment, const char *start) {
  for (; environment && *environment; environment++) {
    const char *value = rest(*environment, start);
    if (value) return *value ? value : NULL;
  }
  return NULL;
}

/// Whether a server holds the mark that lies at `below` in a directory: a lock on the file, which is there for good.
static bool is_held(const char *directory, const char *below) {
  int base = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) return false;
  int mark = openat(base, below, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  close(base);
  if (mark < 0) return false;
  bool held = flock(mark, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(mark);
  return held;
}

bool moe_changes_served_store(int count, char *const *words, char *const *environment) {
  if (count < 2 || !is_change(words[1])) return false;
  const char *store = NULL;
  for (int index = 2; index < count; index++) {
    const char *value = rest(words[index], "--store=");
    if (value) store = value;
    if (!strcmp(words[index], "--store") && index + 1 < count) store = words[index + 1];
  }
  if (!store) store = variable(environment, "MOEPACK_STORE=");
  if (store) return is_held(store, "served");
  const char *data = variable(environment, "XDG_DATA_HOME=");
  if (data && *data == '/') return is_held(data, "moe-pack/store/served");
  const char *home = variable(environment, "HOME=");
  return home && is_held(home, ".local/share/moe-pack/store/served");
}

#if defined(__linux__)
/// Giving way needs no permission; where it is refused all the same, the work goes on as before.
static void give_way(int count, char **words, char **environment) {
  const struct sched_param parameters = {.sched_priority = 0};
  if (moe_changes_served_store(count, words, environment)) sched_setscheduler(0, SCHED_IDLE, &parameters);
}

/// What the loader calls before the constructors of the libraries and of the program.
__attribute__((section(".preinit_array"), used)) static void (*first)(int, char **, char **) = give_way;
#endif
