#include "agent/machine.h"

#include <string.h>

#include "agent/config.h"
#include "agent/extras.h"
#include "agent/state.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/bundle.h"
#include "evidence/tpm_wire.h"
#include "os/file.h"
#include "tpm/certify.h"
#include "tpm/device.h"
#include "tpm/ek.h"
#include "tpm/keys.h"
#include "tpm/quote.h"
#include "tpm/sign.h"
#include "verify/binding.h"

enum { MAX_AUTH = 128 }; /* a hierarchy's password: at most a digest's length */

int machine_init(struct machine *machine, const struct config *config, struct gb_err *err)
{
    *machine = (struct machine){.config = config, .arena = gb_arena_new(), .life = gb_arena_new()};
    if (!machine->arena || !machine->life)
        return gb_err_nomem(err);
    int r = extras_make(machine->life, &machine->extras, err);
    return r < 0 ? r : digester_new(&machine->digester, err);
}

void machine_done(struct machine *machine)
{
    tpm_close(machine->tpm);
    digester_free(machine->digester);
    gb_arena_free(machine->arena);
    gb_arena_free(machine->life);
    *machine = (struct machine){0};
}

static void close_tpm(struct machine *machine)
{
    tpm_close(machine->tpm);
    machine->tpm = NULL;
    machine->broken = false;
    gb_arena_reset(machine->arena);
}

/* A newline at the end is an editor's, not the password's. */
static int read_auth(struct gb_arena *arena, const char *path, struct gb_bytes *ret_auth,
                     struct gb_err *err)
{
    *ret_auth = gb_bytes(NULL, 0);
    if (!path)
        return GB_OK;
    struct gb_bytes text;
    int r = file_read(arena, path, MAX_AUTH, &text, err);
    if (r < 0)
        return r == GB_ERR_NOTFOUND || r == GB_ERR_LIMIT ? GB_ERR_CONFIG : r;
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    *ret_auth = text;
    return GB_OK;
}

static void wipe(struct gb_bytes bytes)
{
    if (bytes.len > 0) /* our own copy, in the arena */
        secret_wipe((void *)(uintptr_t)bytes.data, bytes.len);
}

static int open_tpm(struct machine *machine, struct gb_err *err)
{
    const struct config *config = machine->config;
    struct tpm_conf conf = {.tcti = config->tcti};
    int r = read_auth(machine->arena, config->endorsement_auth_file, &conf.endorsement_auth, err);
    if (r == GB_OK)
        r = read_auth(machine->arena, config->owner_auth_file, &conf.owner_auth, err);
    if (r == GB_OK)
        r = tpm_open(&conf, &machine->tpm, err);
    wipe(conf.endorsement_auth);
    wipe(conf.owner_auth);
    return r;
}

static int point_of(struct machine *machine, struct gb_err *err)
{
    const struct tpm_public *area = &machine->transport.area;
    gb_cleanup(key_freep) struct key *key = NULL;
    if (area->ecc_x.len > 32 || area->ecc_y.len > 32)
        return gb_err_set(err, GB_ERR_BUG, "TPM: the transport key is not P-256");
    memset(machine->x, 0, 32);
    memset(machine->y, 0, 32);
    memcpy(machine->x + 32 - area->ecc_x.len, area->ecc_x.data, area->ecc_x.len);
    memcpy(machine->y + 32 - area->ecc_y.len, area->ecc_y.data, area->ecc_y.len);
    int r = tpm_public_key(area, &key, err);
    return r < 0 ? r : key_fingerprint(key, machine->fingerprint, err);
}

static int prepare(struct machine *machine, const struct state *state, struct gb_err *err)
{
    const struct config *config = machine->config;
    enum tpm_key_form form = config->ak == 0 ? TPM_KEY_P256 : TPM_KEY_RSA2048;
    int r = open_tpm(machine, err);
    if (r == GB_OK)
        r = tpm_ak(machine->tpm, machine->arena, form, config->ak_handle_number, state->ak_name,
                   &machine->ak, err);
    if (r == GB_OK)
        r = tpm_transport(machine->tpm, machine->arena, config->transport_handle_number,
                          state->transport_name, &machine->transport, err);
    if (r == GB_OK)
        r = point_of(machine, err);
    if (r == GB_OK)
        r = tpm_ek_certs(machine->tpm, machine->arena, &machine->certs, err);
    return r;
}

int machine_open(struct machine *machine, const struct state *state, struct gb_err *err)
{
    if (machine->tpm && !machine->broken)
        return GB_OK;
    close_tpm(machine);
    int r = prepare(machine, state, err);
    if (r < 0)
        close_tpm(machine);
    return r;
}

static int failed(struct machine *machine, int r)
{
    if (r < 0)
        machine->broken = true;
    return r;
}

int machine_quote(struct machine *machine, struct gb_arena *arena, struct gb_bytes nonce,
                  struct bundle *bundle, struct gb_err *err)
{
    uint8_t qualifying[BINDING_SIZE];
    struct tpm_quote quote;
    int r = binding_of(machine->digester, nonce, machine->fingerprint, machine->extras, qualifying,
                       err);
    if (r == GB_OK)
        r = tpm_quote(machine->tpm, arena, &machine->ak, &machine->config->selection,
                      gb_bytes(qualifying, sizeof qualifying), &quote, err);
    if (r < 0)
        return failed(machine, r);
    bundle->quote = quote.attest;
    bundle->signature = quote.signature;
    bundle->pcrs_raw = quote.pcrs_raw;
    bundle->ak_public = machine->ak.public_area;
    bundle->extras = machine->extras;
    return GB_OK;
}

void machine_certs(const struct machine *machine, struct bundle *bundle)
{
    for (size_t i = 0; i < machine->certs.count; i++)
        bundle->ekcerts[i] = (struct bundle_file){"EK certificate", machine->certs.certs[i].der};
    bundle->ekcert_count = machine->certs.count;
    for (size_t i = 0; i < machine->certs.chain_count; i++)
        bundle->intermediates[i] = (struct bundle_file){"intermediate", machine->certs.chain[i]};
    bundle->intermediate_count = machine->certs.chain_count;
}

int machine_certify(struct machine *machine, struct gb_arena *arena, struct gb_bytes answer,
                    struct tpm_certification *ret_made, struct gb_err *err)
{
    uint8_t qualifying[BINDING_SIZE];
    int r = binding_of_key(machine->digester, answer, qualifying, err);
    if (r < 0)
        return r;
    r = tpm_certify(machine->tpm, arena, &machine->ak, &machine->transport,
                    gb_bytes(qualifying, sizeof qualifying), ret_made, err);
    return failed(machine, r);
}

int machine_sign(struct machine *machine, const uint8_t digest[32], uint8_t ret_r[32],
                 uint8_t ret_s[32], struct gb_err *err)
{
    if (!machine->tpm)
        return gb_err_set(err, GB_ERR_IO, "TPM: not open");
    return failed(machine, tpm_sign(machine->tpm, &machine->transport, digest, ret_r, ret_s, err));
}
