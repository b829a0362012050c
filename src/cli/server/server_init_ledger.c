/* The ledger's key, what it signed last (nothing), and the key by which auditors and witnesses
 * check it. */
#include <string.h>

#include "base/limits.h"
#include "base/secret.h"
#include "cli/server/server_init.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "ledger/last_signed.h"
#include "ledger/note.h"

static int write_key(struct gb_arena *arena, const struct init_plan *plan, struct ed25519 *key,
                     struct init_keys *keys, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    gb_buf_init(&pem, INIT_PEM);
    int r = ed25519_to_pem(key, plan->passphrase, &pem, err);
    if (r == GB_OK)
        keys->ledger_key = gb_arena_copy(arena, gb_buf_bytes(&pem));
    secret_wipe(pem.data, pem.len);
    return r == GB_OK && !keys->ledger_key.data ? gb_err_nomem(err) : r;
}

static int write_vkey(struct gb_arena *arena, struct digester *digester, const char *origin,
                      const struct ed25519 *key, struct init_keys *keys, struct gb_err *err)
{
    uint8_t public[ED25519_PUBLIC];
    struct note_key as;
    char vkey[NOTE_VKEY];
    int r = ed25519_public(key, public, err);
    if (r == GB_OK)
        r = note_key_make(digester, origin, NOTE_ED25519, public, &as, err);
    if (r < 0)
        return r;
    note_key_write(&as, vkey);
    const char *line = gb_arena_printf(arena, "%s\n", vkey);
    if (!line)
        return gb_err_nomem(err);
    keys->ledger_vkey = gb_bytes_str(line);
    return GB_OK;
}

static int write_state(struct gb_arena *arena, struct digester *digester, const char *origin,
                       struct init_keys *keys, struct gb_err *err)
{
    struct last_signed first;
    gb_cleanup(gb_buf_done) struct gb_buf text;
    gb_buf_init(&text, LAST_SIGNED_MAX);
    int r = last_signed_first(digester, origin, &first, err);
    if (r == GB_OK)
        r = last_signed_write(digester, &first, &text, err);
    if (r == GB_OK)
        keys->ledger_state = gb_arena_copy(arena, gb_buf_bytes(&text));
    return r == GB_OK && (!gb_buf_ok(&text) || !keys->ledger_state.data) ? gb_err_nomem(err) : r;
}

int init_ledger_make(struct gb_arena *arena, const struct init_plan *plan, struct init_keys *keys,
                     struct gb_err *err)
{
    gb_cleanup(ed25519_freep) struct ed25519 *key = NULL;
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    const char *origin = gb_arena_printf(arena, "%s/ledger", plan->trust_domain);
    int r = origin ? digester_new(&digester, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = ed25519_new(&key, err);
    if (r == GB_OK)
        r = write_key(arena, plan, key, keys, err);
    if (r == GB_OK)
        r = write_vkey(arena, digester, origin, key, keys, err);
    return r < 0 ? r : write_state(arena, digester, origin, keys, err);
}
