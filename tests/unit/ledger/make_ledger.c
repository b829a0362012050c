#include "make_ledger.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../test.h"

enum { TIME_S = 1790000000 };

void make_key(const char *name, enum note_kind kind, struct make_key *ret_key)
{
    uint8_t public[32];
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    assert_int_equal(digester_new(&digester, NULL), 0);
    assert_int_equal(ed25519_new(&ret_key->private, NULL), 0);
    assert_int_equal(ed25519_public(ret_key->private, public, NULL), 0);
    assert_int_equal(note_key_make(digester, name, kind, public, &ret_key->key, NULL), 0);
}

void make_key_done(struct make_key *key)
{
    ed25519_free(key->private);
}

void make_dir(char out[PATH_MAX])
{
    const char *base = getenv("TMPDIR");
    assert_in_range(snprintf(out, PATH_MAX, "%s/garboard-ledger-XXXXXX", base ? base : "/tmp"), 1,
                    PATH_MAX - 1);
    assert_non_null(mkdtemp(out));
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void make_dir_done(const char *path)
{
    assert_int_equal(nftw(path, drop, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct gb_bytes make_entry(uint64_t index, char out[32])
{
    int len = snprintf(out, 32, "entry %llu", (unsigned long long)index);
    return gb_bytes(out, (size_t)len);
}

void make_note(const struct make_key *by, const struct make_key *witness, const char *origin,
               uint64_t size, const uint8_t root[32], struct gb_buf *out)
{
    struct gb_buf text;
    struct checkpoint head = {.origin = gb_bytes_str(origin), .size = size};
    memcpy(head.root, root, 32);
    gb_buf_init(&text, GB_LIMIT_NOTE);
    gb_buf_init(out, GB_LIMIT_NOTE);
    checkpoint_write(&head, &text);
    note_begin(out, gb_buf_bytes(&text));
    assert_int_equal(note_sign(by->private, &by->key, gb_buf_bytes(&text), 0, out, NULL), 0);
    if (witness)
        assert_int_equal(
            note_sign(witness->private, &witness->key, gb_buf_bytes(&text), TIME_S, out, NULL), 0);
    gb_buf_done(&text);
}

void make_grow(struct log *log, const struct make_key *by, const struct make_key *witness,
               uint64_t size)
{
    uint8_t root[32];
    struct gb_buf note;
    for (uint64_t i = log_size(log); i < size; i++) {
        char text[32];
        assert_int_equal(log_add(log, make_entry(i, text), NULL), 0);
    }
    assert_int_equal(log_flush(log, NULL), 0);
    assert_int_equal(log_root(log, root, NULL), 0);
    make_note(by, witness, MAKE_LEDGER_ORIGIN, size, root, &note);
    assert_int_equal(log_set_checkpoint(log, gb_buf_bytes(&note), NULL), 0);
    gb_buf_done(&note);
}
