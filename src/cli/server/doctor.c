#include "cli/server/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/reach.h"
#include "crypto/issue.h"
#include "wire/json.h"

enum { DAY_S = 24 * 3600, REACH_MS = 3000 };

/* Before this program was written, no clock can be right. */
static const int64_t written_s = INT64_C(1763596800); /* 2025-11-20 */

static const char *const words[] = {"ok", "warning", "FAILED"};

void doctor_say(struct doctor *doctor, enum doctor_state state, const char *remedy,
                const char *what, ...)
{
    static const enum gb_tier tiers[] = {GB_TIER_AFFIRMING, GB_TIER_WARNING,
                                         GB_TIER_CONTRAINDICATED};
    char text[600];
    va_list args;
    va_start(args, what);
    vsnprintf(text, sizeof text, what, args);
    va_end(args);
    doctor->counts[state]++;
    if (doctor->line->json) {
        struct json *check = json_new_object();
        json_set(check, "state", json_text(words[state]));
        json_set(check, "what", json_text(text));
        if (remedy)
            json_set(check, "remedy", json_text(remedy));
        json_push(doctor->checks, check);
        return;
    }
    printf("%s%-8s%s ", output_colour(doctor->line, tiers[state]), words[state],
           output_reset(doctor->line));
    output_wrapped(text, 9);
    if (remedy) {
        printf("%9s-> ", "");
        output_wrapped(remedy, 12);
    }
}

const char *doctor_path(struct doctor *doctor, const char *path)
{
    const char *shown = gb_text_escape(doctor->arena, gb_bytes_str(path), 200);
    return shown ? shown : "?";
}

const char *doctor_conf(struct doctor *doctor, struct gb_bytes text, const char *key, size_t nth)
{
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, text);
    while (gb_lines_next(&lines, &line)) {
        struct gb_bytes value = line;
        struct gb_bytes name = gb_text_trim(gb_text_until(&value, '='));
        if (!gb_bytes_is(name, key) || nth-- > 0)
            continue;
        return (const char *)gb_arena_copy(doctor->arena, gb_text_trim(value)).data;
    }
    return NULL;
}

void doctor_private(struct doctor *doctor, const char *path, mode_t most)
{
    struct stat st;
    const char *shown = doctor_path(doctor, path);
    if (stat(path, &st) != 0) {
        bool hidden = errno == EACCES;
        doctor_say(doctor, hidden ? DOCTOR_WARNING : DOCTOR_FAILED,
                   hidden ? "run garboard doctor as root" : "restore it from a copy",
                   hidden ? "%s cannot be looked at: no permission" : "%s is not there", shown);
        return;
    }
    mode_t mode = st.st_mode & 07777;
    if ((mode & ~most) != 0)
        doctor_say(doctor, DOCTOR_FAILED,
                   gb_arena_printf(doctor->arena, "chmod %04o %s", (unsigned)(mode & most), shown),
                   "%s has mode %04o: others can reach it", shown, (unsigned)mode);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "%s has mode %04o", shown, (unsigned)mode);
}

void doctor_cert(struct doctor *doctor, const char *name, struct gb_bytes pem,
                 struct gb_bytes ca_pem, int64_t soon_s, const char *remedy)
{
    struct issued issued;
    struct gb_err err;
    char when[GB_CLOCK_TEXT];
    if (issued_read(doctor->arena, pem, ca_pem, &issued, &err) < 0) {
        doctor_say(doctor, DOCTOR_FAILED, remedy, "%s: %s", name, err.text);
        return;
    }
    int64_t left_s = issued.not_after_s - doctor->now_s;
    gb_clock_text(issued.not_after_s, when);
    if (left_s <= 0)
        doctor_say(doctor, DOCTOR_FAILED, remedy, "%s ended at %s", name, when);
    else if (issued.not_before_s > doctor->now_s)
        doctor_say(doctor, DOCTOR_FAILED, "set the clock",
                   "%s is not good yet: is the clock wrong?", name);
    else if (left_s < soon_s)
        doctor_say(doctor, DOCTOR_WARNING, remedy, "%s ends soon, at %s", name, when);
    else if (left_s < DAY_S)
        doctor_say(doctor, DOCTOR_OK, NULL, "%s is good for %lld more minutes", name,
                   (long long)(left_s / 60));
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "%s is good for %lld more days", name,
                   (long long)(left_s / DAY_S));
}

void doctor_clock(struct doctor *doctor)
{
    char now[GB_CLOCK_TEXT];
    struct timex timex = {0};
    gb_clock_text(doctor->now_s, now);
    if (doctor->now_s < written_s)
        doctor_say(doctor, DOCTOR_FAILED, "set it: timedatectl set-ntp true", "the clock says %s",
                   now);
    else if (adjtimex(&timex) < 0 || (timex.status & STA_UNSYNC))
        doctor_say(doctor, DOCTOR_WARNING, "timedatectl set-ntp true, or another time service",
                   "the clock says %s, and nobody keeps it right", now);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "the clock says %s and is kept right", now);
}

void doctor_reach(struct doctor *doctor, const char *host, const char *port, const char *what,
                  const char *remedy)
{
    struct gb_err err;
    const char *shown = doctor_path(doctor, host);
    if (reach(host, port, REACH_MS, &err) < 0)
        doctor_say(doctor, DOCTOR_FAILED, remedy, "%s does not answer at %s port %s: %s", what,
                   shown, doctor_path(doctor, port), err.text);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "%s answers at %s port %s", what, shown,
                   doctor_path(doctor, port));
}
