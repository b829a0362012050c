/* Aims at entry_read and rounds_sealed_read. An entry that was accepted has one form: it is written
 * again to the same bytes. */
#include <stdlib.h>

#include "base/limits.h"
#include "ledger/entry.h"
#include "ledger/rounds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entry entry;
    struct gb_bytes word;
    struct rounds_sealed sealed;
    struct gb_buf again;
    gb_cleanup(json_freep) struct json *tree = NULL;
    if (entry_read(gb_bytes(data, size), &entry, &word, &tree, NULL) < 0)
        return 0;
    must(size <= GB_LIMIT_ENTRY && entry.at_ms >= 0 && word.len > 0);
    if (rounds_sealed_read(entry.data, &sealed, NULL) == 0)
        must(sealed.count > 0 && sealed.minute_s % 60 == 0);
    if (entry.what == ENTRY_NONE)
        return 0;
    gb_buf_init(&again, SIZE_MAX);
    must(entry_write(&entry, &again, NULL) == 0);
    must(gb_bytes_equal(gb_buf_bytes(&again), gb_bytes(data, size)));
    gb_buf_done(&again);
    return 0;
}
