/* The judge: each decision both ways, on small synthetic boots. */
#include "../test.h"
#include "base/encode.h"
#include "base/mem.h"
#include "make_claims.h"
#include "policy/judge/tiers.h"

static const char good_cmdline[] = "console=ttyS0 ima_policy=tcb";

static struct verdict judge(struct make *make, const struct node_policy *node,
                            const struct ref_set *sets)
{
    const struct policy policy = {
        .policies = node, .sets = sets, .files = make_index(make->arena, sets)};
    struct verdict verdict = {0};
    struct gb_err err = {0};
    int r = appraise(make->arena, &policy, &make->claims, &verdict, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    return verdict;
}

/* Compares all links: "affirming" unless `names` says otherwise, as "bootloader=contraindicated".
 */
static void expect(const struct verdict *verdict, enum gb_tier tier, const char *const *others)
{
    assert_string_equal(gb_tier_name(verdict->tier), gb_tier_name(tier));
    for (int l = GB_LINK_EVIDENCE; l < GB_LINK_COUNT; l++) {
        enum gb_link link = (enum gb_link)l;
        bool judged = link == GB_LINK_EVIDENCE || (link >= GB_LINK_FIRMWARE && link <= GB_LINK_OS);
        const char *wanted = judged ? "affirming" : "none";
        for (size_t i = 0; others && others[i]; i += 2)
            if (strcmp(others[i], gb_link_name(link)) == 0)
                wanted = others[i + 1];
        if (strcmp(gb_tier_name(verdict->links[link].tier), wanted) != 0)
            fail_msg("%s is %s, expected %s", gb_link_name(link),
                     gb_tier_name(verdict->links[link].tier), wanted);
    }
}

#define EXPECT(verdict, tier, ...)                                                                 \
    expect((verdict), (tier), (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static const struct node_policy plain = {.name = "nodes", .version = 4};

/* A good boot of a UKI, with two measured files, and its captured sets in *ret_sets. */
static void good_uki(struct make *make, const struct ref_set **ret_sets)
{
    make_init(make);
    make_uki(make, "good", good_cmdline);
    make_phase(make, "sysinit");
    make_file(make, "sh", "/bin/sh");
    make_file(make, "app", "/usr/bin/app");
    *ret_sets = make_sets(make, true, true, true);
}

/* The same boot with another command line; sets of the good one. */
static void other_uki(struct make *make, const char *word, const char *text)
{
    make->claims.boot_count = 0;
    make->claims.cmdline = gb_bytes(NULL, 0);
    make_uki(make, word, text);
    make_phase(make, "sysinit");
}

enum { SHA384_PLACE = 2 }; /* in digest_algs */

/* The boot is proven in SHA-384, too. */
static void lend_sha384(struct make *make)
{
    for (size_t i = 0; i < make->claims.boot_count; i++) {
        struct measured *m = &make->boot[i];
        uint8_t *longer = gb_arena_alloc(make->arena, 48, 1);
        assert_non_null(longer);
        memcpy(longer, m->digest.data, 32);
        m->others[SHA384_PLACE] = gb_bytes(longer, 48);
    }
}

/* Only SHA-384 is proven. */
static void keep_sha384(struct make *make)
{
    make->claims.bank = DIGEST_SHA384;
    for (size_t i = 0; i < make->claims.boot_count; i++) {
        make->boot[i].digest = make->boot[i].others[SHA384_PLACE];
        make->boot[i].others[SHA384_PLACE] = gb_bytes(NULL, 0);
    }
}

static void every_proven_bank_is_captured(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    lend_sha384(&make);
    sets = make_sets(&make, true, true, true);
    keep_sha384(&make);
    struct verdict verdict = judge(&make, &plain, sets);
    EXPECT(&verdict, GB_TIER_AFFIRMING);
    make_done(&make);
}

static void a_set_is_judged_in_a_bank_that_it_has(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *old;
    good_uki(&make, &old);
    lend_sha384(&make);
    struct make only = make;
    only.claims.boot = only.boot;
    keep_sha384(&only);
    const struct ref_set *sets = make_sets(&only, true, true, true);
    struct verdict verdict = judge(&make, &plain, sets);
    EXPECT(&verdict, GB_TIER_AFFIRMING);
    /* and not when a measurement is not proven in that bank */
    make.boot[0].others[SHA384_PLACE] = gb_bytes(NULL, 0);
    verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

static void a_captured_boot_is_affirming(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    struct verdict verdict = judge(&make, &plain, sets);
    EXPECT(&verdict, GB_TIER_AFFIRMING);
    assert_string_equal(verdict.policy, "nodes version 4");
    assert_string_equal(make_message(make.arena, &verdict, GB_LINK_KERNEL, GB_FINDING_REF_MATCH),
                        "as reference set os says");
    assert_string_equal(make_message(make.arena, &verdict, GB_LINK_OS, GB_FINDING_IMA_MATCH),
                        "2 measured files are on the allow-list");
    make_done(&make);
}

static void one_word_in_a_uki_blames_image_and_cmdline_only(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    other_uki(&make, "debug", "console=ttyS0 ima_policy=tcb debug");
    struct verdict verdict = judge(&make, &plain, sets);
    EXPECT(&verdict, GB_TIER_CONTRAINDICATED, "bootloader", "contraindicated", "kernel", "none",
           "initrd", "none", "cmdline", "contraindicated", "os", "none");
    assert_int_equal(make_count(&verdict, GB_LINK_BOOTLOADER, GB_FINDING_REF_CHANGED), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_CHANGED), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_CMDLINE, GB_FINDING_REF_CHANGED), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_KERNEL, GB_FINDING_LINK_RESTS), 1);
    assert_string_equal(
        make_message(make.arena, &verdict, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_CHANGED),
        "the command line differs: added: debug; found \"console=ttyS0 ima_policy=tcb debug\", "
        "accepted \"console=ttyS0 ima_policy=tcb\"");
    assert_string_equal(make_message(make.arena, &verdict, GB_LINK_KERNEL, GB_FINDING_LINK_RESTS),
                        "not counted: bootloader beneath it is contraindicated");
    make_done(&make);
}

static void an_unproven_cmdline_shows_digests(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    other_uki(&make, "debug", NULL);
    struct verdict verdict = judge(&make, &plain, sets);
    const char *message =
        make_message(make.arena, &verdict, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_CHANGED);
    const char *hex = gb_hex(make.arena, make_digest(make.arena, "options debug"));
    assert_string_equal(message,
                        gb_arena_printf(make.arena,
                                        "the command line differs: its text is not proven; found "
                                        "%s, accepted \"console=ttyS0 ima_policy=tcb\"",
                                        hex));
    /* The other way round: the set was captured without the text. */
    other_uki(&make, "good", NULL);
    sets = make_sets(&make, true, true, false);
    other_uki(&make, "debug", "debug");
    verdict = judge(&make, &plain, sets);
    message = make_message(make.arena, &verdict, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_CHANGED);
    assert_string_equal(
        message, gb_arena_printf(make.arena,
                                 "the command line differs: the accepted text is not known; found "
                                 "\"debug\", accepted %s (set os)",
                                 gb_hex(make.arena, make_digest(make.arena, "options good"))));
    make_done(&make);
}

static struct measured *find_event(struct make *make, uint32_t pcr, const char *word)
{
    struct gb_bytes digest = make_digest(make->arena, word);
    for (size_t i = 0; i < make->claims.boot_count; i++)
        if (make->boot[i].pcr == pcr && gb_bytes_equal(make->boot[i].digest, digest))
            return &make->boot[i];
    fail_msg("no %s in PCR %u", word, pcr);
    return NULL;
}

/* Each link's own measurement changed: that link is blamed, those above it rest on it. */
static void blame_names_the_link_that_differs(void **state)
{
    (void)state;
    static const struct {
        uint32_t pcr;
        const char *word;
        enum gb_link link;
    } rows[] = {
        {0, "firmware", GB_LINK_FIRMWARE},    {7, "secure-boot-off", GB_LINK_BOOT_POLICY},
        {5, "gpt", GB_LINK_BOOTLOADER},       {4, "uki with good", GB_LINK_BOOTLOADER},
        {11, "osrel", GB_LINK_BOOTLOADER},    {4, "inner kernel", GB_LINK_KERNEL},
        {11, "linux", GB_LINK_KERNEL},        {11, "initrd", GB_LINK_INITRD},
        {9, "initrd", GB_LINK_INITRD},        {11, "section good", GB_LINK_CMDLINE},
        {9, "options good", GB_LINK_CMDLINE},
    };
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        struct measured *m = find_event(&make, rows[i].pcr, rows[i].word);
        struct gb_bytes kept = m->digest;
        m->digest = make_digest(make.arena, "evil");
        struct verdict verdict = judge(&make, &plain, sets);
        m->digest = kept;
        assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
        for (int l = GB_LINK_FIRMWARE; l <= GB_LINK_OS; l++) {
            enum gb_tier wanted = (enum gb_link)l == rows[i].link  ? GB_TIER_CONTRAINDICATED
                                  : (enum gb_link)l < rows[i].link ? GB_TIER_AFFIRMING
                                                                   : GB_TIER_NONE;
            assert_int_equal(verdict.links[l].tier, wanted);
        }
        size_t changed = make_count(&verdict, rows[i].link, GB_FINDING_REF_CHANGED) +
                         make_count(&verdict, rows[i].link, GB_FINDING_CMDLINE_CHANGED);
        assert_int_equal(changed, 1);
    }
    make_done(&make);
}

static void more_and_fewer_measurements_are_named(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    size_t count = make.claims.boot_count;
    make_event(&make, 2, EV_EFI_BOOT_SERVICES_DRIVER, "rom", "", false);
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OPTION_ROMS].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(make_count(&verdict, GB_LINK_OPTION_ROMS, GB_FINDING_REF_UNEXPECTED), 1);
    make.claims.boot_count = count;
    find_event(&make, 9, "initrd")->digest = gb_bytes(NULL, 0);
    verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_INITRD].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(make_count(&verdict, GB_LINK_INITRD, GB_FINDING_REF_ABSENT), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_INITRD, GB_FINDING_REF_CHANGED), 0);
    make_done(&make);
}

static void turn_on_secure_boot(struct make *make)
{
    struct measured *m = find_event(make, 7, "secure-boot-off");
    struct gb_bytes data = gb_arena_copy(make->arena, m->data);
    ((uint8_t *)(uintptr_t)data.data)[data.len - 1] = 1;
    m->data = data;
}

/* A good boot with Secure Boot on. */
static void secure_uki(struct make *make, const struct ref_set **ret_sets)
{
    good_uki(make, ret_sets);
    turn_on_secure_boot(make);
    *ret_sets = make_sets(make, true, true, true);
}

/* Under Secure Boot the kernel inside a UKI is measured by the stub alone. */
static void the_inner_kernel_may_be_missing_from_pcr_4(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    find_event(&make, 4, "inner kernel")->digest = gb_bytes(NULL, 0);
    /* Not without Secure Boot: then firmware would have measured it. */
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_KERNEL].tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
    secure_uki(&make, &sets);
    find_event(&make, 4, "inner kernel")->digest = gb_bytes(NULL, 0);
    verdict = judge(&make, &plain, sets);
    EXPECT(&verdict, GB_TIER_AFFIRMING);
    /* But not when the stub measured another one, or when there is no stub. */
    find_event(&make, 11, "linux")->digest = make_digest(make.arena, "evil");
    verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_KERNEL].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(make_count(&verdict, GB_LINK_KERNEL, GB_FINDING_REF_CHANGED), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_KERNEL, GB_FINDING_REF_ABSENT), 1);
    make_done(&make);
    make_init(&make);
    make_efi_stub(&make, "good", NULL);
    turn_on_secure_boot(&make);
    sets = make_sets(&make, true, true, false);
    find_event(&make, 4, "stub kernel")->digest = gb_bytes(NULL, 0);
    verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_KERNEL].tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

/* The kernel's image in PCR 4 is all that may be missing. */
static void nothing_else_may_be_missing(void **state)
{
    (void)state;
    static const struct {
        uint32_t pcr;
        const char *word;
        enum gb_link link;
    } rows[] = {
        {11, "linux", GB_LINK_KERNEL},
        {11, ".linux", GB_LINK_KERNEL},
        {4, "uki with good", GB_LINK_BOOTLOADER},
        {9, "options good", GB_LINK_CMDLINE},
    };
    struct make make;
    const struct ref_set *sets;
    secure_uki(&make, &sets);
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        struct measured *m = find_event(&make, rows[i].pcr, rows[i].word);
        struct gb_bytes kept = m->digest;
        m->digest = gb_bytes(NULL, 0);
        struct verdict verdict = judge(&make, &plain, sets);
        m->digest = kept;
        assert_int_equal(verdict.links[rows[i].link].tier, GB_TIER_CONTRAINDICATED);
        assert_int_equal(make_count(&verdict, rows[i].link, GB_FINDING_REF_ABSENT), 1);
    }
    make_done(&make);
}

/* One more event in the middle is one finding, not one for each that follows it. */
static void differences_are_the_fewest(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, "quiet");
    const struct ref_set *sets = make_sets(&make, false, true, false);
    make.claims.boot_count = 0;
    make_firmware(&make);
    make_image(&make, "extra");
    size_t extra = make.claims.boot_count - 1;
    struct measured kept = make.boot[extra];
    make.claims.boot_count = 0;
    make_grub(&make, "quiet");
    /* The added image stands between shim and GRUB. */
    struct measured *grub = find_event(&make, 4, "grub");
    memmove(grub + 1, grub, (size_t)(&make.boot[make.claims.boot_count] - grub) * sizeof *grub);
    *grub = kept;
    make.claims.boot_count++;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_BOOTLOADER, GB_FINDING_REF_UNEXPECTED), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_BOOTLOADER, GB_FINDING_REF_CHANGED), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_BOOTLOADER, GB_FINDING_REF_ABSENT), 0);
    make_done(&make);
}

static void order_counts(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, "quiet");
    const struct ref_set *sets = make_sets(&make, false, true, false);
    struct measured *shim = find_event(&make, 4, "shim"), *grub = find_event(&make, 4, "grub");
    struct gb_bytes kept = shim->digest;
    shim->digest = grub->digest;
    grub->digest = kept;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_BOOTLOADER].tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

static void grub_and_efi_stub_are_judged_alike(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, good_cmdline);
    make_file(&make, "sh", "/bin/sh");
    struct verdict verdict = judge(&make, &plain, make_sets(&make, true, true, true));
    EXPECT(&verdict, GB_TIER_AFFIRMING);
    make_done(&make);

    make_init(&make);
    make_efi_stub(&make, "good", good_cmdline);
    make_file(&make, "sh", "/bin/sh");
    const struct ref_set *sets = make_sets(&make, true, true, true);
    verdict = judge(&make, &plain, sets);
    EXPECT(&verdict, GB_TIER_AFFIRMING);
    make.claims.boot_count = 0;
    make_efi_stub(&make, "bad", "ima_policy=tcb");
    verdict = judge(&make, &plain, sets);
    EXPECT(&verdict, GB_TIER_CONTRAINDICATED, "cmdline", "contraindicated", "os", "none");
    assert_string_equal(
        make_message(make.arena, &verdict, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_CHANGED),
        "the command line differs: removed: console=ttyS0; found \"ima_policy=tcb\", accepted "
        "\"console=ttyS0 ima_policy=tcb\"");
    make_done(&make);
}

/* A log that moves an event to another link by lying about its name gains nothing. */
static void a_wrong_label_moves_blame_never_the_answer(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_grub(&make, "quiet");
    const struct ref_set *sets = make_sets(&make, false, true, false);
    make_event(&make, 9, EV_IPL, "evil", "/evil.cfg", false);
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    make.boot[make.claims.boot_count - 1].data = gb_bytes_str("/x");
    verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

static void a_set_without_the_judged_bank_matches_nothing(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    for (const struct ref_set *set = sets; set; set = set->next)
        for (struct ref_event *e = set->events; e; e = e->next) {
            e->digest[2] = e->digest[1];
            e->digest[0] = e->digest[1];
            e->digest[1] = gb_bytes(NULL, 0);
        }
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_FIRMWARE].tier, GB_TIER_CONTRAINDICATED);
    const char *message =
        make_message(make.arena, &verdict, GB_LINK_FIRMWARE, GB_FINDING_REF_CHANGED);
    assert_non_null(strstr(message, "accepted no sha256 digest (set platform)"));
    make_done(&make);
}

static void any_set_of_the_class_satisfies_a_link(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    other_uki(&make, "debug", NULL);
    struct ref_set *more = gb_arena_new_one(make.arena, struct ref_set);
    *more = *make_sets(&make, false, true, false);
    more->name = "os-debug";
    more->next = (struct ref_set *)(uintptr_t)sets;
    struct verdict verdict = judge(&make, &plain, more);
    EXPECT(&verdict, GB_TIER_AFFIRMING);
    assert_string_equal(
        make_message(make.arena, &verdict, GB_LINK_BOOTLOADER, GB_FINDING_REF_MATCH),
        "as reference set os-debug says");
    /* The nearest set is the one whose differences are shown. */
    find_event(&make, 11, "osrel")->digest = make_digest(make.arena, "evil");
    verdict = judge(&make, &plain, more);
    assert_int_equal(make_count(&verdict, GB_LINK_BOOTLOADER, GB_FINDING_REF_CHANGED), 1);
    assert_non_null(
        strstr(make_message(make.arena, &verdict, GB_LINK_BOOTLOADER, GB_FINDING_REF_CHANGED),
               "set os-debug"));
    make_done(&make);
}

static void unjudged_links_keep_the_whole_from_affirming(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    struct verdict verdict = judge(&make, &plain, make_sets(&make, false, true, true));
    EXPECT(&verdict, GB_TIER_WARNING, "firmware", "none", "option-roms", "none", "boot-policy",
           "none");
    assert_int_equal(make_count(&verdict, GB_LINK_FIRMWARE, GB_FINDING_REF_UNJUDGED), 1);
    /* GPT speaks for the boot loader too, but does not suffice. */
    verdict = judge(&make, &plain, make_sets(&make, true, false, true));
    assert_int_equal(verdict.links[GB_LINK_BOOTLOADER].tier, GB_TIER_NONE);
    assert_int_equal(verdict.tier, GB_TIER_WARNING);
    verdict = judge(&make, &plain, make_sets(&make, true, true, false));
    EXPECT(&verdict, GB_TIER_WARNING, "os", "none");
    make_done(&make);
}

static void without_a_policy_evidence_and_identity_decide(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    struct verdict verdict = judge(&make, NULL, NULL);
    assert_int_equal(verdict.tier, GB_TIER_AFFIRMING);
    assert_null(verdict.policy);
    for (int l = GB_LINK_IDENTITY; l < GB_LINK_COUNT; l++)
        assert_int_equal(verdict.links[l].tier, GB_TIER_NONE);
    gb_finding_add(&make.claims.findings, GB_FINDING_EK_UNTRUSTED, GB_NO_EVENT, "ek", "x", NULL);
    verdict = judge(&make, NULL, NULL);
    assert_int_equal(verdict.links[GB_LINK_EVIDENCE].tier, GB_TIER_AFFIRMING);
    assert_int_equal(verdict.links[GB_LINK_IDENTITY].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

static void broken_evidence_leaves_nothing(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    struct node_policy node = plain;
    node.require[GB_LINK_OS] = true;
    good_uki(&make, &sets);
    gb_finding_add(&make.claims.findings, GB_FINDING_EK_CHAIN, GB_NO_EVENT, "ek", "root", NULL);
    gb_finding_add(&make.claims.findings, GB_FINDING_EVENT_DATA, GB_NO_EVENT, "x", "8", "sha256");
    struct verdict verdict = judge(&make, &node, sets);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(verdict.links[GB_LINK_EVIDENCE].tier, GB_TIER_CONTRAINDICATED);
    for (int l = GB_LINK_IDENTITY; l < GB_LINK_COUNT; l++)
        assert_int_equal(verdict.links[l].tier, GB_TIER_NONE);
    make_done(&make);
}

/* What lies on broken evidence is not even blamed: nobody knows whose boot it is. */
static void broken_evidence_is_not_judged_further(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    find_event(&make, 0, "firmware")->digest = make_digest(make.arena, "evil");
    make_file(&make, "evil", "/opt/evil");
    make_file(&make, NULL, "/var/log/x")->is_violation = true;
    gb_finding_add(&make.claims.findings, GB_FINDING_EVENT_DATA, GB_NO_EVENT, "x", "8", "sha256");
    for (int with_policy = 0; with_policy < 2; with_policy++) {
        struct verdict verdict = judge(&make, with_policy ? &plain : NULL, sets);
        assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
        assert_int_equal(verdict.findings.count, make.claims.findings.count);
        for (int l = GB_LINK_IDENTITY; l < GB_LINK_COUNT; l++)
            assert_int_equal(verdict.links[l].tier, GB_TIER_NONE);
    }
    make_done(&make);
}

/* Findings beyond the ceiling are counted by tier, and evidence answers for them. */
static void what_was_dropped_still_counts(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    struct gb_findings *proof = &make.claims.findings;
    while (proof->count < GB_LIMIT_FINDINGS)
        gb_finding_add(proof, GB_FINDING_QUOTE_SIGNED, GB_NO_EVENT, "RSASSA", NULL, NULL);
    assert_int_equal(judge(&make, NULL, NULL).tier, GB_TIER_AFFIRMING);
    gb_finding_add(proof, GB_FINDING_EK_UNTRUSTED, GB_NO_EVENT, "ek", "x", NULL);
    assert_int_equal(proof->dropped, 1);
    struct verdict verdict = judge(&make, NULL, NULL);
    assert_int_equal(verdict.links[GB_LINK_EVIDENCE].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(verdict.findings.dropped, 1);
    /* So does the list of a link. */
    struct gb_findings list = {.arena = make.arena};
    struct gb_finding one = *proof->first;
    while (list.count < GB_LIMIT_FINDINGS)
        assert_true(tiers_append(&list, &one));
    assert_int_equal(list.worst, GB_TIER_AFFIRMING);
    one.tier = GB_TIER_CONTRAINDICATED;
    assert_true(tiers_append(&list, &one));
    assert_int_equal(list.dropped, 1);
    assert_int_equal(list.worst, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

static void T20_claims_without_proof_are_never_judged(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    const struct policy policy = {.policies = &plain};
    struct verdict verdict = {0};
    good_uki(&make, &sets);
    for (int what = 0; what < 3; what++) {
        struct claims kept = make.claims;
        make.claims.quote_proven = what != 0;
        make.claims.has_boot = what != 1;
        make.claims.bank = what == 2 ? DIGEST_NONE : DIGEST_SHA256;
        assert_int_equal(appraise(make.arena, &policy, &make.claims, &verdict, NULL), GB_ERR_BUG);
        make.claims = kept;
    }
    /* No finding at all is no yes either. */
    make.claims.findings = (struct gb_findings){.arena = make.arena};
    const struct policy none = {0};
    assert_int_equal(appraise(make.arena, &none, &make.claims, &verdict, NULL), 0);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    /* Nor is a good identity without any evidence. */
    gb_finding_add(&make.claims.findings, GB_FINDING_EK_CHAIN, GB_NO_EVENT, "ek", "root", NULL);
    assert_int_equal(appraise(make.arena, &none, &make.claims, &verdict, NULL), 0);
    assert_int_equal(verdict.links[GB_LINK_EVIDENCE].tier, GB_TIER_NONE);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

static void a_warning_beneath_caps_what_rests_on_it(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    gb_finding_add(&make.claims.findings, GB_FINDING_EK_EXPIRED_ALLOWED, GB_NO_EVENT, "ek", "x",
                   "y");
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.tier, GB_TIER_WARNING);
    assert_int_equal(verdict.links[GB_LINK_EVIDENCE].tier, GB_TIER_AFFIRMING);
    for (int l = GB_LINK_IDENTITY; l <= GB_LINK_OS; l++)
        assert_int_equal(verdict.links[l].tier, GB_TIER_WARNING);
    assert_string_equal(
        make_message(make.arena, &verdict, GB_LINK_OS, GB_FINDING_LINK_RESTS_WARNING),
        "no better than identity beneath it");
    make_done(&make);
}

static void require_wants_a_link_affirming(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    struct node_policy node = plain;
    good_uki(&make, &sets);
    node.require[GB_LINK_OS] = node.require[GB_LINK_KERNEL] = true;
    struct verdict verdict = judge(&make, &node, sets);
    EXPECT(&verdict, GB_TIER_AFFIRMING);
    node.require[GB_LINK_LOCATION] = true;
    verdict = judge(&make, &node, sets);
    EXPECT(&verdict, GB_TIER_CONTRAINDICATED, "location", "contraindicated");
    assert_string_equal(
        make_message(make.arena, &verdict, GB_LINK_LOCATION, GB_FINDING_LINK_UNPROVEN),
        "the policy requires this link to be affirming, and it is none");
    /* Inherited blame is not blamed again. */
    node.require[GB_LINK_LOCATION] = false;
    find_event(&make, 0, "firmware")->digest = make_digest(make.arena, "evil");
    verdict = judge(&make, &node, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_KERNEL, GB_FINDING_LINK_UNPROVEN), 0);
    /* What nothing judged is not affirming. */
    verdict = judge(&make, &node, make_sets(&make, true, false, true));
    assert_int_equal(verdict.links[GB_LINK_KERNEL].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

static void secure_boot_is_judged_by_what_was_measured(void **state)
{
    (void)state;
    static const struct {
        enum policy_want want;
        int measured; /* 0 off, 1 on, 2 both, 3 neither, 4 on but not proven */
        bool good;
        const char *says;
    } rows[] = {
        {POLICY_ON, 1, true, "Secure Boot is on, as the policy wants"},
        {POLICY_OFF, 0, true, "Secure Boot is off, as the policy wants"},
        {POLICY_ON, 0, false, "Secure Boot is off, the policy wants on"},
        {POLICY_OFF, 1, false, "Secure Boot is on, the policy wants off"},
        {POLICY_ON, 2, false, "Secure Boot is measured both on and off, the policy wants on"},
        {POLICY_OFF, 2, false, "Secure Boot is measured both on and off, the policy wants off"},
        {POLICY_ON, 3, false, "Secure Boot is unknown, the policy wants on"},
        {POLICY_OFF, 3, false, "Secure Boot is unknown, the policy wants off"},
        {POLICY_ON, 4, false, "Secure Boot is unknown, the policy wants on"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        struct make make;
        make_init(&make);
        make_image(&make, "kernel");
        int what = rows[i].measured;
        if (what == 0 || what == 2)
            make_secure_boot(&make, 0);
        if (what == 1 || what == 2 || what == 4)
            make_secure_boot(&make, 1)->data_proven = what != 4;
        struct node_policy node = plain;
        node.rules.secure_boot.want = rows[i].want;
        struct verdict verdict = judge(&make, &node, make_sets(&make, true, true, false));
        assert_int_equal(verdict.links[GB_LINK_BOOT_POLICY].tier,
                         rows[i].good ? GB_TIER_AFFIRMING : GB_TIER_CONTRAINDICATED);
        assert_string_equal(
            make_message(make.arena, &verdict, GB_LINK_BOOT_POLICY,
                         rows[i].good ? GB_FINDING_SECURE_BOOT_OK : GB_FINDING_SECURE_BOOT),
            rows[i].says);
        node.rules.secure_boot.want = POLICY_ANY;
        verdict = judge(&make, &node, make_sets(&make, true, true, false));
        assert_int_equal(verdict.links[GB_LINK_BOOT_POLICY].tier, GB_TIER_AFFIRMING);
        make_done(&make);
    }
}

/* Every failing allocation is an error: no verdict, and never a better one. */
static void T20_no_allocation_failure_affirms(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets;
    good_uki(&make, &sets);
    other_uki(&make, "debug", "quiet");
    make_file(&make, "evil", "/opt/evil");
    const struct policy policy = {
        .policies = &plain, .sets = sets, .files = make_index(make.arena, sets)};
    unsigned long nth = 1;
    for (int r = -1; r < 0; nth++) {
        struct gb_arena *arena = gb_arena_new();
        struct verdict verdict = {0};
        gb_mem_fail_nth(nth);
        r = appraise(arena, &policy, &make.claims, &verdict, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        assert_true(r == 0 || r == GB_ERR_NOMEM);
        assert_int_equal(r == 0 && failed == 0, r == 0);
        assert_int_equal(verdict.tier, r == 0 ? GB_TIER_CONTRAINDICATED : GB_TIER_NONE);
        gb_arena_free(arena);
    }
    assert_true(nth > 2);
    make_done(&make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_captured_boot_is_affirming),
        cmocka_unit_test(every_proven_bank_is_captured),
        cmocka_unit_test(a_set_is_judged_in_a_bank_that_it_has),
        cmocka_unit_test(one_word_in_a_uki_blames_image_and_cmdline_only),
        cmocka_unit_test(an_unproven_cmdline_shows_digests),
        cmocka_unit_test(blame_names_the_link_that_differs),
        cmocka_unit_test(more_and_fewer_measurements_are_named),
        cmocka_unit_test(the_inner_kernel_may_be_missing_from_pcr_4),
        cmocka_unit_test(nothing_else_may_be_missing),
        cmocka_unit_test(differences_are_the_fewest),
        cmocka_unit_test(order_counts),
        cmocka_unit_test(grub_and_efi_stub_are_judged_alike),
        cmocka_unit_test(a_wrong_label_moves_blame_never_the_answer),
        cmocka_unit_test(a_set_without_the_judged_bank_matches_nothing),
        cmocka_unit_test(any_set_of_the_class_satisfies_a_link),
        cmocka_unit_test(unjudged_links_keep_the_whole_from_affirming),
        cmocka_unit_test(without_a_policy_evidence_and_identity_decide),
        cmocka_unit_test(broken_evidence_leaves_nothing),
        cmocka_unit_test(broken_evidence_is_not_judged_further),
        cmocka_unit_test(what_was_dropped_still_counts),
        cmocka_unit_test(T20_claims_without_proof_are_never_judged),
        cmocka_unit_test(a_warning_beneath_caps_what_rests_on_it),
        cmocka_unit_test(require_wants_a_link_affirming),
        cmocka_unit_test(secure_boot_is_judged_by_what_was_measured),
        cmocka_unit_test(T20_no_allocation_failure_affirms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
