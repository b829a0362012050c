#include "crypto/rand.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

int rand_bytes(uint8_t *out, size_t len, struct gb_err *err)
{
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return gb_err_sys(err, errno, "the system gives no random bytes");
        out += got;
        len -= (size_t)got;
    }
    return GB_OK;
}
