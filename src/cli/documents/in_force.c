#include "cli/documents/in_force.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"
#include "wire/yaml.h"

enum { SHOWN = 300 };

static void read_doc(struct gb_arena *arena, const struct json *item, struct in_force_doc *doc)
{
    *doc = (struct in_force_doc){.item = item,
                                 .kind = reply_text(arena, item, "kind"),
                                 .name = reply_text(arena, item, "name")};
    json_get_number(item, "version", &doc->version);
    json_get_bool(item, "deleted", &doc->deleted);
    json_get_text(item, "text", &doc->text);
}

int in_force_get(struct server_client *client, struct gb_arena *arena,
                 struct in_force *ret_in_force, struct gb_err *err)
{
    struct in_force in_force = {0};
    int r = server_get(client, "/v1/policy?text=1", &in_force.reply, err);
    if (r != 0)
        return r;
    const struct json *documents = json_get(in_force.reply, "documents");
    size_t count = json_count(documents);
    in_force.docs = gb_arena_new_array(arena, struct in_force_doc, count + 1);
    if (!in_force.docs) {
        json_free(in_force.reply);
        return gb_err_nomem(err);
    }
    for (size_t i = 0; i < count; i++)
        read_doc(arena, json_at(documents, i), &in_force.docs[in_force.count++]);
    *ret_in_force = in_force;
    return GB_OK;
}

void in_force_done(struct in_force *in_force)
{
    json_free(in_force->reply);
    *in_force = (struct in_force){0};
}

const struct in_force_doc *in_force_find(const struct in_force *in_force, const char *kind,
                                         const char *name)
{
    for (size_t i = 0; i < in_force->count; i++)
        if (strcmp(in_force->docs[i].kind, kind) == 0 && strcmp(in_force->docs[i].name, name) == 0)
            return &in_force->docs[i];
    return NULL;
}

int in_force_missing(struct gb_arena *arena, const struct in_force *in_force, const char *kind,
                     const char *name, struct gb_err *err)
{
    const char **names = gb_arena_new_array(arena, const char *, in_force->count + 1);
    const char *shown = gb_text_escape(arena, gb_bytes_str(name), SHOWN);
    size_t count = 0;
    if (!names || !shown)
        return gb_err_nomem(err);
    for (size_t i = 0; i < in_force->count; i++)
        if (strcmp(in_force->docs[i].kind, kind) == 0 && !in_force->docs[i].deleted)
            names[count++] = in_force->docs[i].name;
    const char *near = gb_text_nearest(gb_bytes_str(name), names, count);
    if (near)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no %s \"%s\" is in force (did you mean \"%s\"?)",
                          kind, shown, near);
    return gb_err_set(err, GB_ERR_NOTFOUND, "no %s \"%s\" is in force (garboard get %s)", kind,
                      shown, kind);
}

int in_force_yaml(struct gb_arena *arena, const struct in_force_doc *doc,
                  const struct yaml_node **ret_node, struct gb_err *err)
{
    const char *name = gb_arena_printf(arena, "%s/%s", doc->kind, doc->name);
    struct yaml_node *docs = NULL;
    int r = name ? yaml_read(arena, doc->text, name, &docs, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    if (!docs || !docs->first || docs->first->kind != YAML_MAPPING)
        return gb_err_set(err, GB_ERR_INPUT, "%s: the server sent no document", name);
    *ret_node = docs->first;
    return GB_OK;
}

const char *in_force_spec(struct gb_arena *arena, const struct yaml_node *document, const char *key,
                          const char *fallback)
{
    const struct yaml_node *spec = yaml_get(document, "spec");
    const struct yaml_node *node = spec && spec->kind == YAML_MAPPING ? yaml_get(spec, key) : NULL;
    if (!node || node->kind != YAML_SCALAR)
        return fallback;
    const char *text = gb_text_escape(arena, node->text, SHOWN);
    return text ? text : fallback;
}
