#include "server/kept/kept_load.h"

#include <string.h>

#include "base/limits.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "evidence/kept.h"
#include "server/kept/blob_cache.h"
#include "server/nodes/ek_certs.h"
#include "store/kept.h"
#include "store/store.h"
#include "wire/pack.h"

/* Our own rows, not a node's bytes: what cannot be read is damaged. */
static int damaged(int r, struct gb_err *err)
{
    if (r != GB_ERR_INPUT)
        return r;
    gb_err_prefix(err, "kept evidence is damaged: ");
    if (err)
        err->code = GB_ERR_CONFIG;
    return GB_ERR_CONFIG;
}

static int read_head(struct gb_arena *arena, const struct store_kept *row, struct bundle *bundle,
                     struct gb_err *err)
{
    struct gb_bytes head;
    if (row->head_size > GB_LIMIT_KEPT)
        return gb_err_set(err, GB_ERR_CONFIG, "kept evidence is damaged");
    int r = unpack(arena, row->head, row->head_size, &head, err);
    return damaged(r < 0 ? r : envelope_read(arena, head, bundle, err), err);
}

/* One list of all its segments. */
static int join_ima(struct gb_arena *arena, struct store *store, struct blob_cache *cache,
                    const struct store_kept *row, struct gb_bytes *ret_list, struct gb_err *err)
{
    uint64_t size = 0;
    size_t at = 0;
    for (size_t i = 0; i < row->part_count; i++)
        if (row->parts[i].part == STORE_PART_IMA && row->parts[i].blob.size <= GB_LIMIT_IMA_LOG)
            size += row->parts[i].blob.size;
    if (size > GB_LIMIT_IMA_LOG)
        return gb_err_set(err, GB_ERR_LIMIT, "the IMA list is larger than %d bytes",
                          GB_LIMIT_IMA_LOG);
    *ret_list = (struct gb_bytes){0};
    if (size == 0)
        return GB_OK;
    uint8_t *list = gb_arena_alloc_raw(arena, (size_t)size, 1);
    if (!list)
        return gb_err_nomem(err);
    for (size_t i = 0; i < row->part_count; i++) {
        struct gb_bytes bytes;
        if (row->parts[i].part != STORE_PART_IMA)
            continue;
        int r = blob_cache_get(cache, arena, store, &row->parts[i].blob, false, &bytes, err);
        if (r < 0)
            return r;
        if (bytes.len == size) { /* the only one, as a rule */
            *ret_list = bytes;
            return GB_OK;
        }
        memcpy(list + at, bytes.data, bytes.len);
        at += bytes.len;
    }
    *ret_list = gb_bytes(list, at);
    return GB_OK;
}

static int read_parts(struct gb_arena *arena, struct store *store, struct blob_cache *cache,
                      const struct store_kept *row, struct bundle *bundle, struct gb_err *err)
{
    for (size_t i = 0; i < row->part_count; i++) {
        const struct store_kept_part *part = &row->parts[i];
        struct gb_bytes certs = {0};
        struct gb_bytes *to = part->part == STORE_PART_BOOT_LOG      ? &bundle->boot_log
                              : part->part == STORE_PART_SYSTEMD_LOG ? &bundle->systemd_log
                              : part->part == STORE_PART_CMDLINE     ? &bundle->cmdline
                              : part->part == STORE_PART_EK_CERTS    ? &certs
                                                                     : NULL;
        if (!to)
            continue;
        int r = blob_cache_get(cache, arena, store, &part->blob, part->part != STORE_PART_EK_CERTS,
                               to, err);
        if (r == GB_OK && to == &certs)
            r = damaged(ek_certs_read(certs, bundle, err), err);
        if (r < 0)
            return r;
    }
    return join_ima(arena, store, cache, row, &bundle->ima, err);
}

int kept_load(struct gb_arena *arena, struct store *store, struct blob_cache *cache,
              const struct store_kept *row, struct kept *ret_kept, struct gb_err *err)
{
    /* Clock and counters of what went on were judged against each round before it; what is judged
     * again is the whole boot, against what was held when it began. */
    const bool of_chain = row->accepted && !row->whole;
    struct kept *kept = gb_arena_new_one(arena, struct kept);
    if (!kept)
        return gb_err_nomem(err);
    int r = read_head(arena, row, &kept->bundle, err);
    if (r == GB_OK)
        r = read_parts(arena, store, cache, row, &kept->bundle, err);
    if (r < 0)
        return r;
    kept->nonce = row->nonce;
    kept->transport = gb_bytes(row->transport, STORE_HASH);
    kept->issued_s = row->at_s;
    kept->judged_s = row->judged_s;
    kept->before = of_chain ? row->first_before : row->before;
    kept->facts = gb_bytes_str(row->facts ? row->facts : "{}");
    kept->trust_id = row->trust_id;
    *ret_kept = *kept;
    return GB_OK;
}
