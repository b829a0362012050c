#include "wire/arc.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

enum { CHUNK = 64 << 10, SHOWN = 120 };

struct arc {
    enum arc_kind kind;
    bool plain;
    struct archive *lib;
    locale_t locale; /* names in tar's extended headers are UTF-8, whatever the caller's locale */
    struct arc_input input;
    struct gb_err failed; /* what the input said; code GB_OK: nothing */
    uint64_t packed;      /* bytes taken from the input */
    uint64_t unpacked;    /* bytes handed out */
    uint32_t entries;
    uint64_t size; /* of the entry */
    uint64_t given;
    uint8_t chunk[CHUNK];
};

static int read_bytes(void *ctx, struct gb_bytes *ret_piece, struct gb_err *err)
{
    (void)err;
    struct arc_bytes *bytes = ctx;
    *ret_piece = bytes->rest;
    bytes->rest = gb_bytes(NULL, 0);
    return GB_OK;
}

struct arc_input arc_input_bytes(struct arc_bytes *bytes)
{
    return (struct arc_input){.read = read_bytes, .ctx = bytes};
}

static int read_entry(void *ctx, struct gb_bytes *ret_piece, struct gb_err *err)
{
    return arc_read(ctx, ret_piece, err);
}

struct arc_input arc_input_entry(struct arc *arc)
{
    return (struct arc_input){.read = read_entry, .ctx = arc};
}

/* libarchive's callback: the input's error is kept for whoever called us. */
static la_ssize_t take(struct archive *lib, void *ctx, const void **ret_data)
{
    struct arc *arc = ctx;
    struct gb_bytes piece = {0};
    int r = arc->input.read(arc->input.ctx, &piece, &arc->failed);
    if (r < 0) {
        arc->failed.code = (enum gb_err_code)r;
        archive_set_error(lib, EIO, "input");
        return -1;
    }
    arc->packed += piece.len;
    *ret_data = piece.data;
    return (la_ssize_t)piece.len;
}

/* libarchive's own words may quote names: only what is printable passes. */
static int broken(const struct arc *arc, struct gb_err *err)
{
    char text[SHOWN] = "not readable";
    const char *said = archive_error_string(arc->lib);
    if (arc->failed.code != GB_OK) {
        if (err)
            *err = arc->failed;
        return arc->failed.code;
    }
    for (size_t i = 0; said && i + 1 < sizeof text; i++) {
        text[i] = said[i] == 0 || (said[i] >= ' ' && said[i] <= '~') ? said[i] : '?';
        text[i + 1] = 0;
        if (said[i] == 0)
            break;
    }
    if (archive_errno(arc->lib) == ENOMEM)
        return gb_err_nomem(err);
    return gb_err_set(err, GB_ERR_INPUT, "%s", text);
}

/* Formats and compressions are named one by one: libarchive knows many more, some of which start
 * programs. */
static int support(const struct arc *arc)
{
    int (*const filters[])(struct archive *) = {
        archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
        archive_read_support_filter_xz, archive_read_support_filter_lzma,
        archive_read_support_filter_zstd};
    int (*const formats[])(struct archive *) = {[ARC_AR] = archive_read_support_format_ar,
                                                [ARC_TAR] = archive_read_support_format_tar,
                                                [ARC_CPIO] = archive_read_support_format_cpio,
                                                [ARC_RAW] = archive_read_support_format_raw};
    for (size_t i = 0; !arc->plain && i < GB_ARRAY_LEN(filters); i++)
        if (filters[i](arc->lib) != ARCHIVE_OK)
            return -1;
    /* A tar of no files is "empty" to libarchive, and an archive to us. */
    if (arc->kind != ARC_AR && archive_read_support_format_empty(arc->lib) != ARCHIVE_OK)
        return -1;
    return formats[arc->kind](arc->lib) == ARCHIVE_OK ? 0 : -1;
}

int arc_open(enum arc_kind kind, bool plain, struct arc_input input, struct arc **ret_arc,
             struct gb_err *err)
{
    gb_cleanup(arc_freep) struct arc *arc = gb_calloc(1, sizeof *arc);
    if (!arc)
        return gb_err_nomem(err);
    *arc = (struct arc){.kind = kind, .plain = plain, .input = input};
    arc->failed.offset = GB_NO_OFFSET;
    arc->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    arc->lib = archive_read_new();
    if (!arc->lib || arc->locale == (locale_t)0)
        return gb_err_set(err, GB_ERR_NOMEM, "out of memory, or no locale C.UTF-8");
    if (support(arc) < 0)
        return gb_err_set(err, GB_ERR_BUG, "libarchive lacks a format: %s",
                          archive_error_string(arc->lib));
    if (archive_read_open(arc->lib, arc, NULL, take, NULL) != ARCHIVE_OK)
        return broken(arc, err);
    if (archive_filter_count(arc->lib) > 2) /* one compression, and libarchive's reader below it */
        return gb_err_set(err, GB_ERR_LIMIT, "compressed more than once");
    *ret_arc = gb_take(arc);
    return GB_OK;
}

void arc_free(struct arc *arc)
{
    if (!arc)
        return;
    if (arc->lib)
        (void)archive_read_free(arc->lib);
    if (arc->locale != (locale_t)0)
        freelocale(arc->locale);
    gb_free(arc);
}

void arc_freep(struct arc **arc)
{
    arc_free(*arc);
}

static struct gb_bytes text_of(const char *text)
{
    return text ? gb_bytes_str(text) : gb_bytes(NULL, 0);
}

static enum arc_type type_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry))
        return ARC_HARDLINK;
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return ARC_FILE;
    case AE_IFDIR:
        return ARC_FOLDER;
    case AE_IFLNK:
        return ARC_SYMLINK;
    default:
        return ARC_OTHER;
    }
}

static int describe(struct arc *arc, struct archive_entry *from, struct arc_entry *ret_entry,
                    struct gb_err *err)
{
    struct arc_entry entry = {.type = type_of(from)};
    la_int64_t size = archive_entry_size(from);
    if (arc->kind == ARC_RAW) {
        entry.type = ARC_FILE;
        size = 0;
    } else {
        entry.path = text_of(archive_entry_pathname(from));
        entry.target = text_of(entry.type == ARC_HARDLINK  ? archive_entry_hardlink(from)
                               : entry.type == ARC_SYMLINK ? archive_entry_symlink(from)
                                                           : NULL);
        bool link = entry.type == ARC_HARDLINK || entry.type == ARC_SYMLINK;
        if (entry.path.len == 0 || (link && entry.target.len == 0))
            return gb_err_set(err, GB_ERR_INPUT, "entry %u has no name, or a link no target",
                              arc->entries);
    }
    if (entry.path.len > GB_LIMIT_ARC_PATH || entry.target.len > GB_LIMIT_ARC_PATH)
        return gb_err_set(err, GB_ERR_LIMIT, "entry %u: a name of more than %d bytes", arc->entries,
                          GB_LIMIT_ARC_PATH);
    if (size < 0)
        return gb_err_set(err, GB_ERR_INPUT, "entry %u: a size below zero", arc->entries);
    arc->size = entry.size = (uint64_t)size;
    arc->given = 0;
    *ret_entry = entry;
    return GB_OK;
}

/* What nobody read of an entry, where it has to be unpacked to get behind it: the ceilings count
 * it, as libarchive would not. */
static int pass_over(struct arc *arc, struct gb_err *err)
{
    struct gb_bytes piece = {0};
    if (arc->kind == ARC_RAW || archive_filter_count(arc->lib) < 2)
        return GB_OK;
    while (arc->given < arc->size) {
        int r = arc_read(arc, &piece, err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

int arc_next(struct arc *arc, struct arc_entry *ret_entry, struct gb_err *err)
{
    int passed = pass_over(arc, err);
    if (passed < 0)
        return passed;
    struct archive_entry *entry = NULL;
    locale_t before = uselocale(arc->locale);
    int r = archive_read_next_header(arc->lib, &entry);
    (void)uselocale(before);
    if (r == ARCHIVE_EOF &&
        arc->failed.code == GB_OK) /* to libarchive a broken input may just end */
        return 0;
    /* A warning is a name that could not be told, or a header that says two things. */
    if (r != ARCHIVE_OK)
        return broken(arc, err);
    if (++arc->entries > GB_LIMIT_ARC_ENTRIES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d entries", GB_LIMIT_ARC_ENTRIES);
    r = describe(arc, entry, ret_entry, err);
    return r < 0 ? r : 1;
}

/* A bomb: more than any honest archive holds, or much made of little. */
static int check_ceilings(const struct arc *arc, struct gb_err *err)
{
    if (arc->unpacked >> 20 > GB_LIMIT_ARC_MB)
        return gb_err_set(err, GB_ERR_LIMIT, "unpacks to more than %d GB", GB_LIMIT_ARC_MB >> 10);
    if (arc->unpacked >> 20 > GB_LIMIT_ARC_FREE_MB &&
        arc->unpacked / GB_LIMIT_ARC_RATIO > arc->packed)
        return gb_err_set(err, GB_ERR_LIMIT, "unpacks to more than %d times its size",
                          GB_LIMIT_ARC_RATIO);
    return GB_OK;
}

int arc_read(struct arc *arc, struct gb_bytes *ret_piece, struct gb_err *err)
{
    la_ssize_t n = archive_read_data(arc->lib, arc->chunk, sizeof arc->chunk);
    if (n < 0 || arc->failed.code != GB_OK)
        return broken(arc, err);
    size_t len = (size_t)n;
    bool sized = arc->kind != ARC_RAW;
    if (sized && len == 0 && arc->given < arc->size) { /* a hole at the end */
        len = arc->size - arc->given < CHUNK ? (size_t)(arc->size - arc->given) : CHUNK;
        memset(arc->chunk, 0, len);
    }
    if (sized && len > arc->size - arc->given)
        return gb_err_set(err, GB_ERR_INPUT, "entry %u: more data than its size", arc->entries);
    arc->given += len;
    arc->unpacked += len;
    int r = check_ceilings(arc, err);
    if (r < 0)
        return r;
    *ret_piece = gb_bytes(arc->chunk, len);
    return GB_OK;
}
