/*
 * What the service must not forget. SQLite in WAL mode, in one folder; one writer thread commits
 * what has gathered in groups (synchronous=FULL), so a write is durable when its callback runs.
 * Reads come from any thread (own connection each). Every key carries trust domain, tenant and
 * cluster. Strings and spans given to a write are copied; results live in the arena given.
 *
 * "No durable record, no verdict, no key": a write that fails (disk full, I/O) is told to its
 * callback, and the store refuses further writes of that kind until one succeeds again;
 * store_health tells.
 */
#ifndef GB_STORE_STORE_H
#define GB_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum {
    STORE_ID = 16,
    STORE_HASH = 32,
    STORE_MAX_EKS = 8,
    STORE_SALT = 16,
    STORE_MAX_OPENINGS = 8, /* of one entry: who, why, and what its data commits to */
    /* A node may change its verdict each second: what is kept of them has an end, long after people
     * look. */
    STORE_KEEP_VERDICTS = 256, /* of each node; some 10 KB each */
};

struct store;

struct store_conf {
    const char *path; /* the database file; its folder must exist */
    const char *trust_domain;
    const char *tenant;  /* "default" */
    const char *cluster; /* "default" */
    int64_t flush_ms;    /* how long liveness may wait for its batch */
};

/* Opens or makes the database and brings its schema forward. A newer schema than ours, or a corrupt
 * file (quick_check), is GB_ERR_CONFIG with a plain message of what to do; nothing is changed then.
 */
GB_MUST_USE int store_open(const struct store_conf *conf, struct store **ret_store,
                           struct gb_err *err);
/* Finishes what was queued. NULL is fine. */
void store_close(struct store *store);
void store_closep(struct store **store);

/* Runs when the write is durable (GB_OK) or was refused (err says why: DENIED for a rule such as
 * "this EK belongs to another node", AGAIN, IO). On the writer's thread (on the
 * caller's when the queue is full: AGAIN, or memory is: NOMEM): post to your loop. */
typedef void store_done(void *ctx, int result, const struct gb_err *err);

/* ---- the ledger's entries: each change is written with what tells of it, or neither is (T28) ----
 */

/* What a salted commitment in an entry stands for; apart from the entry, so that it can be
 * forgotten. */
struct store_opening {
    uint8_t commitment[STORE_HASH];
    uint8_t salt[STORE_SALT];
    const char *value;
};

/* One entry; text and openings are copied. */
struct store_entry {
    struct gb_bytes text; /* one compact JSON object, at most GB_LIMIT_ENTRY */
    int64_t at_s;
    const struct store_opening *openings;
    size_t opening_count; /* at most STORE_MAX_OPENINGS */
};

/* Every write below that takes an `entry` puts it behind its change, in the same transaction; what
 * changes nothing (the same text applied again) has none. NULL is refused as NOMEM: it is what a
 * handler holds whose memory was short, and nothing is changed without a record. Numbers are given
 * by the one writer: contiguous from 0, without gaps after refusals. */

/* An entry alone. */
void store_entry_add(struct store *store, const struct store_entry *entry, store_done *done,
                     void *ctx);

struct store_row {
    uint64_t seq;
    struct gb_bytes text;
    int64_t at_s;
};
/* Committed rows from number `from` on, at most `max`, in order. */
GB_MUST_USE int store_entry_list(struct store *store, struct gb_arena *arena, uint64_t from,
                                 size_t max, struct store_row **ret_rows, size_t *ret_count,
                                 struct gb_err *err);
/* The first that is still kept and the number that the next will have: equal when none is kept.
 * Both committed; no I/O. */
void store_entry_range(struct store *store, uint64_t *ret_first, uint64_t *ret_next);
/* Drops rows below number `below`, which stand in the log; the newest row may go, too. DENIED past
 * the next number. */
void store_entry_prune(struct store *store, uint64_t below, store_done *done, void *ctx);

/* NOTFOUND: never was, or forgotten. */
GB_MUST_USE int store_opening_get(struct store *store, struct gb_arena *arena,
                                  const uint8_t commitment[STORE_HASH],
                                  struct store_opening *ret_opening, struct gb_err *err);
/* All, by commitment; `each` returns false to stop. The opening lives for the call. */
GB_MUST_USE int store_opening_each(struct store *store,
                                   bool (*each)(void *ctx, const struct store_opening *opening),
                                   void *ctx, struct gb_err *err);
/* Forgets every opening with this value (GDPR art. 17), and who made tokens, grants and documents;
 * the pages that held it are overwritten and the journal is cut before `done` is told. NOTFOUND
 * when there is none; AGAIN: it is forgotten, but readers hold the journal: ask again. */
void store_opening_forget(struct store *store, const char *value, const struct store_entry *entry,
                          store_done *done, void *ctx);

/* A minute (seconds since 1970 / 60) of rounds is sealed by its entry, exactly once: DENIED when it
 * or a later one is. */
void store_rounds_seal(struct store *store, int64_t minute, const struct store_entry *entry,
                       store_done *done, void *ctx);
/* The last that is sealed; -1: none. */
GB_MUST_USE int store_rounds_sealed(struct store *store, int64_t *ret_minute, struct gb_err *err);

/* ---- join tokens: only the SHA-256 of the secret is kept (T21) ---- */

struct store_token {
    uint8_t id[8];
    uint8_t secret_hash[STORE_HASH];
    const char *node_name; /* the name that it may claim; NULL: any, or see pool */
    const char *pool;      /* names of a pool: "pool-*"; NULL */
    const char *created_by;
    int64_t created_s;
    int64_t expires_s;
    uint32_t uses_left; /* from 1 */
    const char *labels; /* of who joins with it (base/labels.h); NULL: none are given */
};
void store_token_add(struct store *store, const struct store_token *token,
                     const struct store_entry *entry, store_done *done, void *ctx);
void store_token_revoke(struct store *store, const uint8_t id[8], const struct store_entry *entry,
                        store_done *done, void *ctx); /* NOTFOUND */
GB_MUST_USE int store_token_get(struct store *store, struct gb_arena *arena, const uint8_t id[8],
                                struct store_token *ret_token, struct gb_err *err);
GB_MUST_USE int store_token_list(struct store *store, struct gb_arena *arena,
                                 struct store_token **ret_tokens, size_t *ret_count,
                                 struct gb_err *err);

/* ---- EKs that may join without a token: listed by an operator, or approved by name for a while
 * ---- */

struct store_grant {
    uint8_t ek[STORE_HASH]; /* SHA-256 over the EK's SubjectPublicKeyInfo */
    const char *node_name;
    bool approval; /* by name, after the node asked; expires. Otherwise listed beforehand. */
    const char *created_by;
    int64_t created_s;
    int64_t expires_s; /* 0: never */
};
void store_grant_add(struct store *store, const struct store_grant *grant,
                     const struct store_entry *entry, store_done *done, void *ctx);
void store_grant_remove(struct store *store, const uint8_t ek[STORE_HASH],
                        const struct store_entry *entry, store_done *done, void *ctx);
GB_MUST_USE int store_grant_get(struct store *store, struct gb_arena *arena,
                                const uint8_t ek[STORE_HASH], struct store_grant *ret_grant,
                                struct gb_err *err);
GB_MUST_USE int store_grant_list(struct store *store, struct gb_arena *arena,
                                 struct store_grant **ret_grants, size_t *ret_count,
                                 struct gb_err *err);

/* ---- nodes ---- */

struct store_node {
    uint8_t id[STORE_ID]; /* UUID, of its EK (verify/binding.h), for ever */
    const char *name;
    struct gb_bytes ak_public;     /* TPM2B_PUBLIC */
    uint8_t transport[STORE_HASH]; /* SHA-256 over the transport key's SubjectPublicKeyInfo */
    uint8_t eks[STORE_MAX_EKS]
               [STORE_HASH]; /* of every EK seen: each belongs to one node for good (T18) */
    size_t ek_count;
    const char *tpm;          /* "id:49465800 SLB9670 7.85", for people; may be NULL */
    struct gb_bytes ek_certs; /* DER, one after another with u32be lengths */
    struct gb_bytes cert_pem;
    int64_t enrolled_s;
    bool removed;        /* its name is free, its EKs stay with it */
    const char *labels;  /* base/labels.h. At an enrolment NULL leaves what a node had that was not
                            removed */
    uint64_t labels_num; /* goes up with each change of them; the store gives it */
};

/* One transaction: the token (id, NULL when none) loses a use or the grant its life, the node and
 * its EKs come in, or for a node that exists with the same EK (re-enrolment) its keys are replaced.
 * DENIED: token gone, used up or expired at `now_s`; an EK belongs to another node; the name is
 * another node's. The same transport key again is GB_OK and changes nothing (AGAIN when it came
 * under another id: two first enrolments of one machine at once; read the node back). A node's id
 * is asked of store_node_by_ek first: removed or not, it keeps it. */
struct store_enrolment {
    const struct store_node *node;
    const uint8_t *token_id; /* 8 bytes, or NULL */
    const uint8_t *grant_ek; /* STORE_HASH bytes, or NULL */
    int64_t now_s;
};
void store_enrol(struct store *store, const struct store_enrolment *enrolment,
                 const struct store_entry *entry, store_done *done, void *ctx);
void store_node_cert(struct store *store, const uint8_t id[STORE_ID], struct gb_bytes cert_pem,
                     const struct store_entry *entry, store_done *done, void *ctx);
void store_node_remove(struct store *store, const uint8_t id[STORE_ID],
                       const struct store_entry *entry, store_done *done, void *ctx);
/* Labels of a node that is not removed, each change as gb_labels_change: all or none. NOTFOUND;
 * INPUT, LIMIT: as there. What changes nothing has no entry. */
void store_node_label(struct store *store, const uint8_t id[STORE_ID], const char *const *changes,
                      size_t count, const struct store_entry *entry, store_done *done, void *ctx);
GB_MUST_USE int store_node_by_id(struct store *store, struct gb_arena *arena,
                                 const uint8_t id[STORE_ID], struct store_node *ret_node,
                                 struct gb_err *err);
GB_MUST_USE int store_node_by_ek(struct store *store, struct gb_arena *arena,
                                 const uint8_t ek[STORE_HASH], struct store_node *ret_node,
                                 struct gb_err *err);
GB_MUST_USE int store_node_by_name(struct store *store, struct gb_arena *arena, const char *name,
                                   struct store_node *ret_node, struct gb_err *err);
/* All that are not removed, by name; `each` returns false to stop. The node lives for the call. */
GB_MUST_USE int store_node_each(struct store *store,
                                bool (*each)(void *ctx, const struct store_node *node), void *ctx,
                                struct gb_err *err);

/* ---- verdicts: durable before they are told ---- */

struct store_kept; /* store/kept.h */

struct store_verdict {
    uint8_t node[STORE_ID];
    int64_t at_s; /* verified at: when the nonce was issued */
    uint8_t tier; /* enum gb_tier */
    bool trusted;
    const char *policy;            /* name and version; NULL: none */
    uint8_t quote[STORE_HASH];     /* SHA-256 of the TPMS_ATTEST */
    struct gb_bytes json;          /* verdict_json's text, with findings */
    const struct store_kept *kept; /* to be added: the evidence that decided, in the same
                                      transaction; NULL: none is kept */
};
/* GB_ERR_DENIED: of its evidence, see store_kept_add. The newest replaces what `node show` reads;
 * the newest STORE_KEEP_VERDICTS stay in the history. */
void store_verdict_add(struct store *store, const struct store_verdict *verdict,
                       struct gb_bytes progress, const struct store_entry *entry, store_done *done,
                       void *ctx);
GB_MUST_USE int store_verdict_get(struct store *store, struct gb_arena *arena,
                                  const uint8_t node[STORE_ID], struct store_verdict *ret_verdict,
                                  struct gb_err *err);
/* Newest first, at most `max`. */
GB_MUST_USE int store_verdict_list(struct store *store, struct gb_arena *arena,
                                   const uint8_t node[STORE_ID], size_t max,
                                   struct store_verdict **ret_verdicts, size_t *ret_count,
                                   struct gb_err *err);

/* ---- liveness and replay state: a narrow hot table, written in batches every flush_ms; the newest
 * value wins ---- */

struct store_live {
    uint8_t node[STORE_ID];
    int64_t verified_s;
    struct gb_bytes progress; /* at most 1 KB */
};
/* Any thread; copies; never blocks on the disk. False when out of memory. */
GB_MUST_USE bool store_live_set(struct store *store, const struct store_live *live);
/* At start: every node's last. */
GB_MUST_USE int store_live_each(struct store *store,
                                bool (*each)(void *ctx, const struct store_live *live), void *ctx,
                                struct gb_err *err);

/* ---- policy documents: text as it was applied; versions of a kind and name only go up (T17) ----
 */

struct store_document {
    const char *kind;
    const char *name;
    uint64_t version;
    bool versioned; /* the text gives it; of what is applied only */
    bool deleted;   /* a tombstone; of what is applied only */
    struct gb_bytes text;
    const char *applied_by;
    int64_t applied_s;
    bool resigned; /* it says what the stored one says, under the same version: only its signatures
                      and layout differ. The caller has compared them */
};
/* All or nothing. DENIED names the document whose version is not above the stored one (the same
 * text again, or `resigned` of the same version, is GB_OK). */
void store_document_apply(struct store *store, const struct store_document *documents, size_t count,
                          const struct store_entry *entry, store_done *done, void *ctx);
GB_MUST_USE int store_document_list(struct store *store, struct gb_arena *arena,
                                    struct store_document **ret_documents, size_t *ret_count,
                                    struct gb_err *err);

struct store_counts { /* for /metrics and /readyz */
    uint64_t commits, rows, failures, live_rows;
    size_t queued;
    bool healthy; /* the last commit went through */
    char last_error[GB_LIMIT_ERR_TEXT];
};
void store_health(struct store *store, struct store_counts *ret_counts);

/* Tests only: the nth statement from now fails as if the disk were full, once; 0 switches off. */
void store_fail_nth(struct store *store, unsigned long nth);

#endif
