#include "server/ledger/witness_line.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/note.h"
#include "os/file.h"

static int read_url(struct gb_arena *arena, struct gb_bytes url, struct witness_line *line,
                    struct gb_err *err)
{
    static const char scheme[] = "https://";
    struct gb_bytes rest = url;
    if (!gb_bytes_starts(url, gb_bytes_str(scheme)))
        return gb_err_set(err, GB_ERR_CONFIG, "the second word is not an https:// URL");
    rest = gb_bytes_from(rest, strlen(scheme));
    struct gb_bytes host = gb_text_until(&rest, '/');
    while (rest.len > 0 && rest.data[rest.len - 1] == '/')
        rest.len--;
    if (host.len == 0 || memchr(url.data, '?', url.len) || memchr(url.data, '#', url.len))
        return gb_err_set(err, GB_ERR_CONFIG, "the URL has no host, or more than a path behind it");
    line->host = gb_arena_printf(arena, "%s%.*s", scheme, (int)host.len, (const char *)host.data);
    line->prefix =
        rest.len > 0 ? gb_arena_printf(arena, "/%.*s", (int)rest.len, (const char *)rest.data) : "";
    return line->host && line->prefix ? GB_OK : gb_err_nomem(err);
}

static int read_key(struct gb_bytes vkey, struct witness_line *line, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = note_key_read(digester, vkey, &line->key, err);
    if (r == GB_OK && line->key.kind != NOTE_COSIGNATURE)
        return gb_err_set(err, GB_ERR_CONFIG, "the key is a log's, not a witness'");
    return r;
}

int witness_line_read(struct gb_arena *arena, const char *line, struct witness_line *ret_line,
                      struct gb_err *err)
{
    struct witness_line read = {0};
    struct gb_bytes rest = gb_bytes_str(line);
    struct gb_bytes vkey = gb_text_word(&rest), url = gb_text_word(&rest),
                    file = gb_text_trim(rest);
    if (file.len == 0)
        return gb_err_set(
            err, GB_ERR_CONFIG,
            "witness: three words are wanted: VKEY URL CA-FILE (garboard-witness init "
            "prints them)");
    int r = read_key(vkey, &read, err);
    if (r == GB_OK)
        r = read_url(arena, url, &read, err);
    if (r == GB_OK) {
        struct gb_bytes path = gb_arena_copy(arena, file);
        r = path.data ? file_read(arena, (const char *)path.data, GB_LIMIT_CERT, &read.ca_pem, err)
                      : gb_err_nomem(err);
    }
    if (r < 0)
        gb_err_prefix(err, "witness: ");
    else
        *ret_line = read;
    return r;
}
