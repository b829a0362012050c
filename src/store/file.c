#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db.h"
#include "store/schema.h"

/* Above it the check would hold the start for too long; SQLite still finds damage where it reads.
 */
enum { QUICK_CHECK_MAX = 256 << 20 };

static int beside(const char *path, const char *suffix, char out[PATH_MAX], struct gb_err *err)
{
    if ((size_t)snprintf(out, PATH_MAX, "%s%s", path, suffix) < PATH_MAX)
        return GB_OK;
    return gb_err_set(err, GB_ERR_CONFIG, "the path of the database is too long");
}

static int refuse_locked(const char *path, int fd, struct gb_err *err)
{
    char owner[16] = "";
    ssize_t n = pread(fd, owner, sizeof owner - 1, 0);
    owner[n > 0 ? strspn(owner, "0123456789") : 0] = '\0';
    return gb_err_set(err, GB_ERR_CONFIG, "%s: in use by process %s: stop it first", path,
                      owner[0] ? owner : "(unknown)");
}

int db_file_lock(const char *path, int *ret_fd, struct gb_err *err)
{
    char lock[PATH_MAX];
    int r = beside(path, ".lock", lock, err);
    if (r < 0)
        return r;
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: %s: make the folder and give it to the service",
                          lock, strerrordesc_np(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        r = refuse_locked(path, fd, err);
        close(fd);
        return r;
    }
    char owner[16];
    int len = snprintf(owner, sizeof owner, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, owner, (size_t)len, 0) != len)
        (void)0; /* a full disk: the lock holds without a name */
    *ret_fd = fd;
    return GB_OK;
}

/* Written beside and renamed: a file of that name is always a whole database. */
static int fill_new(const char *path, struct gb_err *err)
{
    struct db db;
    char application[64];
    snprintf(application, sizeof application, "PRAGMA application_id=%d", SCHEMA_APPLICATION);
    int r = db_open(&db, path, DB_WRITE, err);
    if (r < 0)
        return r;
    r = db_exec(&db, application, err);
    if (r == GB_OK)
        r = schema_migrate(&db, 0, err);
    db_close(&db);
    return r;
}

static int sync_folder(const char *path, struct gb_err *err)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return failed ? gb_err_sys(err, failed, "%s: %s", path, strerrordesc_np(failed)) : GB_OK;
}

static int make_new(const char *path, struct gb_err *err)
{
    char fresh[PATH_MAX];
    char wal[PATH_MAX];
    if (beside(path, ".new", fresh, err) < 0 || beside(path, "-wal", wal, err) < 0)
        return GB_ERR_CONFIG;
    struct stat st;
    if (stat(wal, &st) == 0 && st.st_size > 0) /* SQLite would play it back into the new one */
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: missing, but its journal %s is there: restore a copy of both", path,
                          wal);
    unlink(fresh);
    int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return gb_err_sys(err, errno, "%s: %s", fresh, strerrordesc_np(errno));
    close(fd);
    int r = fill_new(fresh, err);
    if (r == GB_OK && rename(fresh, path) != 0)
        r = gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
    if (r == GB_OK)
        r = sync_folder(path, err);
    if (r < 0)
        unlink(fresh);
    return r;
}

static int quick_check(struct db *db, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "PRAGMA quick_check(1)");
    int r = query_step(&q, err);
    if (r < 0)
        return r;
    const unsigned char *said = r > 0 ? sqlite3_column_text(q.stmt, 0) : NULL;
    if (said && strcmp((const char *)said, "ok") == 0)
        return GB_OK;
    return db_failed(db, SQLITE_CORRUPT, err);
}

/* This connection must leave no trace: not even the journal is played back at its end. */
static int check_content(const char *path, bool small, struct gb_err *err)
{
    struct db db;
    int version;
    int r = db_open(&db, path, DB_WRITE, err);
    if (r < 0)
        return r;
    sqlite3_db_config(db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    r = schema_check(&db, &version, err);
    if (r == GB_OK && small)
        r = quick_check(&db, err);
    db_close(&db);
    return r;
}

int db_file_ready(const char *path, struct gb_err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? make_new(path, err)
                               : gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
    if (!S_ISREG(st.st_mode))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: not a regular file", path);
    if (st.st_size == 0)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: empty: restore a copy, or remove it to start with no nodes", path);
    int r = check_content(path, st.st_size <= QUICK_CHECK_MAX, err);
    if (r == GB_OK && (st.st_mode & 077) != 0 && chmod(path, 0600) != 0)
        r = gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
    return r;
}
