#include "agent/collect.h"

#include "agent/config.h"
#include "agent/ima_list.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "os/file.h"

static int read_log(struct gb_arena *arena, const char *path, size_t max, struct gb_bytes *ret_log,
                    struct gb_err *err)
{
    int r = file_read(arena, path, max, ret_log, err);
    if (r == GB_ERR_NOTFOUND) {
        *ret_log = gb_bytes(NULL, 0);
        return GB_OK;
    }
    return r;
}

static int whole_boot(const struct config *config, struct digester *digester,
                      struct gb_arena *arena, struct collected *collected, struct bundle *bundle,
                      struct gb_err *err)
{
    int r = read_log(arena, config->eventlog, GB_LIMIT_BOOT_LOG, &bundle->boot_log, err);
    if (r == GB_OK)
        r = read_log(arena, config->systemd_log, GB_LIMIT_SYSTEMD_LOG, &bundle->systemd_log, err);
    if (r == GB_OK)
        r = read_log(arena, config->cmdline, GB_LIMIT_CMDLINE, &bundle->cmdline, err);
    if (r < 0)
        return r;
    collected->has_boot_log = bundle->boot_log.data;
    if (digest_of(digester, DIGEST_SHA256, bundle->boot_log, collected->boot_log_digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return GB_OK;
}

/* The digest of a log that an earlier run of the agent sent: the same file, in the same boot. */
static int boot_digest(const struct config *config, struct digester *digester,
                       struct gb_arena *arena, struct collected *collected, struct bundle *bundle,
                       struct gb_err *err)
{
    struct gb_bytes log;
    if (!collected->has_boot_log) {
        int r = read_log(arena, config->eventlog, GB_LIMIT_BOOT_LOG, &log, err);
        if (r < 0 || !log.data)
            return r;
        if (digest_of(digester, DIGEST_SHA256, log, collected->boot_log_digest) < 0)
            return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
        collected->has_boot_log = true;
    }
    bundle->boot_log_digest =
        gb_bytes(collected->boot_log_digest, sizeof collected->boot_log_digest);
    return GB_OK;
}

static int ima_entries(const struct config *config, uint64_t from, struct collected *collected,
                       struct gb_buf *ima, struct bundle *bundle, struct gb_err *err)
{
    int r = ima_list_read(config->ima, from, &collected->ima, ima, err);
    if (r == GB_ERR_NOTFOUND)
        return GB_OK;
    if (r < 0)
        return r;
    bundle->ima = ima->data ? gb_buf_bytes(ima) : gb_bytes("", 0);
    bundle->ima_from = from;
    return GB_OK;
}

int collect_logs(const struct config *config, struct digester *digester, struct gb_arena *arena,
                 const struct wanted_logs *wanted, struct collected *collected, struct gb_buf *ima,
                 struct bundle *bundle, struct gb_err *err)
{
    int r = wanted->boot_log ? whole_boot(config, digester, arena, collected, bundle, err)
                             : boot_digest(config, digester, arena, collected, bundle, err);
    return r < 0 ? r : ima_entries(config, wanted->ima_from, collected, ima, bundle, err);
}
