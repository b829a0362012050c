#include "cli/evidence/node_evidence.h"

#include <inttypes.h>
#include <string.h>

#include "attest/attest.h"
#include "attest/trust.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/labels.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/evidence/trust_files.h"
#include "cli/node/node_hint.h"
#include "cli/server_client.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "crypto/x509.h"
#include "evidence/kept.h"
#include "policy/policy.h"
#include "verify/facts.h"
#include "wire/json.h"

/* The server says 404 to both; whoever may list nodes is told which it is. */
static int not_found(struct gb_arena *arena, struct server_client *client, const char *path,
                     const char *node, struct gb_err *err)
{
    const char *hint = node_hint(arena, client, path);
    const char *itself = gb_arena_printf(arena, " (did you mean \"%s\"?)", node);
    if (itself && strcmp(hint, itself) == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "%s: nothing of it is kept until then: garboard node history %s says "
                          "what is",
                          node, node);
    if (*hint)
        return gb_err_set(err, GB_ERR_NOTFOUND, "%s: no such node%s", node, hint);
    return gb_err_set(err, GB_ERR_NOTFOUND,
                      "%s: no such node, or nothing of it is kept until then: garboard node list "
                      "and garboard node history %s say what is",
                      node, node);
}

int node_evidence_fetch(struct server_client *client, struct gb_arena *arena, const char *node,
                        int64_t at_s, struct kept *ret_kept, struct gb_err *err)
{
    char at[GB_CLOCK_TEXT] = "";
    struct gb_bytes bytes = {0};
    gb_clock_text(at_s, at);
    const char *after = at_s ? gb_arena_printf(arena, "/evidence?at=%s", at) : "/evidence";
    const char *path = after ? server_path(arena, "/v1/nodes/", node, after) : NULL;
    int r = path ? server_fetch(client, arena, path, &bytes, err) : gb_err_nomem(err);
    if (r == GB_ERR_NOTFOUND)
        return not_found(arena, client, path, node, err);
    return r != 0 ? r : kept_read(arena, bytes, ret_kept, err);
}

int node_evidence_facts(struct gb_arena *arena, const struct kept *kept, enum node_evidence_by by,
                        struct node_facts *ret_facts, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *json = NULL;
    struct node_facts facts = {0};
    struct gb_bytes name, labels;
    int r = json_read(by == NODE_EVIDENCE_THEN ? kept->facts : kept->facts_now, &json, err);
    if (r < 0)
        return r;
    if (!json_get_text(json, "name", &name) || !json_get_text(json, "labels", &labels))
        return gb_err_set(err, GB_ERR_INPUT, "what is known of the node has no name or no labels");
    facts.name = (const char *)gb_arena_copy(arena, name).data;
    if (!facts.name)
        return gb_err_nomem(err);
    r = gb_labels_read(arena, labels, &facts.labels, err);
    if (r == GB_OK)
        *ret_facts = facts;
    return r;
}

/* Names of documents become those of files in errors of their readers. */
static int as_files(struct gb_arena *arena, const struct kept_documents *documents,
                    const struct policy_file **ret_files, struct gb_err *err)
{
    struct policy_file *files = gb_arena_new_array(arena, struct policy_file, documents->count + 1);
    if (!files)
        return gb_err_nomem(err);
    for (size_t i = 0; i < documents->count; i++) {
        files[i].name =
            gb_text_escape(arena, documents->items[i].name, (size_t)GB_LIMIT_ERR_TEXT / 2);
        files[i].bytes = documents->items[i].text;
        if (!files[i].name)
            return gb_err_nomem(err);
    }
    *ret_files = files;
    return GB_OK;
}

int node_evidence_trust(struct gb_arena *arena, const struct cmd_line *line,
                        const struct kept *kept, enum node_evidence_by by,
                        const struct policy_file *roots, size_t root_count, struct trust *ret_trust,
                        struct x509_store **ret_roots, struct gb_err *err)
{
    static const char *const what[] = {
        [NODE_EVIDENCE_THEN] = "the documents that judged it then do not count",
        [NODE_EVIDENCE_NOW] = "the documents in force now do not count"};
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    const struct kept_documents *documents = by == NODE_EVIDENCE_THEN ? &kept->then : &kept->now;
    struct trust_parts parts = {
        .policy_count = documents->count, .roots = roots, .root_count = root_count};
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = as_files(arena, documents, &parts.policies, err);
    if (r == GB_OK && parts.policy_count > 0)
        r = trust_files_signed(arena, line, what[by], &parts, err);
    if (r == GB_OK && root_count == 0) {
        r = as_files(arena, &kept->roots, &parts.roots, err);
        parts.root_count = kept->roots.count;
    }
    if (r == GB_OK)
        r = rand_bytes((uint8_t *)&parts.seed, sizeof parts.seed, err);
    return r < 0 ? r : trust_read(arena, digester, &parts, ret_trust, ret_roots, err);
}
