#include "load/round.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "load/lists.h"
#include "load/mimic.h"
#include "net/tls_link.h"
#include "wire/json.h"

enum { EVIDENCE_MAX = 64 << 20, ANSWER_MAX = 64 << 10 };

void round_init(struct round *round, const struct lists *lists, struct digester *digester,
                struct gb_arena *arena)
{
    *round = (struct round){.lists = lists, .digester = digester, .arena = arena};
    gb_buf_init(&round->attest, 1024);
    gb_buf_init(&round->signature, 1024);
    gb_buf_init(&round->ima, EVIDENCE_MAX);
    gb_buf_init(&round->evidence, EVIDENCE_MAX);
    gb_buf_init(&round->answer, ANSWER_MAX);
}

void round_done(struct round *round)
{
    gb_buf_done(&round->attest);
    gb_buf_done(&round->signature);
    gb_buf_done(&round->ima);
    gb_buf_done(&round->evidence);
    gb_buf_done(&round->answer);
}

static int read_next(struct gb_arena *arena, const struct json *from, struct next *ret_next,
                     struct gb_err *err)
{
    struct next next = {.known = true};
    struct gb_bytes text, nonce;
    const struct json *send = json_get(from, "send");
    if (!json_get_text(from, "nonce", &text) || !gb_base64_decode(arena, text, &nonce) ||
        nonce.len > sizeof next.nonce || !send ||
        !json_get_number(send, "ima_from", &next.ima_from))
        return gb_err_set(err, GB_ERR_INPUT, "the answer holds no nonce");
    memcpy(next.nonce, nonce.data, nonce.len);
    next.nonce_len = nonce.len;
    if (!json_get_bool(send, "boot_log", &next.boot_log))
        next.boot_log = true;
    *ret_next = next;
    return GB_OK;
}

static int refused(struct round *round, int status, struct gb_err *err)
{
    char *shown = gb_text_escape(round->arena, gb_buf_bytes(&round->answer), 160);
    return gb_err_set(err, GB_ERR_DENIED, "%d %s", status, shown ? shown : "");
}

static int read_answer(struct round *round, int status, struct next *next,
                       enum round_told *ret_told, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *answer = NULL;
    struct gb_bytes verdict;
    if (status != 200 && status != 409)
        return refused(round, status, err);
    int r = json_read(gb_buf_bytes(&round->answer), &answer, err);
    if (r < 0)
        return r;
    const struct json *inner = json_get(answer, "next");
    *ret_told = ROUND_AGAIN;
    if (status == 200 && json_get_text(answer, "verdict", &verdict))
        *ret_told = gb_bytes_is(verdict, "trusted") ? ROUND_TRUSTED : ROUND_UNTRUSTED;
    return read_next(round->arena, inner ? inner : answer, next, err);
}

static int ask_nonce(struct round *round, struct tls_link *link, struct next *next,
                     struct gb_err *err)
{
    enum round_told told;
    int status;
    int r = tls_link_ask(link, "GET", "/v1/attest/nonce", NULL, gb_bytes(NULL, 0), &status,
                         &round->answer, err);
    return r < 0 ? r : read_answer(round, status, next, &told, err);
}

static int collect(struct round *round, const struct mimic *machine, const struct next *next,
                   struct gb_err *err)
{
    uint8_t pcrs[16 * 32];
    round->attest.len = round->signature.len = round->ima.len = round->evidence.len = 0;
    int r =
        mimic_quote(machine, round->lists, round->digester, gb_bytes(next->nonce, next->nonce_len),
                    &round->attest, &round->signature, pcrs, err);
    if (r < 0)
        return r;
    for (uint64_t i = next->ima_from; i < machine->entries; i++) {
        const struct list_entry *entry = lists_entry(round->lists, i);
        gb_buf_add(&round->ima, entry->record.data, entry->record.len);
    }
    struct bundle bundle = {.quote = gb_buf_bytes(&round->attest),
                            .signature = gb_buf_bytes(&round->signature),
                            .pcrs_raw = gb_bytes(pcrs, sizeof pcrs),
                            .ima = gb_buf_bytes(&round->ima),
                            .ima_from = next->ima_from};
    if (next->boot_log)
        bundle.boot_log = round->lists->boot_log;
    else
        bundle.boot_log_digest = gb_bytes(round->lists->boot_log_digest, 32);
    envelope_write(&round->evidence, &bundle);
    return gb_buf_ok(&round->evidence) && gb_buf_ok(&round->ima) ? GB_OK : gb_err_nomem(err);
}

int round_run(struct round *round, struct mimic *machine, struct tls_link *link, struct next *next,
              enum round_told *ret_told, struct gb_err *err)
{
    int status, r = GB_OK;
    gb_arena_reset(round->arena);
    if (!next->known)
        r = ask_nonce(round, link, next, err);
    if (r == GB_OK)
        r = collect(round, machine, next, err);
    if (r < 0)
        return r;
    next->known = false;
    r = tls_link_ask(link, "POST", "/v1/attest", ENVELOPE_MEDIA_TYPE,
                     gb_buf_bytes(&round->evidence), &status, &round->answer, err);
    if (r == GB_OK)
        r = read_answer(round, status, next, ret_told, err);
    if (next->ima_from > machine->entries) /* the bench's floor keeps no books */
        next->ima_from = machine->entries;
    return r;
}
