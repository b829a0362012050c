#include "keyd/desk.h"

int desk_refuse(struct desk *desk, const struct gb_findings *findings, const char *what,
                struct gb_err *err)
{
    for (const struct gb_finding *f = findings->first; f; f = f->next) {
        const char *text =
            f->tier == GB_TIER_CONTRAINDICATED ? gb_finding_message(desk->arena, f) : NULL;
        if (text && f->link > GB_LINK_EVIDENCE) /* its sentence says "this link" */
            return gb_err_set(err, GB_ERR_DENIED, "%s: %s: %s", what, gb_link_name(f->link), text);
        if (text)
            return gb_err_set(err, GB_ERR_DENIED, "%s: %s", what, text);
    }
    return gb_err_set(err, GB_ERR_DENIED, "%s", what);
}
