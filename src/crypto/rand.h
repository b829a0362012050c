/* Random bytes from the system's CSPRNG. */
#ifndef GB_CRYPTO_RAND_H
#define GB_CRYPTO_RAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

/* GB_ERR_IO when the system gives none; `out` is then worthless. Any thread. */
GB_MUST_USE int rand_bytes(uint8_t *out, size_t len, struct gb_err *err);

#endif
