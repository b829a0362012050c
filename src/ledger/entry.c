#include "ledger/entry.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "wire/json.h"

static const struct {
    const char *word;
    const char *help;
} words[ENTRY_WHATS] = {
#define X(name, word, help) [name] = {word, help},
#include "ledger/entry_words.h"
#undef X
};

const char *entry_word(enum entry_what what)
{
    return what < ENTRY_WHATS ? words[what].word : NULL;
}

const char *entry_help(enum entry_what what)
{
    return what < ENTRY_WHATS ? words[what].help : NULL;
}

enum entry_what entry_of_word(struct gb_bytes word)
{
    for (enum entry_what what = ENTRY_NONE + 1; what < ENTRY_WHATS; what++)
        if (gb_bytes_is(word, words[what].word))
            return what;
    return ENTRY_NONE;
}

int entry_commit(struct digester *digester, const uint8_t salt[ENTRY_SALT], struct gb_bytes value,
                 uint8_t out[ENTRY_COMMITMENT], struct gb_err *err)
{
    static const char domain[] = "garboard.dev/ledger/v1/personal"; /* its NUL counts */
    uint8_t head[sizeof domain + ENTRY_SALT];
    memcpy(head, domain, sizeof domain);
    memcpy(head + sizeof domain, salt, ENTRY_SALT);
    if (digest_of_two(digester, DIGEST_SHA256, gb_bytes(head, sizeof head), value, out) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return GB_OK;
}

int entry_opens(struct digester *digester, const uint8_t commitment[ENTRY_COMMITMENT],
                const uint8_t salt[ENTRY_SALT], struct gb_bytes value, bool *ret_opens,
                struct gb_err *err)
{
    uint8_t is[ENTRY_COMMITMENT];
    *ret_opens = false;
    int r = entry_commit(digester, salt, value, is, err);
    if (r == GB_OK)
        *ret_opens = memcmp(is, commitment, ENTRY_COMMITMENT) == 0;
    return r;
}

/* --- writing --- */

static bool is_text(struct gb_bytes text)
{
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t code = 0;
        n = gb_utf8_at(text, i, &code);
        if (n == 0 || code == 0)
            return false;
    }
    return true;
}

static void put_party(const char *key, const struct entry_party *party, struct gb_buf *out)
{
    gb_buf_printf(out, ",\"%s\":", key);
    if (party->personal) {
        char hex[2 * ENTRY_COMMITMENT + 1];
        gb_hex_encode(gb_bytes(party->commitment, ENTRY_COMMITMENT), hex);
        gb_buf_printf(out, "{\"commitment\":\"%s\"}", hex);
    } else {
        json_line_text(party->text, out);
    }
}

static void put(const struct entry *entry, struct gb_bytes word, struct gb_buf *out)
{
    char at[GB_CLOCK_TEXT];
    gb_clock_text(entry->at_ms / 1000, at);
    at[GB_CLOCK_TEXT - 2] = 0; /* milliseconds go before the Z */
    gb_buf_printf(out, "{\"v\":1,\"at\":\"%s.%03dZ\",\"what\":", at, (int)(entry->at_ms % 1000));
    json_line_text(word, out);
    put_party("who", &entry->who, out);
    put_party("whom", &entry->whom, out);
    put_party("why", &entry->why, out);
    gb_buf_puts(out, ",\"data\":");
    if (entry->data)
        json_line(entry->data, out);
    else
        gb_buf_puts(out, "{}");
    gb_buf_u8(out, '}');
}

static int write_entry(const struct entry *entry, struct gb_bytes word, struct gb_buf *out,
                       struct gb_err *err)
{
    struct gb_buf line;
    gb_buf_init(&line, GB_LIMIT_ENTRY + 1);
    put(entry, word, &line);
    int r = GB_OK;
    if (!gb_buf_ok(&line) || line.len > GB_LIMIT_ENTRY)
        r = gb_err_set(err, GB_ERR_LIMIT, "a ledger entry longer than %d bytes", GB_LIMIT_ENTRY);
    else
        gb_buf_add(out, line.data, line.len);
    gb_buf_done(&line);
    return r < 0 ? r : gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

int entry_write(const struct entry *entry, struct gb_buf *out, struct gb_err *err)
{
    const char *word = entry_word(entry->what);
    if (!word || entry->at_ms < 0 || (entry->data && !json_has_members(entry->data)))
        return gb_err_set(err, GB_ERR_BUG,
                          "no ledger entry: no word, no time, or data that is no "
                          "object");
    if (!is_text(entry->who.text) || !is_text(entry->whom.text) || !is_text(entry->why.text))
        return gb_err_set(err, GB_ERR_BUG, "a ledger entry's text is not UTF-8");
    return write_entry(entry, gb_bytes_str(word), out, err);
}

/* --- reading --- */

/* "2026-11-29T01:02:03.456Z" */
static bool read_time(struct gb_bytes text, int64_t *ret_ms)
{
    char whole[GB_CLOCK_TEXT];
    int64_t s = 0;
    int ms = 0;
    if (text.len != 24 || text.data[19] != '.' || text.data[23] != 'Z')
        return false;
    for (size_t i = 20; i < 23; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        ms = ms * 10 + (text.data[i] - '0');
    }
    memcpy(whole, text.data, 19);
    memcpy(whole + 19, "Z", 2);
    if (!gb_clock_parse(gb_bytes_str(whole), &s) || s < 0)
        return false;
    *ret_ms = s * 1000 + ms;
    return true;
}

static bool read_party(const struct json *tree, const char *key, struct entry_party *ret_party)
{
    struct gb_bytes hex;
    const struct json *value = json_get(tree, key);
    if (json_as_text(value, &ret_party->text))
        return true;
    ret_party->personal = true;
    return json_get_text(value, "commitment", &hex) &&
           gb_hex_decode(hex, ret_party->commitment, ENTRY_COMMITMENT);
}

static bool read_members(const struct json *tree, struct entry *ret_entry,
                         struct gb_bytes *ret_word)
{
    uint64_t version = 0;
    struct gb_bytes at;
    if (!json_get_number(tree, "v", &version) || version != 1 || !json_get_text(tree, "at", &at) ||
        !read_time(at, &ret_entry->at_ms) || !json_get_text(tree, "what", ret_word) ||
        ret_word->len == 0 || !read_party(tree, "who", &ret_entry->who) ||
        !read_party(tree, "whom", &ret_entry->whom) || !read_party(tree, "why", &ret_entry->why))
        return false;
    ret_entry->what = entry_of_word(*ret_word);
    ret_entry->data = json_get(tree, "data");
    return json_has_members(ret_entry->data);
}

/* Written again it must be the same bytes: that covers order, blanks, escapes, unknown members. */
static int check_form(const struct entry *entry, struct gb_bytes word, struct gb_bytes in,
                      struct gb_err *err)
{
    struct gb_buf again;
    gb_buf_init(&again, GB_LIMIT_ENTRY);
    int r = write_entry(entry, word, &again, err);
    if (r == GB_OK && !gb_bytes_equal(gb_buf_bytes(&again), in))
        r = gb_err_set(err, GB_ERR_INPUT,
                       "a ledger entry in another form than the one that "
                       "Garboard writes");
    gb_buf_done(&again);
    /* What cannot be printed again (a fraction) was never written by us. */
    return r == GB_ERR_LIMIT ? gb_err_set(err, GB_ERR_INPUT, "a ledger entry in another form") : r;
}

int entry_read(struct gb_bytes in, struct entry *ret_entry, struct gb_bytes *ret_word,
               struct json **ret_tree, struct gb_err *err)
{
    struct entry entry = {0};
    struct gb_bytes word = {0};
    gb_cleanup(json_freep) struct json *tree = NULL;
    if (in.len > GB_LIMIT_ENTRY)
        return gb_err_set(err, GB_ERR_LIMIT, "a ledger entry longer than %d bytes", GB_LIMIT_ENTRY);
    int r = json_read_at_most(in, GB_LIMIT_ENTRY_JSON, &tree, err);
    if (r < 0)
        return r;
    if (!read_members(tree, &entry, &word))
        return gb_err_set(err, GB_ERR_INPUT, "no ledger entry of version 1");
    r = check_form(&entry, word, in, err);
    if (r < 0)
        return r;
    *ret_entry = entry;
    if (ret_word)
        *ret_word = word;
    *ret_tree = gb_take(tree);
    return GB_OK;
}
