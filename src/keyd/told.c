#include "keyd/told.h"

#include "base/labels.h"
#include "crypto/digest.h"
#include "keyd/desk.h"
#include "verify/facts.h"

int told_read(struct desk *desk, const char *name, const char *labels, struct node_facts *ret_facts,
              struct gb_err *err)
{
    *ret_facts = (struct node_facts){.name = name};
    int r =
        gb_labels_read(desk->arena, gb_bytes_str(labels ? labels : ""), &ret_facts->labels, err);
    return r == GB_ERR_LIMIT ? GB_ERR_INPUT : r;
}

int told_digest(struct desk *desk, const struct node_facts *facts, uint8_t ret_digest[32],
                struct gb_err *err)
{
    const char *labels = gb_labels_text(desk->arena, &facts->labels);
    if (!labels)
        return gb_err_nomem(err);
    struct gb_bytes name = gb_bytes_str(facts->name ? facts->name : "");
    int r = digest_begin(desk->digester, DIGEST_SHA256);
    if (r == 0)
        r = digest_add(desk->digester, DIGEST_SHA256, name);
    if (r == 0)
        r = digest_add(desk->digester, DIGEST_SHA256, gb_bytes("", 1));
    if (r == 0)
        r = digest_add(desk->digester, DIGEST_SHA256, gb_bytes_str(labels));
    if (r == 0)
        r = digest_end(desk->digester, DIGEST_SHA256, ret_digest);
    return r < 0 ? gb_err_set(err, GB_ERR_BUG, "sha256 failed") : GB_OK;
}
