#include "rpc/messages.h"

#include <string.h>

#include "rpc/keyd.h"
#include "wire/cbor.h"

enum field_type {
    FIELD_END,
    FIELD_BYTES,   /* struct gb_bytes, at most `max` */
    FIELD_FIXED,   /* uint8_t[max] */
    FIELD_LIST,    /* const struct gb_bytes *, its size_t count at `count`; each at most `max`, and
                      at most `most` of them (0: MAX_LIST) */
    FIELD_DIGESTS, /* const uint8_t (*)[32], its size_t count at `count`; at most `max` */
    FIELD_TEXT,    /* const char *, at most `max` bytes */
    FIELD_NUMBER,  /* uint64_t or a time from 1970 on */
};

struct field {
    enum field_type type;
    size_t offset; /* in the union's member */
    size_t max;
    size_t count;
    size_t most;
};

enum {
    MAX_FIELDS = 9, /* and the end */
    MAX_LIST = 32,
    MAX_TEXT = 64 << 10, /* a CA certificate, a key set, a token */
    MAX_CREDENTIAL = 2048,
    MAX_NAME = 253,                     /* a node's: RFC 1123 */
    MAX_DOCUMENTS = GB_LIMIT_SETS + 16, /* as many as garboardd keeps */
    MAX_PROOF = 64,                     /* RFC 6962, 2.1.2: one digest a level, and one */
};

/* Fields are numbered 1, 2, ... in this order: new ones come at the end, with a new version. */
#define AT(type, member) offsetof(struct type, member)
static const struct field request_fields[RPC_KINDS][MAX_FIELDS] = {
    [RPC_CHALLENGE] = {{FIELD_LIST, AT(keyd_challenge_ask, ek_certs), GB_LIMIT_CERT,
                        AT(keyd_challenge_ask, ek_cert_count)},
                       {FIELD_LIST, AT(keyd_challenge_ask, intermediates), GB_LIMIT_CERT,
                        AT(keyd_challenge_ask, intermediate_count)},
                       {FIELD_BYTES, AT(keyd_challenge_ask, ek_public), GB_LIMIT_PUBLIC},
                       {FIELD_BYTES, AT(keyd_challenge_ask, ak_public), GB_LIMIT_PUBLIC},
                       {FIELD_TEXT, AT(keyd_challenge_ask, name), MAX_NAME},
                       {FIELD_TEXT, AT(keyd_challenge_ask, labels), GB_LIMIT_LABELS_TEXT}},
    [RPC_CERTIFY] = {{FIELD_FIXED, AT(keyd_certify_ask, challenge), 16},
                     {FIELD_FIXED, AT(keyd_certify_ask, node_id), 16},
                     {FIELD_FIXED, AT(keyd_certify_ask, proof), 32},
                     {FIELD_BYTES, AT(keyd_certify_ask, evidence), GB_LIMIT_RPC_EVIDENCE},
                     {FIELD_BYTES, AT(keyd_certify_ask, csr), GB_LIMIT_CERT},
                     {FIELD_BYTES, AT(keyd_certify_ask, certify_attest), GB_LIMIT_PUBLIC},
                     {FIELD_BYTES, AT(keyd_certify_ask, certify_signature), GB_LIMIT_PUBLIC},
                     {FIELD_BYTES, AT(keyd_certify_ask, transport_public), GB_LIMIT_PUBLIC}},
    [RPC_RENEW] = {{FIELD_BYTES, AT(keyd_renew_ask, old_cert_pem), GB_LIMIT_CERT},
                   {FIELD_FIXED, AT(keyd_renew_ask, nonce), 32},
                   {FIELD_BYTES, AT(keyd_renew_ask, evidence), GB_LIMIT_RPC_EVIDENCE},
                   {FIELD_BYTES, AT(keyd_renew_ask, certify_attest), GB_LIMIT_PUBLIC},
                   {FIELD_BYTES, AT(keyd_renew_ask, certify_signature), GB_LIMIT_PUBLIC},
                   {FIELD_BYTES, AT(keyd_renew_ask, transport_public), GB_LIMIT_PUBLIC},
                   {FIELD_TEXT, AT(keyd_renew_ask, name), MAX_NAME},
                   {FIELD_TEXT, AT(keyd_renew_ask, labels), GB_LIMIT_LABELS_TEXT}},
    [RPC_TOKEN] = {{FIELD_BYTES, AT(keyd_token_ask, cert_pem), GB_LIMIT_CERT},
                   {FIELD_FIXED, AT(keyd_token_ask, nonce), 32},
                   {FIELD_BYTES, AT(keyd_token_ask, evidence), GB_LIMIT_RPC_EVIDENCE},
                   {FIELD_BYTES, AT(keyd_token_ask, certify_attest), GB_LIMIT_PUBLIC},
                   {FIELD_BYTES, AT(keyd_token_ask, certify_signature), GB_LIMIT_PUBLIC},
                   {FIELD_BYTES, AT(keyd_token_ask, transport_public), GB_LIMIT_PUBLIC},
                   {FIELD_TEXT, AT(keyd_token_ask, name), MAX_NAME},
                   {FIELD_TEXT, AT(keyd_token_ask, labels), GB_LIMIT_LABELS_TEXT}},
    [RPC_SERVER_CERT] = {{FIELD_BYTES, AT(rpc_server_cert_ask, csr), GB_LIMIT_CERT}},
    [RPC_LEDGER_SIGN] = {{FIELD_NUMBER, AT(keyd_ledger_ask, old_size)},
                         {FIELD_NUMBER, AT(keyd_ledger_ask, size)},
                         {FIELD_FIXED, AT(keyd_ledger_ask, root), 32},
                         {FIELD_DIGESTS, AT(keyd_ledger_ask, proof), MAX_PROOF,
                          AT(keyd_ledger_ask, proof_count)}},
    [RPC_POLICY] = {{FIELD_LIST, AT(keyd_policy_ask, documents), GB_LIMIT_POLICY,
                     AT(keyd_policy_ask, count), MAX_DOCUMENTS},
                    {FIELD_NUMBER, AT(keyd_policy_ask, trial)}},
};

#define CERTIFICATE                                                                                \
    {                                                                                              \
        {FIELD_BYTES, AT(keyd_certificate, pem), GB_LIMIT_CERT},                                   \
        {FIELD_NUMBER, AT(keyd_certificate, not_after_s)},                                         \
        {FIELD_FIXED, AT(keyd_certificate, transport), 32},                                        \
    }
static const struct field reply_fields[RPC_KINDS][MAX_FIELDS] = {
    [RPC_NONE] = {{FIELD_NUMBER, AT(rpc_refusal, code)},
                  {FIELD_TEXT, AT(rpc_refusal, text), GB_LIMIT_ERR_TEXT}},
    [RPC_STATUS] = {{FIELD_TEXT, AT(keyd_status, version), 64},
                    {FIELD_TEXT, AT(keyd_status, trust_domain), 256},
                    {FIELD_BYTES, AT(keyd_status, ca_pem), GB_LIMIT_CERT},
                    {FIELD_TEXT, AT(keyd_status, jwks), MAX_TEXT},
                    {FIELD_TEXT, AT(keyd_status, officers), MAX_TEXT}},
    [RPC_CHALLENGE] = {{FIELD_FIXED, AT(keyd_challenge, id), 16},
                       {FIELD_FIXED, AT(keyd_challenge, nonce), 32},
                       {FIELD_BYTES, AT(keyd_challenge, id_object), MAX_CREDENTIAL},
                       {FIELD_BYTES, AT(keyd_challenge, encrypted_secret), MAX_CREDENTIAL},
                       {FIELD_TEXT, AT(keyd_challenge, tpm), 512},
                       {FIELD_DIGESTS, AT(keyd_challenge, eks), MAX_LIST,
                        AT(keyd_challenge, ek_count)}},
    [RPC_CERTIFY] = CERTIFICATE,
    [RPC_NONCE] = {{FIELD_FIXED, AT(rpc_nonce, nonce), 32}},
    [RPC_RENEW] = CERTIFICATE,
    [RPC_TOKEN] = {{FIELD_TEXT, AT(rpc_jwt, jwt), MAX_TEXT}},
    [RPC_SERVER_CERT] = CERTIFICATE,
    [RPC_LEDGER_STATE] = {{FIELD_NUMBER, AT(keyd_ledger, size)},
                          {FIELD_FIXED, AT(keyd_ledger, root), 32},
                          {FIELD_TEXT, AT(keyd_ledger, vkeys), MAX_TEXT}},
    [RPC_LEDGER_SIGN] = {{FIELD_TEXT, AT(rpc_checkpoint, note), MAX_TEXT}},
};

static const char *const kind_names[RPC_KINDS] = {
    "none",  "status",      "challenge",    "certify",     "nonce", "renew",
    "token", "server-cert", "ledger-state", "ledger-sign", "policy"};

const char *rpc_kind_name(enum rpc_kind kind)
{
    return (unsigned)kind < RPC_KINDS ? kind_names[kind] : kind_names[RPC_NONE];
}

/* ---- reading ---- */

static void out_of_memory(struct cbor_reader *r)
{
    cbor_fail(r, GB_ERR_NOMEM, "out of memory");
}

static void read_fixed(struct cbor_reader *r, size_t len, uint8_t *out)
{
    struct gb_bytes in = cbor_read_bytes(r, len);
    if (!cbor_ok(r))
        return;
    if (in.len != len)
        cbor_fail(r, GB_ERR_INPUT, "%zu bytes where %zu belong", in.len, len);
    else
        memcpy(out, in.data, len);
}

static void read_text(struct gb_arena *arena, struct cbor_reader *r, size_t max, const char **ret)
{
    struct gb_bytes in = cbor_read_text(r, max);
    if (!cbor_ok(r))
        return;
    if (in.len > 0 && memchr(in.data, 0, in.len)) {
        cbor_fail(r, GB_ERR_INPUT, "a NUL in a text");
        return;
    }
    *ret = (const char *)gb_arena_copy(arena, in).data;
    if (!*ret)
        out_of_memory(r);
}

static void read_list(struct gb_arena *arena, struct cbor_reader *r, const struct field *field,
                      const struct gb_bytes **ret, size_t *ret_count)
{
    size_t count = cbor_read_array(r, field->most ? field->most : MAX_LIST);
    struct gb_bytes *items = gb_arena_new_array(arena, struct gb_bytes, count ? count : 1);
    if (!items) {
        out_of_memory(r);
        return;
    }
    for (size_t i = 0; i < count; i++)
        items[i] = cbor_read_bytes(r, field->max);
    *ret = items;
    *ret_count = count;
}

static void read_digests(struct gb_arena *arena, struct cbor_reader *r, size_t max,
                         const uint8_t (**ret)[32], size_t *ret_count)
{
    size_t count = cbor_read_array(r, max);
    uint8_t(*items)[32] = gb_arena_alloc(arena, count ? count : 1, sizeof *items);
    if (!items) {
        out_of_memory(r);
        return;
    }
    for (size_t i = 0; i < count; i++)
        read_fixed(r, sizeof *items, items[i]);
    *ret = (const uint8_t(*)[32])items;
    *ret_count = count;
}

static void read_number(struct cbor_reader *r, int64_t *ret)
{
    uint64_t value = cbor_read_uint(r);
    if (value > INT64_MAX)
        cbor_fail(r, GB_ERR_INPUT, "a number past 63 bits");
    else
        *ret = (int64_t)value;
}

static void read_field(struct gb_arena *arena, struct cbor_reader *r, const struct field *field,
                       void *base)
{
    void *at = (char *)base + field->offset;
    void *count = (char *)base + field->count;
    switch (field->type) {
    case FIELD_END:
        break;
    case FIELD_BYTES:
        *(struct gb_bytes *)at = cbor_read_bytes(r, field->max);
        break;
    case FIELD_FIXED:
        read_fixed(r, field->max, at);
        break;
    case FIELD_LIST:
        read_list(arena, r, field, at, count);
        break;
    case FIELD_DIGESTS:
        read_digests(arena, r, field->max, at, count);
        break;
    case FIELD_TEXT:
        read_text(arena, r, field->max, at);
        break;
    case FIELD_NUMBER:
        read_number(r, at);
        break;
    }
}

static size_t field_count(const struct field *fields)
{
    size_t n = 0;
    while (n < MAX_FIELDS && fields[n].type != FIELD_END)
        n++;
    return n;
}

static void read_fields(struct gb_arena *arena, struct cbor_reader *r, const struct field *fields,
                        void *base)
{
    size_t want = field_count(fields);
    size_t have = cbor_read_map(r, MAX_FIELDS);
    if (cbor_ok(r) && have != want)
        cbor_fail(r, GB_ERR_INPUT, "%zu fields where %zu belong", have, want);
    for (size_t i = 0; i < want && cbor_ok(r); i++) {
        uint64_t key = cbor_read_uint(r);
        if (cbor_ok(r) && key != i + 1)
            cbor_fail(r, GB_ERR_INPUT, "key %llu where %zu belongs", (unsigned long long)key,
                      i + 1);
        read_field(arena, r, &fields[i], base);
    }
}

static void read_head(struct cbor_reader *r, uint64_t *ret_id, enum rpc_kind *ret_kind)
{
    size_t items = cbor_read_array(r, 4);
    if (cbor_ok(r) && items != 4)
        cbor_fail(r, GB_ERR_INPUT, "a message has four items");
    uint64_t version = cbor_read_uint(r);
    if (cbor_ok(r) && version != RPC_VERSION)
        cbor_fail(r, GB_ERR_INPUT, "version %llu, known is %d", (unsigned long long)version,
                  RPC_VERSION);
    uint64_t id = cbor_read_uint(r);
    *ret_id = cbor_ok(r) ? id : 0;
    uint64_t kind = cbor_read_uint(r);
    if (cbor_ok(r) && kind >= RPC_KINDS)
        cbor_fail(r, GB_ERR_INPUT, "kind %llu is not known", (unsigned long long)kind);
    *ret_kind = cbor_ok(r) ? (enum rpc_kind)kind : RPC_NONE;
}

/* All members of the unions begin at the same place. */
int rpc_request_read(struct gb_arena *arena, struct gb_bytes in, struct rpc_request *ret_request,
                     struct gb_err *err)
{
    struct cbor_reader r;
    *ret_request = (struct rpc_request){0};
    cbor_reader_init(&r, in);
    read_head(&r, &ret_request->id, &ret_request->kind);
    if (cbor_ok(&r) && ret_request->kind == RPC_NONE)
        cbor_fail(&r, GB_ERR_INPUT, "kind 0 is no request");
    read_fields(arena, &r, request_fields[ret_request->kind], &ret_request->challenge);
    return cbor_finish(&r, err);
}

int rpc_reply_read(struct gb_arena *arena, struct gb_bytes in, struct rpc_reply *ret_reply,
                   struct gb_err *err)
{
    struct cbor_reader r;
    *ret_reply = (struct rpc_reply){0};
    cbor_reader_init(&r, in);
    read_head(&r, &ret_reply->id, &ret_reply->kind);
    read_fields(arena, &r, reply_fields[ret_reply->kind], &ret_reply->refusal);
    return cbor_finish(&r, err);
}

/* ---- writing ---- */

static void write_list(struct gb_buf *out, const struct gb_bytes *items, size_t count)
{
    cbor_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_bytes(out, items[i]);
}

static void write_digests(struct gb_buf *out, const uint8_t (*items)[32], size_t count)
{
    cbor_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_bytes(out, gb_bytes(items[i], sizeof items[i]));
}

/* NULL says nothing, as "" does. */
static void write_text(struct gb_buf *out, const char *text)
{
    cbor_text(out, gb_bytes_str(text ? text : ""));
}

static void write_field(struct gb_buf *out, const struct field *field, const void *base)
{
    const void *at = (const char *)base + field->offset;
    const size_t *count = (const void *)((const char *)base + field->count);
    switch (field->type) {
    case FIELD_END:
        break;
    case FIELD_BYTES:
        cbor_bytes(out, *(const struct gb_bytes *)at);
        break;
    case FIELD_FIXED:
        cbor_bytes(out, gb_bytes(at, field->max));
        break;
    case FIELD_LIST:
        write_list(out, *(const struct gb_bytes *const *)at, *count);
        break;
    case FIELD_DIGESTS:
        write_digests(out, *(const uint8_t(*const *)[32])at, *count);
        break;
    case FIELD_TEXT:
        write_text(out, *(const char *const *)at);
        break;
    case FIELD_NUMBER:
        cbor_uint(out, *(const uint64_t *)at);
        break;
    }
}

static void write_message(struct gb_buf *out, uint64_t id, enum rpc_kind kind,
                          const struct field *fields, const void *base)
{
    size_t count = field_count(fields);
    cbor_array(out, 4);
    cbor_uint(out, RPC_VERSION);
    cbor_uint(out, id);
    cbor_uint(out, (uint64_t)kind);
    cbor_map(out, count);
    for (size_t i = 0; i < count; i++) {
        cbor_uint(out, i + 1);
        write_field(out, &fields[i], base);
    }
}

void rpc_request_write(struct gb_buf *out, const struct rpc_request *request)
{
    write_message(out, request->id, request->kind, request_fields[request->kind],
                  &request->challenge);
}

void rpc_reply_write(struct gb_buf *out, const struct rpc_reply *reply)
{
    write_message(out, reply->id, reply->kind, reply_fields[reply->kind], &reply->refusal);
}
