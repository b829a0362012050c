#include "cli/reference/apt_repo.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/reference/apt_trust.h"
#include "cli/reference/packages.h"
#include "crypto/digest.h"
#include "os/file.h"
#include "reference/packages/apt.h"
#include "reference/packages/control.h"
#include "reference/packages/dpkg.h"
#include "reference/packages/file_tree.h"
#include "wire/arc.h"

enum { SHOWN = 160 };

struct repo {
    struct gb_arena *arena;
    const struct apt_wish *wish;
    const char *lists; /* the folder of Release */
    bool flat;
    struct apt_release release;
    struct digester *digester;
    struct package_job *jobs;
    size_t count;
    size_t room;
};

static bool there(const char *path)
{
    return path && access(path, F_OK) == 0;
}

static const char *in(const struct repo *repo, const char *folder, const char *name)
{
    return gb_arena_printf(repo->arena, "%s/%s", folder, name);
}

static bool has_release(const struct repo *repo, const char *folder)
{
    return there(in(repo, folder, "InRelease")) || there(in(repo, folder, "Release"));
}

static int choose_suite(struct repo *repo, struct gb_err *err)
{
    const char *dists = in(repo, repo->wish->dir, "dists");
    const char *const *names = NULL;
    if (!dists)
        return gb_err_nomem(err);
    repo->flat = !repo->wish->suite && has_release(repo, repo->wish->dir);
    if (repo->flat) {
        repo->lists = repo->wish->dir;
        return GB_OK;
    }
    if (repo->wish->suite) {
        repo->lists = in(repo, dists, repo->wish->suite);
        return repo->lists ? GB_OK : gb_err_nomem(err);
    }
    if (!there(dists))
        return gb_err_set(
            err, GB_ERR_CONFIG,
            "%s: no apt repository: neither Release nor dists/ is in it (for a folder "
            "of .deb files: reference predict deb)",
            repo->wish->dir);
    int r = file_list(repo->arena, dists, "", "", &names, err);
    for (; r == 0 && *names; names++) {
        const char *folder = in(repo, dists, *names);
        if (!folder || !has_release(repo, folder))
            continue;
        if (repo->lists)
            return gb_err_set(err, GB_ERR_CONFIG, "%s: several suites; choose by --suite", dists);
        repo->lists = folder;
    }
    if (r == 0 && !repo->lists)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: no suite with a Release", dists);
    return r;
}

/* A mirror that serves one suite's signed Release as another's is no mirror of it. */
static int check_suite(const struct repo *repo, struct gb_err *err)
{
    const struct apt_release *release = &repo->release;
    struct gb_bytes folder, last, name = gb_bytes_str(repo->wish->suite ? repo->wish->suite : "");
    while (name.len > 0 && name.data[name.len - 1] == '/')
        name.len--;
    if (repo->flat || !file_path_split(gb_bytes_str(repo->lists), &folder, &last) ||
        apt_release_is(release, last) || apt_release_is(release, name)) /* "buster/updates" */
        return GB_OK;
    const char *suite = gb_text_escape(repo->arena, release->suite, SHOWN);
    const char *codename = gb_text_escape(repo->arena, release->codename, SHOWN);
    return gb_err_set(err, GB_ERR_DENIED,
                      "%s: its Release is of suite \"%s\", codename \"%s\": name the folder as it "
                      "calls itself, if that is what you want",
                      repo->lists, suite ? suite : "?", codename ? codename : "?");
}

/* Unpacks a stream whole: Packages.xz. */
static int unpack_all(const struct repo *repo, struct gb_bytes packed, struct gb_bytes *ret_text,
                      struct gb_err *err)
{
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    struct arc_bytes source = {.rest = packed};
    struct arc_entry entry;
    struct gb_bytes piece = {0};
    struct gb_buf text;
    int r = arc_open(ARC_RAW, false, arc_input_bytes(&source), &arc, err);
    if (r == 0)
        r = arc_next(arc, &entry, err);
    if (r <= 0)
        return r;
    gb_buf_init(&text, GB_LIMIT_CONTROL);
    do {
        r = arc_read(arc, &piece, err);
        if (r == 0)
            gb_buf_add(&text, piece.data, piece.len);
    } while (r == 0 && piece.len > 0 && gb_buf_ok(&text));
    if (r == 0 && !gb_buf_ok(&text))
        r = gb_err_set(err, GB_ERR_LIMIT, "unpacks to more than %d MB", GB_LIMIT_CONTROL >> 20);
    if (r == 0)
        *ret_text = gb_arena_copy(repo->arena, gb_buf_bytes(&text));
    gb_buf_done(&text);
    return r == 0 && !ret_text->data ? gb_err_nomem(err) : r;
}

static int check_list(const struct repo *repo, const char *name, struct gb_bytes bytes,
                      struct gb_err *err)
{
    uint8_t digest[FILE_DIGEST];
    struct apt_file listed;
    if (!apt_release_find(&repo->release, name, &listed))
        return gb_err_set(err, GB_ERR_INPUT, "not listed in Release");
    int r = digest_of(repo->digester, DIGEST_SHA256, bytes, digest);
    if (r < 0)
        return gb_err_set(err, r, "cannot compute a digest");
    if (bytes.len != listed.size || memcmp(digest, listed.sha256, sizeof digest) != 0)
        return gb_err_set(err, GB_ERR_INPUT,
                          "not the file that Release lists: another size or SHA-256");
    return GB_OK;
}

static int add_package(void *ctx, const struct apt_package *package, struct gb_err *err)
{
    struct repo *repo = ctx;
    if (repo->wish->only &&
        !dpkg_find(repo->wish->only, package->name, package->version, package->arch))
        return GB_OK;
    if (repo->count == GB_LIMIT_PACKAGES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d packages", GB_LIMIT_PACKAGES);
    if (repo->count == repo->room) {
        size_t room = repo->room ? 2 * repo->room : 256;
        struct package_job *jobs = gb_arena_new_array(repo->arena, struct package_job, room);
        if (!jobs)
            return gb_err_nomem(err);
        if (repo->count > 0)
            memcpy(jobs, repo->jobs, repo->count * sizeof *jobs);
        repo->jobs = jobs;
        repo->room = room;
    }
    struct package_job job = {
        .path = gb_arena_printf(repo->arena, "%s/%.*s", repo->wish->dir, (int)package->path.len,
                                (const char *)package->path.data),
        .checked = true,
        .size = package->file.size,
        .package = {.name = package->name, .version = package->version, .arch = package->arch}};
    if (!job.path)
        return gb_err_nomem(err);
    memcpy(job.sha256, package->file.sha256, sizeof job.sha256);
    repo->jobs[repo->count++] = job;
    return GB_OK;
}

static const char *const ends[] = {"", ".xz", ".gz", ".zst", ".bz2"};

/* A set without them is good, and knows less than the repository has. */
static int tell_missing(const struct repo *repo, const char *base, struct gb_err *err)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(ends); i++) {
        const char *name = gb_arena_printf(repo->arena, "%s%s", base, ends[i]);
        struct apt_file file;
        if (!name)
            return gb_err_nomem(err);
        if (!apt_release_find(&repo->release, name, &file) || file.size == 0)
            continue;
        fprintf(stderr,
                "garboard: WARNING: %s/%s: Release lists it, and it is not here: its packages are "
                "not in the set\n",
                repo->lists, base);
        return GB_OK;
    }
    return GB_OK;
}

/* One Packages file, in whichever compression is there. *ret_found stays when there is none. */
static int read_list(struct repo *repo, const char *base, bool *ret_found, struct gb_err *err)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(ends); i++) {
        const char *name = gb_arena_printf(repo->arena, "%s%s", base, ends[i]);
        const char *path = name ? in(repo, repo->lists, name) : NULL;
        struct gb_bytes bytes = {0};
        if (!path)
            return gb_err_nomem(err);
        if (!there(path))
            continue;
        int r = file_read(repo->arena, path, GB_LIMIT_CONTROL, &bytes, err);
        if (r < 0)
            return r;
        r = check_list(repo, name, bytes, err);
        if (r == 0 && *ends[i])
            r = unpack_all(repo, bytes, &bytes, err);
        if (r == 0)
            r = apt_packages_read(bytes, add_package, repo, err);
        if (r < 0)
            gb_err_prefix(err, "%s: ", path);
        *ret_found = true;
        return r;
    }
    return tell_missing(repo, base, err);
}

static int choose_arch(const struct repo *repo, struct gb_bytes *ret_arch, struct gb_err *err)
{
    struct gb_bytes rest = repo->release.architectures;
    struct gb_bytes chosen = {0};
    if (repo->wish->arch) {
        *ret_arch = gb_bytes_str(repo->wish->arch);
        return GB_OK;
    }
    for (struct gb_bytes word = gb_text_word(&rest); word.len > 0; word = gb_text_word(&rest)) {
        if (gb_bytes_is(word, "all"))
            continue;
        if (chosen.len > 0)
            return gb_err_set(err, GB_ERR_CONFIG, "%s: several architectures; choose by --arch",
                              repo->lists);
        chosen = word;
    }
    *ret_arch = chosen.len > 0 ? chosen : gb_bytes_str("all");
    return GB_OK;
}

static int read_component(struct repo *repo, struct gb_bytes component, struct gb_bytes arch,
                          bool *ret_found, struct gb_err *err)
{
    const struct gb_bytes archs[] = {arch, gb_bytes_str("all")};
    bool one = gb_bytes_is(arch, "all") || repo->release.all_is_within;
    size_t count = one ? 1 : GB_ARRAY_LEN(archs);
    int r = GB_OK;
    for (size_t i = 0; r == 0 && i < count; i++) {
        const char *base = gb_arena_printf(repo->arena, "%.*s/binary-%.*s/Packages",
                                           (int)component.len, (const char *)component.data,
                                           (int)archs[i].len, (const char *)archs[i].data);
        r = base ? read_list(repo, base, ret_found, err) : gb_err_nomem(err);
    }
    return r;
}

static int read_lists(struct repo *repo, struct gb_err *err)
{
    struct gb_bytes rest = repo->release.components;
    struct gb_bytes arch = {0};
    bool found = false;
    int r = GB_OK;
    if (repo->flat) {
        r = read_list(repo, "Packages", &found, err);
    } else {
        r = choose_arch(repo, &arch, err);
        if (r == 0 && !control_word(arch))
            return gb_err_set(err, GB_ERR_CONFIG, "--arch is no architecture");
        for (struct gb_bytes word = gb_text_word(&rest); r == 0 && word.len > 0;
             word = gb_text_word(&rest)) {
            if (memmem(word.data, word.len, "..", 2) || *word.data == '/')
                return gb_err_set(err, GB_ERR_INPUT, "%s: a component that is none", repo->lists);
            r = read_component(repo, word, arch, &found, err);
        }
    }
    if (r == 0 && !found)
        return gb_err_set(err, GB_ERR_NOTFOUND, "%s: no Packages file for %.*s", repo->lists,
                          (int)arch.len, (const char *)arch.data);
    return r;
}

int apt_repo_jobs(struct gb_arena *arena, const struct apt_wish *wish,
                  struct package_job **ret_jobs, size_t *ret_count, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct repo repo = {.arena = arena, .wish = wish};
    int r = digester_new(&digester, err);
    repo.digester = digester;
    if (r == 0)
        r = choose_suite(&repo, err);
    if (r == 0)
        r = apt_trusted_release(arena, wish, repo.lists, &repo.release, err);
    if (r == 0)
        r = check_suite(&repo, err);
    if (r == 0)
        r = read_lists(&repo, err);
    if (r < 0)
        return r;
    *ret_jobs = repo.jobs;
    *ret_count = repo.count;
    return GB_OK;
}
