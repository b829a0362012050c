/*
 * One connection to the database, and statements on it. Private to store/, the only room to see
 * SQLite. A connection has one user at a time. Statements are prepared once a connection and kept,
 * found again by the address of their text: give literals only.
 */
#ifndef GB_STORE_DB_H
#define GB_STORE_DB_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "store/gone.h"

enum { DB_STATEMENTS = 128 };

struct share_table;

struct db {
    sqlite3 *handle;
    const char *path; /* borrowed, for messages */
    struct {
        const char *sql;
        sqlite3_stmt *stmt;
    } kept[DB_STATEMENTS];
    int64_t scope;                  /* what every key begins with: trust domain, tenant, cluster */
    uint64_t entry_first;           /* the writer's: the first entry that is kept */
    uint64_t entry_next;            /* likewise: the number of the next */
    struct gone gone;               /* likewise: of the transaction */
    struct share_table *shares;     /* likewise: kept_share.h; owned, NULL at first */
    _Atomic unsigned long fail_nth; /* store_fail_nth */
};

enum db_mode { DB_READ, DB_WRITE };

/* Opens an existing file. CONFIG when it is no database or damaged, IO, NOMEM. */
GB_MUST_USE int db_open(struct db *db, const char *path, enum db_mode mode, struct gb_err *err);
void db_close(struct db *db);
/* One or more statements without values. */
GB_MUST_USE int db_exec(struct db *db, const char *sql, struct gb_err *err);
/* Moves the whole journal into the file and cuts it to nothing, outside of a transaction. AGAIN
 * when readers hold it up for two seconds. */
GB_MUST_USE int db_cut_journal(struct db *db, struct gb_err *err);
/* Undoes the transaction, or back to (and with) a savepoint; where even that fails, all. */
void db_rollback(struct db *db);
void db_rollback_to(struct db *db, const char *sql);
/* Says in words what SQLite's `rc` means, and returns our code for it. */
int db_failed(const struct db *db, int rc, struct gb_err *err);
/* False when SQLite itself undid the transaction (disk full, I/O error). */
GB_MUST_USE bool db_in_transaction(const struct db *db);

/* One use of a statement. Values are bound and columns read in order; what goes wrong on the way
 * sticks until query_step or query_read_ok tells. */
struct query {
    struct db *db;
    sqlite3_stmt *stmt;
    int bound;
    int column;
    int rc;
    bool bad; /* a column did not hold what it must, or no memory for it */
};

void query_open(struct query *q, struct db *db, const char *sql);
/* For gb_cleanup: ready for the next use. */
void query_close(struct query *q);
void query_int(struct query *q, int64_t value);
void query_blob(struct query *q, struct gb_bytes value); /* borrowed until query_close */
void query_text(struct query *q, const char *value);     /* NULL is NULL; borrowed likewise */
/* 1: a row, 0: no more, or a negative code. */
GB_MUST_USE int query_step(struct query *q, struct gb_err *err);
/* For statements without rows. */
GB_MUST_USE int query_run(struct query *q, struct gb_err *err);

int64_t query_get_int(struct query *q);
const char *query_get_text(struct query *q, struct gb_arena *arena); /* NULL when NULL */
struct gb_bytes query_get_blob(struct query *q, struct gb_arena *arena);
void query_get_fixed(struct query *q, uint8_t *out, size_t len);
/* After the last column of a row. */
GB_MUST_USE int query_read_ok(const struct query *q, struct gb_err *err);

#endif
