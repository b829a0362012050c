#include "server/nodes/facts.h"

#include "base/buf.h"
#include "base/labels.h"
#include "base/limits.h"
#include "verify/facts.h"
#include "wire/json.h"

int facts_read(struct gb_arena *arena, const char *name, const char *labels,
               struct node_facts *ret_facts, struct gb_err *err)
{
    *ret_facts = (struct node_facts){.name = name};
    if (!labels || labels[0] == '\0')
        return GB_OK;
    int r = gb_labels_read(arena, gb_bytes_str(labels), &ret_facts->labels, err);
    return r < 0 && r != GB_ERR_NOMEM
               ? gb_err_set(err, GB_ERR_BUG, "the labels of %s do not read", name)
               : r;
}

const char *facts_json(struct gb_arena *arena, const char *name, const char *labels)
{
    gb_cleanup(json_freep) struct json *json = json_new_object();
    struct gb_buf line;
    json_set(json, "name", json_text(name));
    json_set(json, "labels", json_text(labels ? labels : ""));
    gb_buf_init(&line, GB_LIMIT_ENTRY);
    json_line(json, &line);
    const char *copy = NULL;
    if (gb_buf_ok(&line))
        copy = (const char *)gb_arena_copy(arena, gb_buf_bytes(&line)).data;
    gb_buf_done(&line);
    return copy;
}
