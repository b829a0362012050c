#include "store/db.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

static const char *const OPENED =
    "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON;"
    "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"; /* a page that is gone must not be SIGBUS */

enum {
    BUSY_MS = 10000, /* a checkpoint may hold the door for a moment */
    CUT_MS = 2000,   /* all other writes wait for it */
};

int db_open(struct db *db, const char *path, enum db_mode mode, struct gb_err *err)
{
    *db = (struct db){.path = path};
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                (mode == DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    int rc = sqlite3_open_v2(path, &db->handle, flags, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(db->handle, 1);
        sqlite3_busy_timeout(db->handle, BUSY_MS);
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        rc = sqlite3_exec(db->handle, OPENED, NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK)
        return GB_OK;
    int r = db_failed(db, rc, err);
    db_close(db);
    return r;
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < DB_STATEMENTS && db->kept[i].stmt; i++)
        sqlite3_finalize(db->kept[i].stmt);
    sqlite3_close_v2(db->handle);
    memset(db->kept, 0, sizeof db->kept);
    gb_free(db->shares);
    db->shares = NULL;
    db->handle = NULL;
}

int db_exec(struct db *db, const char *sql, struct gb_err *err)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? GB_OK : db_failed(db, rc, err);
}

int db_cut_journal(struct db *db, struct gb_err *err)
{
    sqlite3_busy_timeout(db->handle, CUT_MS);
    int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
        return gb_err_set(err, GB_ERR_AGAIN,
                          "forgotten, but somebody reads the database, and its journal still holds "
                          "the name: ask again in a moment");
    return rc == SQLITE_OK ? GB_OK : db_failed(db, rc, err);
}

void db_rollback(struct db *db)
{
    if (db_in_transaction(db))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

void db_rollback_to(struct db *db, const char *sql)
{
    if (db_in_transaction(db) && sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        db_rollback(db);
}

bool db_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(db->handle);
}

static int failed_io(const struct db *db, int rc, struct gb_err *err)
{
    int sys = db->handle ? sqlite3_system_errno(db->handle) : 0;
    if ((rc & 0xff) == SQLITE_FULL || sys == ENOSPC || sys == EDQUOT || sys == EFBIG)
        return gb_err_sys(err, sys ? sys : ENOSPC,
                          "%s: the disk is full: make room; nothing that was told is lost",
                          db->path);
    if (rc == SQLITE_IOERR_WRITE)
        return gb_err_sys(err, sys, "%s: cannot be written: is the disk full, or failing?",
                          db->path);
    return gb_err_sys(err, sys, "%s: %s", db->path,
                      sys ? strerrordesc_np(sys) : sqlite3_errstr(rc));
}

int db_failed(const struct db *db, int rc, struct gb_err *err)
{
    switch (rc & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: damaged, or not a database: stop the service and restore a copy",
                          db->path);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: cannot be opened or written: check its owner, "
                          "mode and file system (%s)",
                          db->path, sqlite3_errstr(rc));
    case SQLITE_NOMEM:
        return gb_err_nomem(err);
    case SQLITE_CONSTRAINT:
        return gb_err_set(err, GB_ERR_DENIED, "a rule of the database forbids it: %s",
                          sqlite3_errmsg(db->handle));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return gb_err_set(err, GB_ERR_AGAIN, "%s: held by another program", db->path);
    case SQLITE_TOOBIG:
        return gb_err_set(err, GB_ERR_LIMIT, "%s: a value too large to store", db->path);
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_PROTOCOL:
        return failed_io(db, rc, err);
    default:
        return gb_err_set(err, GB_ERR_BUG, "%s: %s", db->path,
                          db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc));
    }
}

static int prepare(struct db *db, const char *sql, sqlite3_stmt **ret_stmt)
{
    size_t i = 0;
    while (i < DB_STATEMENTS && db->kept[i].sql && db->kept[i].sql != sql)
        i++;
    if (i == DB_STATEMENTS)
        return SQLITE_INTERNAL;
    if (!db->kept[i].sql) {
        int rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                    &db->kept[i].stmt, NULL);
        if (rc != SQLITE_OK)
            return rc;
        db->kept[i].sql = sql;
    }
    *ret_stmt = db->kept[i].stmt;
    return SQLITE_OK;
}

void query_open(struct query *q, struct db *db, const char *sql)
{
    *q = (struct query){.db = db};
    q->rc = prepare(db, sql, &q->stmt);
}

void query_close(struct query *q)
{
    if (!q->stmt)
        return;
    sqlite3_reset(q->stmt);
    sqlite3_clear_bindings(q->stmt);
    q->stmt = NULL;
}

void query_int(struct query *q, int64_t value)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_int64(q->stmt, ++q->bound, value);
}

void query_blob(struct query *q, struct gb_bytes value)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_blob64(q->stmt, ++q->bound, value.len ? (const void *)value.data : "",
                                    value.len, SQLITE_STATIC);
}

void query_text(struct query *q, const char *value)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_text(q->stmt, ++q->bound, value, -1, SQLITE_STATIC);
}

/* As if the disk were full, where a test asked for it. */
static bool must_fail(struct db *db)
{
    unsigned long left = atomic_load(&db->fail_nth);
    if (left == 0)
        return false;
    atomic_store(&db->fail_nth, left - 1);
    return left == 1;
}

int query_step(struct query *q, struct gb_err *err)
{
    if (q->rc == SQLITE_OK && must_fail(q->db))
        q->rc = SQLITE_FULL;
    if (q->rc != SQLITE_OK)
        return db_failed(q->db, q->rc, err);
    q->column = 0;
    int rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    q->rc = rc;
    return db_failed(q->db, rc, err);
}

int query_run(struct query *q, struct gb_err *err)
{
    int r = query_step(q, err);
    query_close(q);
    if (r > 0)
        return gb_err_set(err, GB_ERR_BUG, "%s: a row where none belongs", q->db->path);
    return r;
}

int64_t query_get_int(struct query *q)
{
    return sqlite3_column_int64(q->stmt, q->column++);
}

struct gb_bytes query_get_blob(struct query *q, struct gb_arena *arena)
{
    int at = q->column++;
    const void *data = sqlite3_column_blob(q->stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(q->stmt, at);
    if (len == 0)
        return gb_bytes(NULL, 0);
    struct gb_bytes copy = data ? gb_arena_copy(arena, gb_bytes(data, len)) : gb_bytes(NULL, 0);
    q->bad = q->bad || !copy.data;
    return copy;
}

const char *query_get_text(struct query *q, struct gb_arena *arena)
{
    int at = q->column++;
    if (sqlite3_column_type(q->stmt, at) == SQLITE_NULL)
        return NULL;
    const unsigned char *text = sqlite3_column_text(q->stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(q->stmt, at);
    struct gb_bytes copy = text ? gb_arena_copy(arena, gb_bytes(text, len)) : gb_bytes(NULL, 0);
    q->bad = q->bad || !copy.data;
    return (const char *)copy.data;
}

void query_get_fixed(struct query *q, uint8_t *out, size_t len)
{
    int at = q->column++;
    const void *data = sqlite3_column_blob(q->stmt, at);
    if (data && (size_t)sqlite3_column_bytes(q->stmt, at) == len)
        memcpy(out, data, len);
    else
        q->bad = true;
}

int query_read_ok(const struct query *q, struct gb_err *err)
{
    if (!q->bad)
        return GB_OK;
    return gb_err_set(err, GB_ERR_IO, "%s: a row does not hold what it must, or no memory for it",
                      q->db->path);
}
