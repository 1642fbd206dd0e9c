#ifndef MOE_PACK_CARCHIVE_SHIM_H
#define MOE_PACK_CARCHIVE_SHIM_H

#include <archive.h>
#include <archive_entry.h>

/* `archive_set_error` is variadic, and Swift cannot call it. */
static inline void moe_archive_set_error(struct archive *archive, int number, const char *message) {
  archive_set_error(archive, number, "%s", message);
}

#endif
