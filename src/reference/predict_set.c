#include "reference/predict_set.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/sets/refval.h"
#include "reference/boot/authenticode.h"
#include "reference/boot/pe.h"

/* The bank of SHA-1 is never judged by, so it is not predicted. */
static bool predicted(enum digest_alg alg)
{
    return digest_strong(alg);
}

int predict_set_begin(struct gb_arena *arena, struct digester *digester, enum ref_class cls,
                      const char *name, struct predict_set *ret_build, struct gb_err *err)
{
    struct ref_set *set = gb_arena_new_one(arena, struct ref_set);
    if (!set)
        return gb_err_nomem(err);
    set->name = name;
    set->cls = cls;
    set->source = "predicted";
    *ret_build = (struct predict_set){
        .arena = arena, .digester = digester, .set = set, .tail = &set->events};
    return GB_OK;
}

/* A new event with room for its digests, not yet in the list. */
static struct ref_event *new_event(struct gb_arena *arena, const struct predict_event *said,
                                   uint8_t *room[DIGEST_ALGS])
{
    struct ref_event *event = gb_arena_new_one(arena, struct ref_event);
    if (!event)
        return NULL;
    event->link = said->link;
    event->pcr = said->pcr;
    event->type = said->type;
    event->about = said->about;
    event->value = said->value;
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        if (!predicted(digest_algs[i]))
            continue;
        room[i] = gb_arena_new_array(arena, uint8_t, digest_size(digest_algs[i]));
        if (!room[i])
            return NULL;
        event->digest[i] = gb_bytes(room[i], digest_size(digest_algs[i]));
    }
    return event;
}

static void append(struct predict_set *build, struct ref_event *event)
{
    *build->tail = event;
    build->tail = &event->next;
    build->set->event_count++;
}

static int add_zeros(struct digester *digester, enum digest_alg alg, size_t count)
{
    static const uint8_t zeros[4096];
    int r = 0;
    while (r == 0 && count > 0) {
        size_t n = count < sizeof zeros ? count : sizeof zeros;
        r = digest_add(digester, alg, gb_bytes(zeros, n));
        count -= n;
    }
    return r;
}

static int digest_pieces(struct digester *digester, enum digest_alg alg,
                         const struct pe_memory *pieces, size_t count, uint8_t *out)
{
    int r = digest_begin(digester, alg);
    for (size_t i = 0; r == 0 && i < count; i++) {
        r = digest_add(digester, alg, pieces[i].head);
        if (r == 0)
            r = add_zeros(digester, alg, pieces[i].zeros);
    }
    return r < 0 ? r : digest_end(digester, alg, out);
}

int predict_set_bytes(struct predict_set *build, const struct predict_event *said,
                      const struct pe_memory *pieces, size_t count, struct gb_err *err)
{
    uint8_t *room[DIGEST_ALGS] = {0};
    struct ref_event *event = new_event(build->arena, said, room);
    if (!event)
        return gb_err_nomem(err);
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        if (!room[i])
            continue;
        int r = digest_pieces(build->digester, digest_algs[i], pieces, count, room[i]);
        if (r < 0)
            return gb_err_set(err, r, "cannot compute %s", digest_name(digest_algs[i]));
    }
    append(build, event);
    return GB_OK;
}

int predict_set_image(struct predict_set *build, const struct predict_event *said,
                      const struct pe_image *image, struct gb_err *err)
{
    uint8_t *room[DIGEST_ALGS] = {0};
    struct ref_event *event = new_event(build->arena, said, room);
    if (!event)
        return gb_err_nomem(err);
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        if (!room[i])
            continue;
        int r = authenticode_digest(build->digester, digest_algs[i], image, room[i], err);
        if (r < 0)
            return r;
    }
    append(build, event);
    return GB_OK;
}

/* drivers/firmware/efi/libstub/efi-stub-helper.c: LoadOptions as they lie in memory, UTF-16LE with
 * the closing NUL that systemd-stub and firmware's boot options count in. */
int predict_set_cmdline(struct predict_set *build, struct gb_bytes cmdline, struct gb_err *err)
{
    struct gb_bytes wide;
    struct gb_bytes kept = gb_arena_copy(build->arena, cmdline);
    if (!kept.data)
        return gb_err_nomem(err);
    if (!gb_utf16_encode(build->arena, cmdline, &wide))
        return gb_err_set(err, GB_ERR_CONFIG, "the command line is not UTF-8");
    struct predict_event event = {.link = GB_LINK_CMDLINE,
                                  .pcr = 9,
                                  .type = EV_EVENT_TAG,
                                  .about = "kernel command line",
                                  .value = (const char *)kept.data};
    struct pe_memory bytes = {.head = wide};
    return predict_set_bytes(build, &event, &bytes, 1, err);
}

/* Folders are where the file lies here, not where it will boot. */
const char *predict_about(struct gb_arena *arena, const char *file, const char *release)
{
    enum { MOST = 200 };
    const char *slash = strrchr(file, '/');
    const char *name = gb_text_escape(arena, gb_bytes_str(slash ? slash + 1 : file), MOST);
    return name && release ? gb_arena_printf(arena, "%s (%s)", name, release) : name;
}

int predict_set_initrd(struct predict_set *build, const char *about, const struct pe_memory *pieces,
                       size_t count, struct gb_err *err)
{
    struct predict_event event = {.link = GB_LINK_INITRD,
                                  .pcr = 9,
                                  .type = EV_EVENT_TAG,
                                  .about = about ? about : "initrd as the kernel loads it"};
    return predict_set_bytes(build, &event, pieces, count, err);
}
