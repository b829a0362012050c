#include "make_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void make_digest(size_t i, uint8_t out[32])
{
    for (size_t k = 0; k < 4; k++) {
        uint64_t word = mix(i * 4 + k + 1);
        memcpy(out + 8 * k, &word, sizeof word);
    }
}

/* A dozen files in each folder; names that begin alike in places, as real ones do. */
static void add_path(struct gb_buf *out, size_t i)
{
    static const char *const words[] = {"python3-dist", "linux-headers", "perl-modules",
                                        "libboost",     "texlive-lang",  "gtk-doc",
                                        "locale-data",  "node-types"};
    static const char *const names[] = {"changelog", "interface", "module", "README",
                                        "generated", "index",     "test",   "options"};
    static const char *const ends[] = {".h", ".gz", ".pyc", ".so.1.2", ".mo", ".json", "", ".pm"};
    size_t folder = i / 12;
    uint64_t r = mix(i);
    gb_buf_printf(out, "/usr/share/%s-%04zu/%s/%s-%05zu/", words[folder / 20000 % 8],
                  folder / 200 % 100 + folder / 20000 * 100, folder / 20 % 2 ? "lib" : "include",
                  names[folder % 8], folder);
    gb_buf_printf(out, "%c%s_%03x%s", (char)('a' + i % 12), names[r % 8],
                  (unsigned)(r >> 8 & 0xfff), ends[r >> 32 & 7]);
}

static void add_one(struct list *list, size_t i)
{
    uint8_t digest[32];
    char hex[65];
    make_digest(i, digest);
    gb_hex_encode(gb_bytes(digest, sizeof digest), hex);
    gb_buf_puts(&list->buf, "      ");
    if (list->hex_at)
        list->hex_at[list->count] = list->buf.len;
    list->count++;
    gb_buf_puts(&list->buf, hex);
    gb_buf_puts(&list->buf, "  ");
    add_path(&list->buf, i);
    gb_buf_puts(&list->buf, "\n");
}

static void begin_set(struct gb_buf *out, size_t number)
{
    gb_buf_printf(out,
                  "---\napiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n"
                  "  name: bench-%zu\nspec:\n  class: packages\n  files:\n"
                  "    algorithm: sha256\n    list: |\n",
                  number);
}

static void finish(struct list *list)
{
    if (!gb_buf_ok(&list->buf))
        abort();
    list->document = gb_buf_bytes(&list->buf);
}

void list_make(struct list *list, size_t count, bool shuffled)
{
    *list = (struct list){.hex_at = malloc(count * sizeof *list->hex_at)};
    gb_buf_init(&list->buf, (size_t)1 << 30);
    begin_set(&list->buf, 0);
    if (!list->hex_at)
        abort();
    /* A step that shares no factor with the count visits each once. */
    for (size_t i = 0, at = 0; i < count; i++, at = (at + 618033) % count)
        add_one(list, shuffled ? at : i);
    finish(list);
}

void list_make_sets(struct list *list, size_t sets, size_t count)
{
    *list = (struct list){0};
    gb_buf_init(&list->buf, (size_t)1 << 30);
    for (size_t k = 0; k < sets; k++) {
        begin_set(&list->buf, k);
        for (size_t i = 0; i < count; i++)
            add_one(list, k * count + i);
    }
    finish(list);
}

void list_done(struct list *list)
{
    free(list->hex_at);
    gb_buf_done(&list->buf);
}
