#include "policy/sets/file_index.h"

#include "crypto/digest.h"
#include "policy/sets/file_table.h"
#include "policy/sets/refval.h"

static const struct table *table_of(const struct file_index *index, bool verity,
                                    enum digest_alg alg, struct gb_bytes digest)
{
    if (!index || ref_digest_position(alg) == DIGEST_ALGS)
        return NULL;
    const struct table *table =
        &index->tables[ref_digest_position(alg) + (verity ? DIGEST_ALGS : 0)];
    return table->slot_count > 0 && digest.len == table->size ? table : NULL;
}

bool file_index_find(const struct file_index *index, bool verity, enum digest_alg alg,
                     struct gb_bytes digest, struct file_hit *ret_hit)
{
    const struct table *table = table_of(index, verity, alg, digest);
    if (!table)
        return false;
    uint32_t held =
        table->slots[table_find(table, table_hash(index->seed, digest.data), digest.data)];
    if (held == 0)
        return false;
    size_t known = table->masks[table_id(table, held)];
    *ret_hit = (struct file_hit){index->known + known * index->words, index->words};
    return true;
}

void file_index_prefetch(const struct file_index *index, bool verity, enum digest_alg alg,
                         struct gb_bytes digest)
{
    const struct table *table = table_of(index, verity, alg, digest);
    if (table)
        __builtin_prefetch(&table->slots[table_slot(table, table_hash(index->seed, digest.data))]);
}
