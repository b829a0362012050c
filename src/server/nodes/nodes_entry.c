#include "server/nodes/nodes_entry.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/key.h"
#include "evidence/tpm_wire.h"
#include "server/nodes/nodes.h"
#include "store/store.h"

/* At most `max` bytes; NULL for NULL, and when out of memory. */
static char *copy_text(const char *text, size_t max)
{
    if (!text)
        return NULL;
    size_t len = strnlen(text, max);
    char *copy = gb_calloc(1, len + 1);
    if (copy)
        memcpy(copy, text, len);
    return copy;
}

static int copy_facts(struct entry *entry, const struct store_node *facts, struct gb_err *err)
{
    struct node *node = &entry->node;
    uint8_t *area = gb_calloc(1, facts->ak_public.len + 1);
    node->name = copy_text(facts->name, PTRDIFF_MAX);
    node->labels = copy_text(facts->labels ? facts->labels : "", PTRDIFF_MAX);
    node->labels_num = facts->labels_num;
    node->ak_public = gb_bytes(area, facts->ak_public.len);
    if (!area || !node->name || !node->labels)
        return gb_err_nomem(err);
    memcpy(area, facts->ak_public.data, facts->ak_public.len);
    memcpy(node->id, facts->id, sizeof node->id);
    memcpy(node->transport, facts->transport, sizeof node->transport);
    entry->enrolled_s = facts->enrolled_s;
    return GB_OK;
}

int entry_new(const struct store_node *facts, struct entry **ret_entry, struct gb_err *err)
{
    struct tpm_public area;
    struct entry *entry = gb_calloc(1, sizeof *entry);
    if (!entry)
        return gb_err_nomem(err);
    int r = copy_facts(entry, facts, err);
    if (r == GB_OK)
        r = tpm_public_read(entry->node.ak_public, &area, err);
    if (r == GB_OK)
        r = tpm_public_key(&area, &entry->node.ak, err);
    if (r < 0) {
        entry_free(entry);
        return r;
    }
    *ret_entry = entry;
    return GB_OK;
}

static void free_text(const char *text)
{
    gb_free((void *)(uintptr_t)text);
}

void entry_free(struct entry *entry)
{
    if (!entry)
        return;
    key_free(entry->node.ak);
    gb_free(entry->node.name);
    gb_free(entry->node.labels);
    gb_free(entry->next_labels);
    gb_free((void *)(uintptr_t)entry->node.ak_public.data);
    free_text(entry->verdict.reason);
    free_text(entry->verdict.policy);
    gb_free(entry);
}

const char *entry_labels(const struct entry *entry)
{
    return entry->next_labels ? entry->next_labels : entry->node.labels;
}

uint64_t entry_labels_num(const struct entry *entry)
{
    return entry->next_labels ? entry->next_labels_num : entry->node.labels_num;
}

void entry_relabel(struct entry *entry, char *labels, uint64_t labels_num)
{
    if (labels_num <= entry_labels_num(entry)) {
        gb_free(labels);
        return;
    }
    gb_free(entry->next_labels);
    entry->next_labels = labels;
    entry->next_labels_num = labels_num;
}

void entry_use_labels(struct entry *entry)
{
    if (!entry->next_labels)
        return;
    gb_free(entry->node.labels);
    entry->node.labels = entry->next_labels;
    entry->node.labels_num = entry->next_labels_num;
    entry->next_labels = NULL;
}

bool entry_tell(struct entry *entry, const struct node_verdict *verdict)
{
    char *reason = copy_text(verdict->reason, NODES_REASON);
    char *policy = copy_text(verdict->policy, NODES_REASON);
    if ((verdict->reason && !reason) || (verdict->policy && !policy)) {
        gb_free(reason);
        gb_free(policy);
        return false;
    }
    free_text(entry->verdict.reason);
    free_text(entry->verdict.policy);
    entry->verdict = *verdict;
    entry->verdict.reason = reason;
    entry->verdict.policy = policy;
    return true;
}

void entry_distrust(struct entry *entry)
{
    entry->verdict.judged = entry->verdict.unkept = true;
    entry->verdict.trusted = false;
    entry->verdict.tier = GB_TIER_CONTRAINDICATED;
}

/* False when out of memory. */
static bool arena_text(struct gb_arena *arena, const char *text, const char **ret_text)
{
    *ret_text = NULL;
    if (!text)
        return true;
    *ret_text = (const char *)gb_arena_copy(arena, gb_bytes_str(text)).data;
    return *ret_text != NULL;
}

bool entry_summary(const struct entry *entry, struct gb_arena *arena,
                   struct node_summary *ret_summary)
{
    struct node_summary summary = {.verdict = entry->verdict,
                                   .enrolled_s = entry->enrolled_s,
                                   .asked = entry->void_ms > 0 &&
                                            entry->verdict.issued_ms <= entry->void_ms,
                                   .revision = entry->revision};
    memcpy(summary.id, entry->node.id, sizeof summary.id);
    memcpy(summary.transport, entry->node.transport, sizeof summary.transport);
    bool ok = arena_text(arena, entry->node.name, &summary.name) &&
              arena_text(arena, entry_labels(entry), &summary.labels) &&
              arena_text(arena, entry->verdict.reason, &summary.verdict.reason) &&
              arena_text(arena, entry->verdict.policy, &summary.verdict.policy);
    *ret_summary = summary;
    return ok;
}
