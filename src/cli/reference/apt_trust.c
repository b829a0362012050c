#include "cli/reference/apt_trust.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/reference/apt_repo.h"
#include "os/file.h"
#include "os/spawn.h"
#include "reference/packages/apt.h"

enum { SHOWN = 160 };

static const char status_mark[] = "[GNUPG:] ";

static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* gpgv is content with a key that expired or was revoked, and tells of it: only GOODSIG is good
 * (GnuPG, doc/DETAILS). *ret_words: the first line that is for people. */
static bool is_good(struct gb_bytes said, struct gb_bytes *ret_words)
{
    bool good = false;
    *ret_words = gb_bytes_str("a key that has expired or was revoked, or none at all");
    for (bool first = true; said.len > 0;) {
        struct gb_bytes line = gb_text_until(&said, '\n');
        if (!gb_bytes_starts(line, gb_bytes_str(status_mark))) {
            if (first && line.len > 0)
                *ret_words = line;
            first = first && line.len == 0;
            continue;
        }
        line = gb_bytes_from(line, sizeof status_mark - 1);
        good = good || gb_bytes_is(gb_text_word(&line), "GOODSIG");
    }
    return good;
}

/* What gpgv lets pass, and nothing else, is read. */
static int gpgv(struct gb_arena *arena, const struct apt_wish *wish, const char *signature,
                struct gb_bytes text, struct gb_bytes *ret_out, struct gb_err *err)
{
    struct gb_bytes said = {0}, words;
    int status = 0;
    /* gpgv takes a name without a slash for one in its own folder. */
    const char *keyring =
        strchr(wish->keyring, '/') ? wish->keyring : gb_arena_printf(arena, "./%s", wish->keyring);
    const char *argv[] = {"gpgv",          "--quiet", "--status-fd", "2",  "--keyring", keyring,
                          "--weak-digest", "SHA1",    NULL,          NULL, NULL,        NULL};
    size_t n = 8;
    if (!keyring)
        return gb_err_nomem(err);
    if (signature) {
        argv[n++] = signature;
    } else {
        argv[n++] = "--output";
        argv[n++] = "-";
    }
    argv[n] = "-";
    int r = spawn_run(arena, argv, text, GB_LIMIT_CONTROL, &status, ret_out, &said, err);
    if (r < 0 || (is_good(said, &words) && status == 0))
        return r;
    const char *shown = gb_text_escape(arena, gb_text_trim(words), SHOWN);
    return gb_err_set(err, GB_ERR_DENIED, "its signature is not good by %s: %s", wish->keyring,
                      shown ? shown : "?");
}

static int read_signed(struct gb_arena *arena, const struct apt_wish *wish, const char *lists,
                       const char *inrelease, const char *release, struct gb_bytes *ret_text,
                       struct gb_err *err)
{
    const char *signature = gb_arena_printf(arena, "%s/Release.gpg", lists);
    struct gb_bytes text = {0}, nothing = {0};
    if (!signature)
        return gb_err_nomem(err);
    if (there(inrelease)) {
        int r = file_read(arena, inrelease, GB_LIMIT_CONTROL, &text, err);
        return r < 0 ? r : gpgv(arena, wish, NULL, text, ret_text, err);
    }
    if (!there(signature))
        return gb_err_set(err, GB_ERR_DENIED, "neither InRelease nor Release.gpg: not signed");
    int r = file_read(arena, release, GB_LIMIT_CONTROL, ret_text, err);
    return r < 0 ? r : gpgv(arena, wish, signature, *ret_text, &nothing, err);
}

static int read_unchecked(struct gb_arena *arena, const char *lists, const char *inrelease,
                          const char *release, struct gb_bytes *ret_text, struct gb_err *err)
{
    bool clear = there(inrelease);
    fprintf(stderr, "garboard: %s: the signature is not checked (--keyring FILE checks it)\n",
            lists);
    int r = file_read(arena, clear ? inrelease : release, GB_LIMIT_CONTROL, ret_text, err);
    return r == 0 && clear ? apt_unsigned(arena, *ret_text, ret_text, err) : r;
}

static const char *shown(struct gb_arena *arena, struct gb_bytes text)
{
    const char *safe = gb_text_escape(arena, text, SHOWN);
    return safe ? safe : "?";
}

/* "Sat, 09 Dec 2023 10:43:35 UTC" (RFC 5322, 3.3, in UTC) to seconds since 1970. */
static bool read_date(struct gb_bytes text, int64_t *ret_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char iso[32];
    uint64_t day, year;
    (void)gb_text_word(&text); /* of the week */
    bool good = gb_text_u64(gb_text_word(&text), 31, &day);
    struct gb_bytes name = gb_text_word(&text);
    good = good && gb_text_u64(gb_text_word(&text), 9999, &year);
    struct gb_bytes at = gb_text_word(&text), zone = gb_text_trim(text);
    const char *month =
        name.len == 3 ? memmem(months, sizeof months - 1, name.data, name.len) : NULL;
    if (!good || !month || (month - months) % 3 != 0 || at.len != 8 ||
        !(gb_bytes_is(zone, "UTC") || gb_bytes_is(zone, "GMT") || gb_bytes_is(zone, "+0000")))
        return false;
    snprintf(iso, sizeof iso, "%04u-%02u-%02uT%.8sZ", (unsigned)year,
             (unsigned)((month - months) / 3 + 1), (unsigned)day, (const char *)at.data);
    return gb_clock_parse(gb_bytes_str(iso), ret_s);
}

/* A mirror that stands still, or that somebody holds still, serves what is signed and old. */
static void tell_age(struct gb_arena *arena, const struct apt_release *release, const char *lists)
{
    int64_t until_s = 0;
    struct gb_bytes name = release->codename.len > 0 ? release->codename : release->suite;
    fprintf(stderr, "garboard: Release%s%s of %s%s%s\n", name.len > 0 ? " " : "",
            shown(arena, name), shown(arena, release->date),
            release->valid_until.len > 0 ? ", valid until " : "",
            shown(arena, release->valid_until));
    if (read_date(release->valid_until, &until_s) && until_s < gb_clock_s())
        fprintf(stderr,
                "garboard: WARNING: %s: its Release is no longer valid: newer packages may be "
                "missing on purpose\n",
                lists);
}

int apt_trusted_release(struct gb_arena *arena, const struct apt_wish *wish, const char *lists,
                        struct apt_release *ret_release, struct gb_err *err)
{
    const char *inrelease = gb_arena_printf(arena, "%s/InRelease", lists);
    const char *release = gb_arena_printf(arena, "%s/Release", lists);
    struct gb_bytes text = {0};
    if (!inrelease || !release)
        return gb_err_nomem(err);
    int r = wish->keyring ? read_signed(arena, wish, lists, inrelease, release, &text, err)
                          : read_unchecked(arena, lists, inrelease, release, &text, err);
    if (r == 0)
        r = apt_release_read(text, ret_release, err);
    if (r == 0)
        tell_age(arena, ret_release, lists);
    else
        gb_err_prefix(err, "%s: ", lists);
    return r;
}
