/* Aims at issue_request_key: a request's key, taken only when the request's own signature holds. */
#include <stdlib.h>

#include "crypto/issue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = issue_request_key(gb_bytes(data, size), &key, NULL);
    if ((r == 0) != (key != NULL) || (key && key_weakness(key)))
        abort();
    return 0;
}
