#include "store/schema.h"

#include <stdio.h>

#include "base/check.h"
#include "store/db.h"

/*
 * Never edit a migration that was released: add one. Every key begins with a scope (trust domain,
 * tenant, cluster), so that one database can come to hold several. Digests are BLOBs, times seconds
 * since 1970 in UTC.
 *
 * `live` is the narrow hot table: written in sorted batches, so its key is an integer and its row
 * small. Wide rows keyed by a UUID would write a page each.
 */
static const char *const MIGRATIONS[] = {
    "CREATE TABLE scope (num INTEGER PRIMARY KEY, trust_domain TEXT NOT NULL,"
    " tenant TEXT NOT NULL, cluster TEXT NOT NULL, probed_s INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (trust_domain, tenant, cluster)) STRICT;"

    "CREATE TABLE token (scope INTEGER NOT NULL REFERENCES scope, id BLOB NOT NULL,"
    " secret_hash BLOB NOT NULL, node_name TEXT, pool TEXT, created_by TEXT,"
    " created_s INTEGER NOT NULL, expires_s INTEGER NOT NULL,"
    " uses_left INTEGER NOT NULL CHECK (uses_left > 0),"
    " PRIMARY KEY (scope, id)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE ek_grant (scope INTEGER NOT NULL REFERENCES scope, ek BLOB NOT NULL,"
    " node_name TEXT NOT NULL, approval INTEGER NOT NULL, created_by TEXT,"
    " created_s INTEGER NOT NULL, expires_s INTEGER NOT NULL,"
    " PRIMARY KEY (scope, ek)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE node (num INTEGER PRIMARY KEY, scope INTEGER NOT NULL REFERENCES scope,"
    " id BLOB NOT NULL, name TEXT NOT NULL, ak_public BLOB NOT NULL, transport BLOB NOT NULL,"
    " tpm TEXT, ek_certs BLOB NOT NULL, cert_pem BLOB NOT NULL, enrolled_s INTEGER NOT NULL,"
    " removed INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE UNIQUE INDEX node_id ON node (scope, id);"
    "CREATE UNIQUE INDEX node_name ON node (scope, name) WHERE removed = 0;"

    "CREATE TABLE ek (scope INTEGER NOT NULL REFERENCES scope, ek BLOB NOT NULL,"
    " node INTEGER NOT NULL REFERENCES node,"
    " PRIMARY KEY (scope, ek)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX ek_node ON ek (node);"

    "CREATE TABLE verdict (num INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES node,"
    " at_s INTEGER NOT NULL, tier INTEGER NOT NULL, trusted INTEGER NOT NULL, policy TEXT,"
    " quote BLOB NOT NULL, json BLOB NOT NULL) STRICT;"
    "CREATE INDEX verdict_node ON verdict (node, num);"

    "CREATE TABLE live (node INTEGER PRIMARY KEY REFERENCES node, verified_s INTEGER NOT NULL,"
    " progress BLOB NOT NULL) STRICT;"

    "CREATE TABLE document (scope INTEGER NOT NULL REFERENCES scope, kind TEXT NOT NULL,"
    " name TEXT NOT NULL, version INTEGER NOT NULL, text BLOB NOT NULL, applied_by TEXT,"
    " applied_s INTEGER NOT NULL, PRIMARY KEY (scope, kind, name)) STRICT;"

    "CREATE TABLE event (num INTEGER PRIMARY KEY, scope INTEGER NOT NULL REFERENCES scope,"
    " at_s INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, whom TEXT, why TEXT) STRICT;"
    "CREATE INDEX event_scope ON event (scope, num);",

    /* The ledger tells of what events told of, and of more. Rows stay until they stand in the
     * log's files under a signed checkpoint. */
    "DROP TABLE event;"
    "CREATE TABLE ledger_entry (scope INTEGER NOT NULL REFERENCES scope, seq INTEGER NOT NULL,"
    " entry BLOB NOT NULL, at_s INTEGER NOT NULL, PRIMARY KEY (scope, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE opening (scope INTEGER NOT NULL REFERENCES scope, commitment BLOB NOT NULL,"
    " salt BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (scope, commitment)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE INDEX opening_value ON opening (scope, value);"
    "CREATE TABLE ledger_head (scope INTEGER PRIMARY KEY REFERENCES scope,"
    " pruned INTEGER NOT NULL, sealed INTEGER NOT NULL) STRICT;",

    /* Evidence that is kept, and the documents that judged it. `head` is all that is no part; a
     * chain's first record has its own number as its chain. */
    "CREATE TABLE kept (num INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES node,"
    " chain INTEGER NOT NULL, at_s INTEGER NOT NULL, judged_s INTEGER NOT NULL,"
    " quote BLOB NOT NULL, trust BLOB NOT NULL, accepted INTEGER NOT NULL,"
    " ima_from INTEGER NOT NULL, ima_end INTEGER NOT NULL, nonce BLOB NOT NULL,"
    " transport BLOB NOT NULL, head BLOB NOT NULL, head_size INTEGER NOT NULL,"
    " before BLOB NOT NULL, facts TEXT NOT NULL) STRICT;"
    "CREATE INDEX kept_node ON kept (node, num);"
    "CREATE INDEX kept_chain ON kept (chain, num, judged_s);"
    "CREATE INDEX kept_begin ON kept (node, num, accepted) WHERE num = chain;"
    "CREATE INDEX kept_trust ON kept (trust);"
    "CREATE TABLE blob (num INTEGER PRIMARY KEY, scope INTEGER NOT NULL REFERENCES scope,"
    " digest BLOB NOT NULL, size INTEGER NOT NULL, packed_size INTEGER NOT NULL, bytes BLOB,"
    " file TEXT, UNIQUE (scope, digest)) STRICT;"
    "CREATE INDEX blob_size ON blob (scope, packed_size);"
    "CREATE INDEX blob_file ON blob (file) WHERE file IS NOT NULL;"
    "CREATE TABLE kept_part (record INTEGER NOT NULL REFERENCES kept, part INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, blob INTEGER NOT NULL REFERENCES blob,"
    " PRIMARY KEY (record, part, seq)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX kept_part_blob ON kept_part (blob);"
    "CREATE TABLE document_set (scope INTEGER NOT NULL REFERENCES scope, trust BLOB NOT NULL,"
    " kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,"
    " PRIMARY KEY (scope, trust, kind, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE document_past (scope INTEGER NOT NULL REFERENCES scope, kind TEXT NOT NULL,"
    " name TEXT NOT NULL, version INTEGER NOT NULL, text BLOB NOT NULL, applied_by TEXT,"
    " applied_s INTEGER NOT NULL, PRIMARY KEY (scope, kind, name, version)) STRICT;",

    /* Labels as base/labels.h writes them; the number goes up with each change. */
    "ALTER TABLE node ADD COLUMN labels TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE node ADD COLUMN labels_num INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE token ADD COLUMN labels TEXT;",

    /* What is kept of each node, and what of it was refused, is counted with each record. */
    "ALTER TABLE kept ADD COLUMN head_len INTEGER NOT NULL DEFAULT 0;"
    "UPDATE kept SET head_len = length(head);"
    "CREATE INDEX kept_share ON kept (node, accepted, head_len);"
    "CREATE INDEX kept_refused ON kept (judged_s) WHERE accepted = 0;",
};

int schema_version(void)
{
    return (int)GB_ARRAY_LEN(MIGRATIONS);
}

static int pragma(struct db *db, const char *sql, int64_t *ret_value, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    int r = query_step(&q, err);
    if (r < 0)
        return r;
    *ret_value = r > 0 ? query_get_int(&q) : 0;
    return GB_OK;
}

int schema_check(struct db *db, int *ret_version, struct gb_err *err)
{
    int64_t application, version;
    int r = pragma(db, "PRAGMA application_id", &application, err);
    if (r == GB_OK)
        r = pragma(db, "PRAGMA user_version", &version, err);
    if (r < 0)
        return r;
    if (application != SCHEMA_APPLICATION)
        return gb_err_set(
            err, GB_ERR_CONFIG,
            "%s: not a database of this service: restore a copy, or name another file", db->path);
    if (version > schema_version())
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: written by a newer version (schema %lld, this program knows %d): "
                          "install that version again; nothing was changed",
                          db->path, (long long)version, schema_version());
    *ret_version = (int)version;
    return GB_OK;
}

static int migrate_one(struct db *db, int version, struct gb_err *err)
{
    char done[64];
    snprintf(done, sizeof done, "PRAGMA user_version=%d; COMMIT", version + 1);
    int r = db_exec(db, "BEGIN IMMEDIATE", err);
    if (r == GB_OK)
        r = db_exec(db, MIGRATIONS[version], err);
    if (r == GB_OK)
        r = db_exec(db, done, err);
    if (r < 0)
        db_rollback(db);
    return r;
}

int schema_migrate(struct db *db, int version, struct gb_err *err)
{
    for (; version < schema_version(); version++) {
        int r = migrate_one(db, version, err);
        if (r < 0) {
            gb_err_prefix(err, "schema %d: ", version + 1);
            return r;
        }
    }
    return GB_OK;
}
