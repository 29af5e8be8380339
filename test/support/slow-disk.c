/*
 * A disk that can be made slow or broken while a process runs: LD_PRELOAD this, and write one character into the file that SLOW_DISK_FILE names.
 * s: a sync takes three seconds. e: a sync fails with EIO. Anything else: as usual.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char mood(void) {
  const char *path = getenv("SLOW_DISK_FILE");
  char mood = 0;
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  if (read(file, &mood, 1) != 1) mood = 0;
  close(file);
  return mood;
}

static int sync_with(const char *name, int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  switch (mood()) {
  case 's':
    sleep(3);
    return real(file);
  case 'e':
    errno = EIO;
    return -1;
  default:
    return real(file);
  }
}

int fsync(int file) { return sync_with("fsync", file); }
int fdatasync(int file) { return sync_with("fdatasync", file); }
