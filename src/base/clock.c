#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

static const int64_t year_9999_ends = INT64_C(253402300799);
static const int64_t ten_years = INT64_C(3650) * 24 * 3600;

int64_t gb_clock_s(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

int64_t gb_clock_wall_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t gb_clock_utc_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t gb_clock_ms(void)
{
    struct timespec now = {0};
    /* Goes on while the machine sleeps: a deadline that passed meanwhile has passed. */
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void gb_clock_text(int64_t time_s, char out[GB_CLOCK_TEXT])
{
    time_t at = (time_t)(time_s < 0 ? 0 : time_s > year_9999_ends ? year_9999_ends : time_s);
    struct tm tm = {0};
    gmtime_r(&at, &tm);
    strftime(out, GB_CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* `form` has a 'd' for each digit; the rest must be the same. */
static bool has_form(struct gb_bytes text, const char *form)
{
    if (text.len != strlen(form))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i])
            return false;
    }
    return true;
}

static int number(struct gb_bytes text, size_t at, size_t len)
{
    int value = 0;
    for (size_t i = at; i < at + len; i++)
        value = value * 10 + (text.data[i] - '0');
    return value;
}

/* What follows the seconds: "Z", or the offset from UTC. */
static bool read_zone(struct gb_bytes zone, int *ret_offset_s)
{
    if (gb_bytes_is(zone, "Z")) {
        *ret_offset_s = 0;
        return true;
    }
    if (!has_form(zone, "+dd:dd") && !has_form(zone, "-dd:dd"))
        return false;
    int hours = number(zone, 1, 2);
    int minutes = number(zone, 4, 2);
    *ret_offset_s = (hours * 60 + minutes) * 60 * (*zone.data == '-' ? -1 : 1);
    return hours < 24 && minutes < 60;
}

bool gb_clock_parse(struct gb_bytes text, int64_t *ret_time_s)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    const size_t len = sizeof form - 1;
    int offset_s = 0;
    if (text.len <= len || !has_form(gb_bytes(text.data, len), form) ||
        !read_zone(gb_bytes_from(text, len), &offset_s))
        return false;
    struct tm given = {.tm_year = number(text, 0, 4) - 1900,
                       .tm_mon = number(text, 5, 2) - 1,
                       .tm_mday = number(text, 8, 2),
                       .tm_hour = number(text, 11, 2),
                       .tm_min = number(text, 14, 2),
                       .tm_sec = number(text, 17, 2)};
    struct tm kept = given;
    time_t at = timegm(&kept);
    /* timegm(3) turns the 31st of June into the 1st of July: that is no date. */
    if (kept.tm_mon != given.tm_mon || kept.tm_mday != given.tm_mday ||
        kept.tm_hour != given.tm_hour || kept.tm_min != given.tm_min || kept.tm_sec != given.tm_sec)
        return false;
    *ret_time_s = (int64_t)at - offset_s;
    return true;
}

static int64_t unit_s(uint8_t unit)
{
    return unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 24 * 3600 : 0;
}

bool gb_clock_span(struct gb_bytes text, int64_t *ret_s)
{
    uint64_t count = 0;
    int64_t unit = text.len > 1 ? unit_s(text.data[text.len - 1]) : 0;
    if (unit == 0 ||
        !gb_text_u64(gb_bytes(text.data, text.len - 1), (uint64_t)(ten_years / unit), &count))
        return false;
    *ret_s = (int64_t)count * unit;
    return true;
}
