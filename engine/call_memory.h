// What call_map.c (mmap, mremap, brk) and call_memory.c (the rest) share. The engine chooses all addresses; each change is made
// to the host's mappings, the table (map.h) and the translator together, on record and on replay.
#pragma once
#include "engine/calls.h"
#include "engine/translate.h"

enum map_kind { KIND_ANON, KIND_KEPT, KIND_DATA };
struct map_extra {              // payload of mmap, mremap and shmat
  u32 kind, file;               // KIND_KEPT: file id
  struct file_identity id;      // KIND_DATA
  u64 image;                    // not 0: an image slot of that many bytes was chosen
  u64 data_from;                // bytes before it are not logged again (mremap)
  u32 flags, path_len;          // enum map_flags; path follows
  char path[200];
};

#define TASK_END 0x7ffffffff000ul
static inline u64 page_up(u64 n) { return ALIGN_UP(n, RR_PAGE); }
static inline bool range_ok(u64 start, u64 len) { return start + len >= start && start + len <= TASK_END; }

void memory_forget(u64 start, u64 end);          // what was translated of it is void
s64 memory_unmap(u64 start, u64 end);            // host and table; leaves what is ours alone
// RR_EV_DATA of what is not zero, up to the end of the file. fd: the file, so that holes need not be touched, or -1
void memory_log_content(struct mapping *m, u64 from, u64 to, s32 fd);
void memory_file_ends(const struct mapping *m, u64 end); // others have made the file end at `end` of the mapping
void memory_replay_protect(u64 start, u64 end);  // replay: host protection as the table says
u64 memory_file_end(const struct mapping *m); // first page of it that lies beyond the file's end

// call_object.c, replay only
void object_map(const struct map_extra *x, u64 at, u64 len, u64 offset);  // readable and writable
void object_resize(u64 dev, u64 ino, u64 size);  // before the table's mappings know
void object_tail(const struct mapping *m, u64 from); // a private mapping shows the object's zeros, or its end, from there on
void objects_private(void);                      // shadowing begins (engine/shared.h): views see each other no more
bool object_shared(const struct mapping *m);     // it is a view of an object with several
