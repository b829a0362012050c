/* NodePolicy.spec.ima.signers: whose signature on a file makes it known, and where. */
#ifndef GB_POLICY_IMA_SIGNERS_H
#define GB_POLICY_IMA_SIGNERS_H

#include <stddef.h>

#include "base/bytes.h"
#include "crypto/sig_key.h"

struct ima_signer {
    const char *name;            /* of the key, for verdicts; one signer of a name */
    struct gb_bytes certificate; /* PEM as the document has it, */
    struct sig_key key;          /* and the key in it */
    const char *const *paths;    /* files under these paths; one that ends in a slash is a folder */
    size_t path_count;           /* 0: wherever the file lies */
};

struct ima_signers {
    const struct ima_signer *items;
    size_t count;
};

#endif
