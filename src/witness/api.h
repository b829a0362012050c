/* The routes of a witness: nobody needs a certificate, for what is signed speaks for itself. */
#ifndef GB_WITNESS_API_H
#define GB_WITNESS_API_H

#include "net/loop.h"
#include "net/router.h"
#include "os/pool.h"
#include "witness/witness.h"

struct api {
    struct witness *witness;
    struct pool *pool;
};

/* Its handlers' ctx is a struct api. */
extern const struct route api_routes[];

#endif
