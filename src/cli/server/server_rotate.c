#include "cli/server/server_rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "os/file.h"
#include "os/secret_file.h"

enum { PEM_MAX = 8 << 10 };

const char *rotation_path(const struct rotation *rotation, const char *name)
{
    return gb_arena_printf(rotation->arena, "%s/%s", rotation->state, name);
}

/* On a file that is never replaced while keyd serves; keyd itself locks the folder. */
static int lock(struct rotation *rotation, struct gb_err *err)
{
    const char *path = rotation_path(rotation, "ca.pem");
    if (!path)
        return gb_err_nomem(err);
    rotation->lock_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (rotation->lock_fd < 0)
        return errno == ENOENT
                   ? gb_err_set(err, GB_ERR_CONFIG,
                                "--keyd-state: %s/ca.pem: no such file: this is not "
                                "garboard-keyd's folder",
                                rotation->state)
                   : gb_err_sys(err, errno, "cannot open ca.pem in the folder of state");
    if (flock(rotation->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return gb_err_set(err, GB_ERR_AGAIN, "another rotation is under way");
    return GB_OK;
}

int rotation_open(struct rotation *rotation, const char *passphrase_file, struct gb_err *err)
{
    struct stat st;
    rotation->lock_fd = -1;
    if (stat(rotation->state, &st) != 0)
        return errno == ENOENT ? gb_err_set(err, GB_ERR_NOTFOUND,
                                            "--keyd-state: %s: no such folder", rotation->state)
                               : gb_err_sys(err, errno, "cannot look at the folder of state");
    rotation->as = (struct file_as){.mode = 0600, .owner = st.st_uid, .group = st.st_gid};
    int r = lock(rotation, err);
    return r < 0 ? r : secret_file_passphrase(passphrase_file, &rotation->passphrase, err);
}

void rotation_done(struct rotation *rotation)
{
    secret_done(&rotation->passphrase);
    if (rotation->lock_fd >= 0)
        close(rotation->lock_fd);
}

static int read_pem(const struct rotation *rotation, const char *name, struct secret *ret_pem,
                    struct gb_err *err)
{
    const char *path = rotation_path(rotation, name);
    return path ? secret_file_read(path, PEM_MAX, ret_pem, err) : gb_err_nomem(err);
}

/* The present key must open by the passphrase: a next one sealed by another would be one that keyd
 * cannot load. */
static int look_at(const struct rotation *rotation, const struct rotation_kind *kind,
                   const char *name, const char **ret_id, struct gb_err *err)
{
    gb_cleanup(secret_done) struct secret pem = {0};
    int r = read_pem(rotation, name, &pem, err);
    if (r < 0)
        return r;
    r = kind->identify(rotation, secret_bytes(&pem), ret_id, err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", name);
    return r;
}

static int look_at_next(const struct rotation *rotation, const struct rotation_kind *kind,
                        struct rotation_keys *keys, struct gb_err *err)
{
    struct stat st;
    const char *path = rotation_path(rotation, kind->next);
    if (!path)
        return gb_err_nomem(err);
    int r = look_at(rotation, kind, kind->next, &keys->next, err);
    if (r == GB_ERR_NOTFOUND) {
        keys->next = "";
        return GB_OK;
    }
    if (r == GB_OK && stat(path, &st) != 0)
        r = gb_err_sys(err, errno, "cannot look at %s", kind->next);
    if (r == GB_OK)
        keys->next_since_s = st.st_mtime;
    return r;
}

int rotation_look(const struct rotation *rotation, const struct rotation_kind *kind,
                  struct rotation_keys *ret_keys, struct gb_err *err)
{
    struct rotation_keys keys = {.before = ""};
    int r = look_at(rotation, kind, kind->present, &keys.present, err);
    if (r == GB_OK)
        r = look_at_next(rotation, kind, &keys, err);
    if (r == GB_OK && kind->find_before)
        r = kind->find_before(rotation, &keys.before, err);
    if (r == GB_OK)
        *ret_keys = keys;
    return r;
}

static int begin(const struct rotation *rotation, const struct rotation_kind *kind,
                 const struct rotation_keys *keys, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    const char *path = rotation_path(rotation, kind->next);
    gb_buf_init(&pem, PEM_MAX);
    if (*keys->before && !rotation->force)
        return gb_err_set(err, GB_ERR_AGAIN,
                          "the last rotation is not over: garboard-keyd removes token-old.jwk ten "
                          "minutes after it was reloaded (--force: does not wait)");
    int r = path ? kind->make(rotation, &pem, err) : gb_err_nomem(err);
    if (r == GB_OK && !gb_buf_ok(&pem))
        r = gb_err_nomem(err);
    if (r == GB_OK)
        r = file_replace(path, gb_buf_bytes(&pem), &rotation->as, err);
    secret_wipe(pem.data, pem.len);
    return r;
}

static int check_age(const struct rotation *rotation, const struct rotation_keys *keys,
                     struct gb_err *err)
{
    char when[GB_CLOCK_TEXT];
    if (rotation->force || rotation->now_s - keys->next_since_s >= ROTATION_WAIT_S)
        return GB_OK;
    gb_clock_text(keys->next_since_s + ROTATION_WAIT_S, when);
    return gb_err_set(err, GB_ERR_AGAIN,
                      "the next key was made less than ten minutes ago, and whoever checks "
                      "signatures may not know it yet: run this at %s or later (--force: now)",
                      when);
}

static int finish(const struct rotation *rotation, const struct rotation_kind *kind,
                  const struct rotation_keys *keys, struct gb_err *err)
{
    gb_cleanup(secret_done) struct secret pem = {0};
    const char *next = rotation_path(rotation, kind->next);
    const char *present = rotation_path(rotation, kind->present);
    int r = next && present ? check_age(rotation, keys, err) : gb_err_nomem(err);
    if (r == GB_OK && kind->leave)
        r = read_pem(rotation, kind->present, &pem, err);
    if (r == GB_OK && kind->leave)
        r = kind->leave(rotation, secret_bytes(&pem), err);
    if (r < 0)
        return r;
    if (rename(next, present) != 0)
        return gb_err_sys(err, errno, "cannot rename %s to %s", kind->next, kind->present);
    return file_sync_folder_of(present, err);
}

int rotation_step(const struct rotation *rotation, const struct rotation_kind *kind,
                  const struct rotation_keys *keys, const char **ret_done, struct gb_err *err)
{
    bool first = !*keys->next;
    int r = first ? begin(rotation, kind, keys, err) : finish(rotation, kind, keys, err);
    const char *done = first ? gb_arena_printf(rotation->arena, "made %s", kind->next)
                             : gb_arena_printf(rotation->arena, "%s is now %s: it alone will sign",
                                               kind->next, kind->present);
    if (r == GB_OK && !done)
        r = gb_err_nomem(err);
    if (r == GB_OK)
        *ret_done = done;
    return r;
}
