#ifndef MOE_PACK_CARCHIVE_SHIM_H
#define MOE_PACK_CARCHIVE_SHIM_H

// The types of libarchive's functions, as its own headers declare them. The library itself is loaded at run time, by
// its name, when an archive is first read or written: nothing here links it.
#include <archive.h>
#include <archive_entry.h>

#define MOE_TYPE_OF(function) typedef __typeof__(&function) moe_##function

MOE_TYPE_OF(archive_entry_free);
MOE_TYPE_OF(archive_entry_new);
MOE_TYPE_OF(archive_entry_set_filetype);
MOE_TYPE_OF(archive_error_string);
MOE_TYPE_OF(archive_filter_bytes);
MOE_TYPE_OF(archive_filter_code);
MOE_TYPE_OF(archive_filter_count);
MOE_TYPE_OF(archive_read_data);
MOE_TYPE_OF(archive_read_free);
MOE_TYPE_OF(archive_read_new);
MOE_TYPE_OF(archive_read_next_header);
MOE_TYPE_OF(archive_read_open);
MOE_TYPE_OF(archive_read_support_filter_zstd);
MOE_TYPE_OF(archive_read_support_format_raw);
MOE_TYPE_OF(archive_write_add_filter_zstd);
MOE_TYPE_OF(archive_write_close);
MOE_TYPE_OF(archive_write_data);
MOE_TYPE_OF(archive_write_free);
MOE_TYPE_OF(archive_write_header);
MOE_TYPE_OF(archive_write_new);
MOE_TYPE_OF(archive_write_open);
MOE_TYPE_OF(archive_write_set_bytes_per_block);
MOE_TYPE_OF(archive_write_set_filter_option);
MOE_TYPE_OF(archive_write_set_format_raw);

#undef MOE_TYPE_OF

// `archive_set_error` is variadic, and Swift cannot call it.
static inline void moe_archive_set_error(
    void *function, struct archive *archive, int number, const char *message) {
  ((__typeof__(&archive_set_error))function)(archive, number, "%s", message);
}

#endif
