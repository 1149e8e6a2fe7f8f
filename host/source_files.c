// The headers of .debug_line (DWARF 5, 6.2.4; before it the older form of the same section). The bytes may be anything.
#include "host/source_files.h"
#include <elf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct bytes { const uint8_t *at, *end; bool bad; };
struct image { const uint8_t *data; size_t size; struct bytes line, line_str, str; unsigned unread; };
enum { DIRS_MAX = 4096, FORMATS_MAX = 16 };
enum { LNCT_PATH = 1, LNCT_DIRECTORY = 2 };
enum { FORM_BLOCK = 0x09, FORM_DATA1 = 0x0b, FORM_DATA2 = 0x05, FORM_DATA4 = 0x06, FORM_DATA8 = 0x07, FORM_DATA16 = 0x1e, FORM_UDATA = 0x0f, FORM_STRING = 0x08,
  FORM_STRP = 0x0e, FORM_LINE_STRP = 0x1f };

static uint64_t number(struct bytes *b, size_t n) {
  uint64_t v = 0;
  if ((size_t)(b->end - b->at) < n) return b->bad = true, 0;
  memcpy(&v, b->at, n);
  b->at += n;
  return v;
}

static uint64_t leb(struct bytes *b) {
  uint64_t v = 0;
  for (unsigned shift = 0; b->at < b->end; shift += 7) {
    uint8_t byte = *b->at++;
    if (shift < 64) v |= (uint64_t)(byte & 127) << shift;
    if (!(byte & 128)) return v;
  }
  b->bad = true;
  return 0;
}

static const char *string(struct bytes *b) {
  const char *s = (const char *)b->at;
  size_t n = strnlen(s, (size_t)(b->end - b->at));
  if (b->at + n >= b->end) return b->bad = true, "";
  b->at += n + 1;
  return s;
}

static const char *string_at(const struct bytes *section, uint64_t offset) {
  if (!section->at || offset >= (uint64_t)(section->end - section->at)) return "";
  struct bytes b = { section->at + offset, section->end, false };
  return string(&b);
}

static bool section(struct image *m, const Elf64_Shdr *s, struct bytes *b) {
  if (s->sh_type == SHT_NOBITS || s->sh_offset > m->size || s->sh_size > m->size - s->sh_offset) return false;
  if (s->sh_flags & SHF_COMPRESSED) return m->unread++, false;
  *b = (struct bytes){ m->data + s->sh_offset, m->data + s->sh_offset + s->sh_size, false };
  return true;
}

static bool find_sections(struct image *m) {
  Elf64_Ehdr h;
  Elf64_Shdr names, s;
  struct bytes text;
  if (m->size < sizeof h) return false;
  memcpy(&h, m->data, sizeof h);
  if (memcmp(h.e_ident, ELFMAG, SELFMAG) || h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_shentsize != sizeof s || h.e_shstrndx >= h.e_shnum) return false;
  if (h.e_shoff > m->size || (m->size - h.e_shoff) / sizeof s < h.e_shnum) return false;
  memcpy(&names, m->data + h.e_shoff + h.e_shstrndx * sizeof s, sizeof s);
  if (!section(m, &names, &text)) return false;
  for (unsigned i = 0; i < h.e_shnum; i++) {
    memcpy(&s, m->data + h.e_shoff + i * sizeof s, sizeof s);
    const char *name = string_at(&text, s.sh_name);
    if (!strcmp(name, ".debug_line")) section(m, &s, &m->line);
    if (!strcmp(name, ".debug_line_str")) section(m, &s, &m->line_str);
    if (!strcmp(name, ".debug_str")) section(m, &s, &m->str);
  }
  return m->line.at != NULL;
}

struct table { const char *dirs[DIRS_MAX]; uint64_t count; bool wide; };

static void tell(const struct table *t, uint64_t dir, const char *name, void (*found)(void *to, const char *path), void *to) {
  char path[PATH_MAX];
  const char *base = t->count ? t->dirs[0] : "", *d = dir < t->count ? t->dirs[dir] : "";
  if (!*name || *name == '<') return; // <built-in>
  if (*name == '/') snprintf(path, sizeof path, "%s", name);
  else if (*d == '/' || d == base || !*d) snprintf(path, sizeof path, "%s%s%s", *d ? d : base, *d || *base ? "/" : "", name);
  else snprintf(path, sizeof path, "%s%s%s/%s", base, *base ? "/" : "", d, name);
  found(to, path);
}

// One entry of a version 5 table: only its path and its directory matter.
static void entry(const struct image *m, const struct table *t, struct bytes *b, const uint64_t (*format)[2], uint64_t formats, const char **name, uint64_t *dir) {
  *name = "";
  *dir = 0;
  for (uint64_t i = 0; i < formats; i++) {
    uint64_t v = 0;
    const char *s = "";
    switch (format[i][1]) {
    case FORM_STRING: s = string(b); break;
    case FORM_LINE_STRP: s = string_at(&m->line_str, number(b, t->wide ? 8 : 4)); break;
    case FORM_STRP: s = string_at(&m->str, number(b, t->wide ? 8 : 4)); break;
    case FORM_UDATA: v = leb(b); break;
    case FORM_DATA1: v = number(b, 1); break;
    case FORM_DATA2: v = number(b, 2); break;
    case FORM_DATA4: v = number(b, 4); break;
    case FORM_DATA8: v = number(b, 8); break;
    case FORM_DATA16: number(b, 8), number(b, 8); break;
    case FORM_BLOCK:
      v = leb(b);
      if (v > (uint64_t)(b->end - b->at)) b->bad = true;
      else b->at += v;
      break;
    default: b->bad = true;
    }
    if (format[i][0] == LNCT_PATH) *name = s;
    if (format[i][0] == LNCT_DIRECTORY) *dir = v;
  }
}

static uint64_t formats(struct bytes *b, uint64_t format[FORMATS_MAX][2]) {
  uint64_t n = number(b, 1);
  if (n > FORMATS_MAX) return b->bad = true, 0;
  for (uint64_t i = 0; i < n; i++) format[i][0] = leb(b), format[i][1] = leb(b);
  return n;
}

static void new_table(const struct image *m, struct table *t, struct bytes *b, void (*found)(void *to, const char *path), void *to) {
  uint64_t format[FORMATS_MAX][2], dir, n = formats(b, format), count = leb(b);
  const char *name;
  t->count = 0;
  for (uint64_t i = 0; i < count && n && !b->bad; i++) {
    entry(m, t, b, format, n, &name, &dir);
    if (t->count < DIRS_MAX) t->dirs[t->count++] = name;
  }
  n = formats(b, format);
  count = leb(b);
  for (uint64_t i = 0; i < count && n && !b->bad; i++) {
    entry(m, t, b, format, n, &name, &dir);
    if (!b->bad) tell(t, dir, name, found, to);
  }
}

// Versions 2 to 4: directory 0, the compiler's, is not in the table.
static void old_table(struct table *t, struct bytes *b, void (*found)(void *to, const char *path), void *to) {
  t->dirs[0] = "";
  for (t->count = 1; !b->bad;) {
    const char *dir = string(b);
    if (!*dir) break;
    if (t->count < DIRS_MAX) t->dirs[t->count++] = dir;
  }
  while (!b->bad) {
    const char *name = string(b);
    if (!*name) break;
    uint64_t dir = leb(b);
    leb(b), leb(b); // time, length
    if (!b->bad) tell(t, dir, name, found, to);
  }
}

unsigned source_files(const uint8_t *image, size_t size, void (*found)(void *to, const char *path), void *to) {
  static struct table t;
  struct image m = { .data = image, .size = size };
  if (!find_sections(&m)) return m.unread;
  while (m.line.at < m.line.end) {
    uint64_t length = number(&m.line, 4);
    t.wide = length == 0xffffffff;
    if (t.wide) length = number(&m.line, 8);
    if (m.line.bad || length > (uint64_t)(m.line.end - m.line.at)) return m.unread + 1;
    struct bytes b = { m.line.at, m.line.at + length, false };
    m.line.at += length;
    uint64_t version = number(&b, 2);
    if (version >= 5) number(&b, 2); // sizes of an address and a segment selector
    number(&b, t.wide ? 8 : 4);      // length of the header
    number(&b, version >= 4 ? 5 : 4); // minimum instruction length .. line range
    for (uint64_t i = 1, n = number(&b, 1); i < n && !b.bad; i++) number(&b, 1);
    if (version < 2 || version > 5 || b.bad) m.unread++;
    else if (version == 5) new_table(&m, &t, &b, found, to);
    else old_table(&t, &b, found, to);
    if (b.bad) m.unread++;
  }
  return m.unread;
}
