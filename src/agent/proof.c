#include "agent/proof.h"

#include "agent/collect.h"
#include "agent/config.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "base/limits.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "tpm/certify.h"
#include "wire/json.h"

enum { MAX_EVIDENCE = GB_LIMIT_IMA_LOG + 2 * GB_LIMIT_BOOT_LOG };

static int ask_nonce(struct link *link, struct gb_arena *arena, struct gb_bytes *ret_nonce,
                     struct gb_err *err)
{
    gb_cleanup(link_answer_done) struct link_answer answer = {0};
    int r = link_post_json(link, arena, "/v1/nonce", json_new_object(), &answer, err);
    return r < 0 ? r : link_get_base64(arena, answer.body, "nonce", ret_nonce, err);
}

static int add_evidence(const struct config *config, struct machine *machine,
                        struct gb_arena *arena, struct gb_bytes nonce, struct json *body,
                        struct gb_err *err)
{
    const struct wanted_logs all = {.boot_log = true};
    gb_cleanup(gb_buf_done) struct gb_buf ima;
    gb_cleanup(gb_buf_done) struct gb_buf evidence;
    struct bundle bundle = {0};
    struct collected collected = {0}; /* not the rounds': these go on where they are */
    gb_buf_init(&ima, GB_LIMIT_IMA_LOG);
    gb_buf_init(&evidence, MAX_EVIDENCE);
    int r = machine_quote(machine, arena, nonce, &bundle, err);
    machine_certs(machine, &bundle);
    if (r == GB_OK)
        r = collect_logs(config, machine->digester, arena, &all, &collected, &ima, &bundle, err);
    if (r < 0)
        return r;
    envelope_write(&evidence, &bundle);
    if (!gb_buf_ok(&evidence))
        return gb_err_nomem(err);
    link_set_base64(body, arena, "evidence", gb_buf_bytes(&evidence));
    return GB_OK;
}

int proof_make(const struct config *config, struct machine *machine, struct link *link,
               struct gb_arena *arena, struct json **ret_body, struct gb_err *err)
{
    struct gb_bytes nonce;
    struct tpm_certification made;
    gb_cleanup(json_freep) struct json *body = json_new_object();
    int r = ask_nonce(link, arena, &nonce, err);
    if (r == GB_OK)
        r = add_evidence(config, machine, arena, nonce, body, err);
    if (r == GB_OK)
        r = machine_certify(machine, arena, nonce, &made, err);
    if (r < 0)
        return r;
    link_set_base64(body, arena, "nonce", nonce);
    link_set_base64(body, arena, "certify_attest", made.attest);
    link_set_base64(body, arena, "certify_signature", made.signature);
    link_set_base64(body, arena, "transport_public", machine->transport.public_area);
    *ret_body = gb_take(body);
    return GB_OK;
}
