#include "cli/time_arg.h"

#include <string.h>
#include <time.h>

/* `form` has a 'd' for each digit; the rest must be the same. */
static bool has_form(const char *text, const char *form)
{
    for (; *form; text++, form++)
        if (*form == 'd' ? *text < '0' || *text > '9' : *text != *form)
            return false;
    return true;
}

static int number(const char *text, size_t at, size_t len)
{
    int value = 0;
    for (size_t i = at; i < at + len; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

/* What follows the seconds: "Z", or the offset from UTC. */
static bool read_zone(const char *zone, int *ret_offset_s)
{
    if (strcmp(zone, "Z") == 0) {
        *ret_offset_s = 0;
        return true;
    }
    if (strlen(zone) != 6 || (*zone != '+' && *zone != '-') || !has_form(zone + 1, "dd:dd"))
        return false;
    int hours = number(zone, 1, 2);
    int minutes = number(zone, 4, 2);
    *ret_offset_s = (hours * 60 + minutes) * 60 * (*zone == '-' ? -1 : 1);
    return hours < 24 && minutes < 60;
}

bool time_arg_read(const char *text, int64_t *ret_time_s)
{
    int offset_s = 0;
    if (!has_form(text, "dddd-dd-ddTdd:dd:dd") || !read_zone(text + 19, &offset_s))
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
