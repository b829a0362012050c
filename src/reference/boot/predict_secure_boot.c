#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/boot/pe.h"
#include "reference/boot/secure_boot.h"
#include "reference/predict.h"
#include "reference/predict_set.h"

int predict_secure_boot(struct gb_arena *arena, struct digester *digester,
                        const struct secure_boot *variables, const struct predict_image *started,
                        const char *name, struct ref_set **ret_set, struct gb_err *err)
{
    struct predict_set build = {0};
    struct pe_image image;
    struct gb_bytes last = {0};
    int r = predict_set_begin(arena, digester, REF_PLATFORM, name, &build, err);
    if (r == 0)
        r = secure_boot_add(&build, variables, err);
    if (r == 0 && started) {
        r = pe_read(arena, started->bytes, &image, err);
        if (r == 0)
            r = secure_boot_add_authority(&build, variables, &image, &last, err);
        if (r < 0)
            gb_err_prefix(err, "%s: ", started->file);
    }
    if (r == 0)
        *ret_set = build.set;
    return r;
}
