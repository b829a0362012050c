#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Pages of its own: locking and dumping go by the page, and a neighbour must not undo them. */
bool secret_init(struct secret *secret, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (len > SIZE_MAX / 2)
        return false;
    size_t mapped = len == 0 ? page : (len + page - 1) / page * page;
    void *data = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
        return false;
    (void)mlock(data, mapped); /* RLIMIT_MEMLOCK may forbid: the bytes could then reach swap */
    (void)madvise(data, mapped, MADV_DONTDUMP);
    *secret = (struct secret){.data = data, .len = len, .mapped = mapped};
    return true;
}

void secret_done(struct secret *secret)
{
    if (secret->data) {
        secret_wipe(secret->data, secret->mapped);
        munmap(secret->data, secret->mapped);
    }
    *secret = (struct secret){0};
}

bool secret_equal(struct gb_bytes a, struct gb_bytes b)
{
    if (a.len != b.len)
        return false;
    volatile uint8_t differ = 0; /* volatile: the compiler may not stop at the first difference */
    for (size_t i = 0; i < a.len; i++)
        differ = (uint8_t)(differ | (a.data[i] ^ b.data[i]));
    return differ == 0;
}

void secret_wipe(void *data, size_t len)
{
    if (len > 0)
        explicit_bzero(data, len);
}
