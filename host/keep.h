// Keeping files in a trace, so that it replays without the originals: executables and mapped files become `file_ID`.
//
// The bytes come once into a store in the cache directory, under their content's hash; a symbolic link from the file's
// identity (device, inode, size, times) makes the second trace cost three system calls: it is a hard link then.
// Where the trace lies on another file system, the file is cloned or copied.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include "host/say.h"

struct keeper;
// trace_dir: descriptor (borrowed). cache: the cache directory, "" for none.
int keeper_open(int trace_dir, const char *cache, struct keeper **out, struct fault *f);
// Keeps what fd shows as file_ID; path is only noted. Fills identity. Fails when the file changes meanwhile or the id is taken.
int keeper_keep(struct keeper *k, int fd, const char *path, uint32_t id, struct stat *identity, struct fault *f);
uint32_t keeper_count(const struct keeper *k);
void keeper_free(struct keeper *k);

// The table of kept files, file `files` in the trace.
struct kept_file { uint32_t id; uint64_t dev, ino, size, mtime_ns, ctime_ns; char hash[33]; char *path; };
struct kept_files { struct kept_file *files; uint32_t count; };
int kept_files_parse(char *text, size_t size, struct kept_files *k, struct fault *f);  // text: zero-terminated, is changed
int kept_files_read(int trace_dir, uint32_t expected, struct kept_files *k, struct fault *f);  // expected: ~0u if unknown
int kept_files_verify(int trace_dir, const struct kept_files *k, struct fault *f);     // sizes and contents
void kept_files_free(struct kept_files *k);

// Contents of the store that no trace links any more are removed; returns how many.
unsigned keep_store_prune(const char *cache);
