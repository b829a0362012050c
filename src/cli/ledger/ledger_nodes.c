#include "cli/ledger/ledger_nodes.h"

#include <string.h>

#include "base/encode.h"
#include "ledger/entry.h"
#include "ledger/rounds.h"
#include "wire/json.h"

bool ledger_nodes_id(struct gb_bytes text, uint8_t ret_id[ROUNDS_NODE])
{
    static const size_t dashes[] = {8, 13, 18, 23};
    static const char prefix[] = "node/";
    char hex[2 * ROUNDS_NODE];
    size_t len = 0;
    size_t dash = 0;
    if (gb_bytes_starts(text, gb_bytes_str(prefix)))
        text = gb_bytes_from(text, sizeof prefix - 1);
    if (text.len != sizeof hex + GB_ARRAY_LEN(dashes))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool at_dash = dash < GB_ARRAY_LEN(dashes) && i == dashes[dash];
        if (at_dash != (text.data[i] == '-'))
            return false;
        if (at_dash)
            dash++;
        else
            hex[len++] = (char)text.data[i];
    }
    return gb_hex_decode(gb_bytes(hex, len), ret_id, ROUNDS_NODE);
}

/* An id is a hash: its first bytes spread well. Where it stands, or would. */
static struct ledger_node **slot_of(const struct ledger_nodes *nodes, const uint8_t id[ROUNDS_NODE])
{
    uint64_t hash = 0;
    memcpy(&hash, id, sizeof hash);
    size_t at = (size_t)hash & nodes->mask;
    while (nodes->slots[at] && memcmp(nodes->slots[at]->id, id, ROUNDS_NODE) != 0)
        at = (at + 1) & nodes->mask;
    return &nodes->slots[at];
}

static bool grow(struct ledger_nodes *nodes)
{
    struct ledger_nodes more = *nodes;
    if (nodes->mask > 0 && nodes->count < nodes->mask / 2)
        return true;
    more.mask = nodes->mask > 0 ? 2 * nodes->mask + 1 : 1023;
    more.slots = gb_arena_new_array(nodes->arena, struct ledger_node *, more.mask + 1);
    if (!more.slots)
        return false;
    for (size_t i = 0; nodes->mask > 0 && i <= nodes->mask; i++)
        if (nodes->slots[i])
            *slot_of(&more, nodes->slots[i]->id) = nodes->slots[i];
    *nodes = more;
    return true;
}

/* Copies: the entry does not outlive its bundle. An AK of no bytes says that there is none. */
static int read_keys(struct gb_arena *arena, const struct entry *entry,
                     struct ledger_enrolled *ret_keys, struct gb_err *err)
{
    struct gb_bytes ak;
    struct gb_bytes transport;
    ret_keys->at_ms = entry->at_ms;
    if (!json_get_text(entry->data, "ak_public", &ak) ||
        !json_get_text(entry->data, "transport", &transport) ||
        !gb_hex_decode(transport, ret_keys->transport, sizeof ret_keys->transport))
        return GB_OK;
    size_t len = gb_base64_len(ak);
    uint8_t *area = gb_arena_alloc_raw(arena, len + 1, 1);
    if (!area)
        return gb_err_nomem(err);
    if (gb_base64_decode_exact(ak, area, len))
        ret_keys->ak_public = gb_bytes(area, len);
    return GB_OK;
}

int ledger_nodes_enrol(struct ledger_nodes *nodes, const struct entry *entry,
                       const char **ret_fault, struct gb_err *err)
{
    uint8_t id[ROUNDS_NODE];
    struct ledger_enrolled keys = {0};
    int r = read_keys(nodes->arena, entry, &keys, err);
    if (r < 0)
        return r;
    if (!ledger_nodes_id(entry->whom.text, id) || keys.ak_public.len == 0) {
        *ret_fault = "an entry \"node.enrol\" without the node's id, ak_public and transport";
        return GB_OK;
    }
    if (!grow(nodes))
        return gb_err_nomem(err);
    struct ledger_node **slot = slot_of(nodes, id);
    if (!*slot) {
        *slot = gb_arena_new_one(nodes->arena, struct ledger_node);
        if (!*slot)
            return gb_err_nomem(err);
        memcpy((*slot)->id, id, ROUNDS_NODE);
        (*slot)->first_ms = entry->at_ms;
        nodes->count++;
    }
    if (!gb_bytes_equal((*slot)->last.ak_public, keys.ak_public))
        (*slot)->clocked = false; /* another TPM, or a cleared one */
    (*slot)->before = (*slot)->last;
    (*slot)->last = keys;
    (*slot)->removed_ms = 0;
    return GB_OK;
}

void ledger_nodes_remove(struct ledger_nodes *nodes, const struct entry *entry)
{
    uint8_t id[ROUNDS_NODE];
    struct ledger_node *node =
        ledger_nodes_id(entry->whom.text, id) ? ledger_nodes_find(nodes, id) : NULL;
    if (node)
        node->removed_ms = entry->at_ms;
}

struct ledger_node *ledger_nodes_find(const struct ledger_nodes *nodes,
                                      const uint8_t id[ROUNDS_NODE])
{
    return nodes->mask > 0 ? *slot_of(nodes, id) : NULL;
}
