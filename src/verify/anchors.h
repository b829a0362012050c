/* What the operator pins: manufacturers' roots. Immutable once made; shared between threads. */
#ifndef GB_VERIFY_ANCHORS_H
#define GB_VERIFY_ANCHORS_H

#include "crypto/x509.h"

struct anchors {
    const struct x509_store *ek_roots; /* NULL: identity is not judged */
};

#endif
