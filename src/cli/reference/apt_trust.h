/* The Release of an apt repository, and whose signature it has. */
#ifndef GB_CLI_APT_TRUST_H
#define GB_CLI_APT_TRUST_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/reference/apt_repo.h"
#include "reference/packages/apt.h"

/*
 * Reads InRelease or Release in the folder `lists`. With wish->keyring a good signature by a key of
 * it is asked for, and nothing is read but what gpgv says is signed; without, a message says that
 * nothing was checked. What it says of its age is printed. Spans live in the arena. GB_ERR_DENIED:
 * a signature that is missing, not good, of SHA-1, or by a key that expired or was revoked; INPUT,
 * NOTFOUND (also: no gpgv), IO, LIMIT, NOMEM.
 */
GB_MUST_USE int apt_trusted_release(struct gb_arena *arena, const struct apt_wish *wish,
                                    const char *lists, struct apt_release *ret_release,
                                    struct gb_err *err);

#endif
