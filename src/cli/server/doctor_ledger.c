/* Whether whoever checks the ledger was given the keys that sign it. */
#include "base/limits.h"
#include "base/text.h"
#include "cli/server/doctor.h"
#include "os/file.h"
#include "rpc/keyd.h"

static bool has_line(struct gb_bytes text, struct gb_bytes wanted)
{
    while (text.len > 0)
        if (gb_bytes_equal(gb_text_trim(gb_text_until(&text, '\n')), wanted))
            return true;
    return false;
}

/* Each key that signs now must be among the published ones: during a rotation there are two. */
static bool all_published(struct gb_bytes published, const char *vkeys)
{
    struct gb_bytes rest = gb_bytes_str(vkeys);
    while (rest.len > 0)
        if (!has_line(published, gb_text_until(&rest, '\n')))
            return false;
    return true;
}

void doctor_ledger(struct doctor *doctor, struct keyd_client *keyd, const char *vkey_path)
{
    struct keyd_ledger ledger;
    struct gb_bytes published = {0};
    struct gb_err err;
    const char *shown = doctor_path(doctor, vkey_path);
    if (keyd_ledger_state(keyd, doctor->arena, &ledger, &err) < 0) {
        doctor_say(doctor, DOCTOR_FAILED, "bring garboard-keyd and this program to one version",
                   "garboard-keyd does not tell of its ledger: %s", err.text);
        return;
    }
    if (file_read(doctor->arena, vkey_path, GB_LIMIT_CONF, &published, NULL) < 0)
        doctor_say(doctor, DOCTOR_WARNING, "garboard server rotate ledger --status prints them",
                   "%s cannot be read: who checks the ledger needs its keys", shown);
    else if (!all_published(published, ledger.vkeys))
        doctor_say(doctor, DOCTOR_WARNING,
                   "garboard server rotate ledger --status prints it: add its line, here and with "
                   "auditors and witnesses",
                   "%s lacks a key that signs the ledger", shown);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "the ledger's keys are published; %llu entries signed",
                   (unsigned long long)ledger.size);
}
