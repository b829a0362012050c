/* What spec.ima lets pass, and what IMA cannot see at all. */
#include <string.h>

#include "policy/lint/lint.h"
#include "policy/lint/lint_parts.h"
#include "policy/policy.h"
#include "policy/rules/pattern.h"
#include "policy/rules/rules.h"
#include "policy/sets/refval.h"

/* A file that the pattern could stand for, in a place that matters. */
static const char *find_place(const char *pattern, const char *const *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pattern_matches(gb_bytes_str(pattern), gb_bytes_str(places[i])))
            return places[i];
    return NULL;
}

static void lint_path(struct lints *lints, const struct node_policy *node, size_t index,
                      const char *path)
{
    static const char *const programs[] = {
        "/usr/bin/x",     "/usr/sbin/x",      "/bin/x",           "/sbin/x",
        "/usr/lib/x.so",  "/lib/x.so",        "/lib64/x.so",      "/usr/lib64/x.so",
        "/usr/libexec/x", "/usr/local/bin/x", "/usr/local/lib/x", "/lib/modules/x.ko",
        "/opt/x",         "/opt/x/bin/x",     "/opt/cni/bin/x",   "/etc/x"};
    static const char *const writable[] = {"/tmp/", "/var/tmp/", "/dev/shm/",
                                           "/run/", "/home/",    "/var/lib/"};
    const char *program = find_place(path, programs, GB_ARRAY_LEN(programs));
    if (strchr(path, '*') && program)
        lint_policy(lints, node, lint_item(lints, "spec/ima/exceptions", index),
                    "name files one by one, or put them into a ReferenceSet",
                    "\"%.100s\" lets any program at a place like %s run unknown", path, program);
    for (size_t i = 0; i < GB_ARRAY_LEN(writable); i++)
        if (gb_bytes_starts(gb_bytes_str(path), gb_bytes_str(writable[i])))
            lint_policy(lints, node, lint_item(lints, "spec/ima/exceptions", index),
                        "mount it noexec, and take the exception away",
                        "\"%.100s\": who can write in %s can run anything there", path,
                        writable[i]);
}

static void lint_end(struct lints *lints, const struct node_policy *node, size_t index,
                     const struct ima_exception *exception)
{
    const char *path = lint_item(lints, "spec/ima/exceptions", index);
    if (!exception->until)
        lint_policy(lints, node, path, "add until: YYYY-MM-DD",
                    "the exception \"%.100s\" never ends", exception->path);
    else if (lints->subject->now_s >= exception->until_s)
        lint_policy(lints, node, path, "take it away, or set a later day",
                    "the exception \"%.100s\" ended with %s, and does nothing", exception->path,
                    exception->until);
}

/* Whether files decide anything here. */
static bool judges_files(const struct lints *lints, const struct node_policy *node)
{
    bool any = node->require[GB_LINK_OS] || node->rules.ima.signers.count > 0;
    for (size_t i = 0; !any && node->sets && i < node->set_count; i++)
        any = ref_class_has_files(node->sets[i]->cls);
    for (const struct ref_set *set = lints->subject->policy->sets; !any && !node->sets && set;
         set = set->next)
        any = ref_class_has_files(set->cls);
    return any;
}

static void note_blind(struct lints *lints, const struct node_policy *node)
{
    struct lint *before = lints->last;
    if (!judges_files(lints, node))
        return;
    lint_policy(
        lints, node, "spec",
        "mount what is writable noexec, or measure it by an IMA policy of your own, loaded "
        "from a measured file",
        "with ima_policy=tcb nothing measures tmpfs, memfd and what users other than root read "
        "(scripts given to an interpreter), and changes on overlayfs may be missed");
    if (lints->last != before)
        lints->last->is_note = true;
}

void lint_ima(struct lints *lints, const struct node_policy *node)
{
    const struct ima_rule *ima = &node->rules.ima;
    if (ima->allow_violations)
        lint_policy(lints, node, "spec/ima/violations", "write violations: refuse",
                    "a file may change while it is measured, so what ran may be another");
    if (ima->critical == CRITICAL_ALLOW)
        lint_policy(
            lints, node, "spec/ima/criticalData",
            "write criticalData: known, with sets that know the IMA policy",
            "any IMA policy, and any other data that the kernel measures of itself, passes");
    for (size_t i = 0; i < ima->exception_count; i++) {
        lint_path(lints, node, i, ima->exceptions[i].path);
        lint_end(lints, node, i, &ima->exceptions[i]);
    }
    note_blind(lints, node);
}
