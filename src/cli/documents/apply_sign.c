#include "cli/documents/apply_sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/documents/officer_key.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "crypto/signer.h"
#include "policy/documents/sign.h"
#include "wire/json.h"
#include "wire/yaml.h"

struct signing {
    struct gb_arena *arena;
    struct server_client *client;
    struct signer *signer;
    bool force;
    struct json *in_force; /* owned; NULL: not asked yet */
};

static const struct json *find_in_force(const struct json *documents,
                                        const struct sign_document *document)
{
    for (size_t i = 0; i < json_count(documents); i++) {
        const struct json *item = json_at(documents, i);
        struct gb_bytes kind, name;
        if (json_get_text(item, "kind", &kind) && json_get_text(item, "name", &name) &&
            gb_bytes_is(kind, document->kind) && gb_bytes_is(name, document->name))
            return item;
    }
    return NULL;
}

static bool says_the_same(const struct json *item, const uint8_t digest[32])
{
    struct gb_bytes text;
    char own[72] = "sha256:";
    gb_hex_encode(gb_bytes(digest, 32), own + 7);
    return json_get_text(item, "digest", &text) && gb_bytes_is(text, own);
}

/* Its spec.life, as it is written; "accepted" without one. */
static const char *life_of(struct gb_arena *arena, const struct sign_document *document)
{
    const struct yaml_node *spec = yaml_get(document->node, "spec");
    const struct yaml_node *life =
        spec && spec->kind == YAML_MAPPING ? yaml_get(spec, "life") : NULL;
    const char *text = life && life->kind == YAML_SCALAR
                           ? (const char *)gb_arena_copy(arena, life->text).data
                           : "accepted";
    return text ? text : "";
}

/* The file of the first day must not undo what was decided since. */
static bool goes_back(const char *now, const char *then)
{
    if (strcmp(now, "accepted") == 0)
        return strcmp(then, "candidate") == 0 || strcmp(then, "shadow") == 0;
    return strcmp(now, "retired") == 0 && strcmp(then, "retired") != 0;
}

/* CMD_REFUSED, and told, where the next version is not ours to give: what was deleted, and what has
 * another life since this file was written. */
static int check_return(const struct signing *signing, const struct sign_text *text,
                        const struct sign_document *document, const struct json *item)
{
    bool deleted = false;
    uint64_t version = 0;
    const char *now = reply_text(signing->arena, item, "life");
    const char *then = life_of(signing->arena, document);
    json_get_number(item, "version", &version);
    json_get_bool(item, "deleted", &deleted);
    if (deleted) {
        fprintf(stderr,
                "garboard: %s:%u: %s %s was deleted as version %" PRIu64 " by %s, and this file "
                "has no version\n  -> to bring it back, write version: %" PRIu64
                " into its metadata\n",
                text->file.name, document->node->line, document->kind, document->name, version,
                reply_text(signing->arena, item, "applied_by"), version + 1);
        return CMD_REFUSED;
    }
    if (signing->force || !goes_back(now, then))
        return CMD_OK;
    fprintf(stderr,
            "garboard: %s:%u: %s %s is %s (version %" PRIu64 "); this file has no version and "
            "says %s\n  -> garboard reference made it %s: write life: %s into the file; or, to "
            "undo that, version: %" PRIu64 " or --force\n",
            text->file.name, document->node->line, document->kind, document->name, now, version,
            then, now, now, version + 1);
    return CMD_REFUSED;
}

/* ReferenceSets may leave their version to us: what must not go back must be in order. */
static int choose_version(struct signing *signing, struct sign_text *text, size_t i,
                          struct gb_err *err)
{
    struct sign_document *document = &text->documents[i];
    uint64_t version = 0;
    uint8_t digest[32];
    int r = signing->in_force ? GB_OK
                              : server_get(signing->client, "/v1/policy", &signing->in_force, err);
    if (r != 0)
        return r;
    const struct json *item = find_in_force(json_get(signing->in_force, "documents"), document);
    if (item)
        json_get_number(item, "version", &version);
    r = sign_digest(text, i, version, digest, err);
    if (r == GB_OK && item && !says_the_same(item, digest))
        r = check_return(signing, text, document, item);
    if (r == GB_OK)
        document->add_version = item && says_the_same(item, digest) ? version : version + 1;
    return r;
}

static int sign_file(struct signing *signing, struct apply_file *file, size_t *ret_fresh,
                     struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    struct sign_text text;
    gb_buf_init(&out, GB_LIMIT_POLICY);
    int r = sign_read(signing->arena, file->name, file->text, signing->signer, &text, err);
    for (size_t i = 0; r == GB_OK && i < text.count; i++) {
        *ret_fresh += !text.documents[i].is_signed;
        if (!text.documents[i].is_signed && text.documents[i].version == 0)
            r = choose_version(signing, &text, i, err);
    }
    if (r == GB_OK)
        r = sign_write(&text, signing->signer, &out, err);
    if (r != GB_OK)
        return r;
    file->text = gb_arena_copy(signing->arena, gb_buf_bytes(&out));
    file->inserted = text.inserted;
    file->inserted_count = text.inserted_count;
    return file->text.data ? GB_OK : gb_err_nomem(err);
}

static int sign_all(struct signing *signing, struct apply_files *files, struct gb_err *err)
{
    size_t fresh = 0;
    char id[72];
    int r = officer_id(signing->signer, id, err);
    for (size_t i = 0; r == GB_OK && i < files->count; i++)
        r = sign_file(signing, &files->items[i], &fresh, err);
    if (r == GB_OK)
        r = apply_files_join(files, err);
    if (r == GB_OK && fresh > 0)
        fprintf(stderr, "signing as officer %s\n", id);
    return r;
}

int apply_sign(struct gb_arena *arena, const struct cmd_line *line, struct server_client *client,
               struct apply_files *files, struct gb_err *err)
{
    struct client_conf conf = {0};
    struct signing signing = {.arena = arena, .client = client, .force = cmd_has(line, "force")};
    int r = client_conf_officer(arena, line, &conf, err);
    if (r < 0 || !conf.officer_key)
        return r;
    r = officer_key_read(arena, conf.officer_key, conf.officer_passphrase_file, &signing.signer,
                         err);
    if (r == GB_OK)
        r = sign_all(&signing, files, err);
    json_free(signing.in_force);
    signer_free(signing.signer);
    return r;
}
