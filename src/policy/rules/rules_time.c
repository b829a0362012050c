/* Spans and days as words. Pure: what base/clock.h has beside its clocks is out of reach here. */
#include "base/text.h"
#include "policy/rules/rules_read.h"

enum { DAY_S = 24 * 3600, SPAN_MAX_S = 3650 * DAY_S };

bool rule_span(struct gb_bytes text, int64_t *ret_s)
{
    static const struct {
        uint8_t unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY_S}};
    uint64_t number = 0;
    if (text.len < 2)
        return false;
    for (size_t i = 0; i < GB_ARRAY_LEN(units); i++) {
        if (text.data[text.len - 1] != units[i].unit ||
            !gb_text_u64(gb_bytes(text.data, text.len - 1), SPAN_MAX_S / units[i].seconds, &number))
            continue;
        *ret_s = (int64_t)(number * units[i].seconds);
        return *ret_s > 0;
    }
    return false;
}

static bool is_leap(uint64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint64_t days_of(uint64_t year, uint64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

bool rule_day(struct gb_bytes text, int64_t *ret_s)
{
    uint64_t year = 0, month = 0, day = 0, days = 0;
    struct gb_bytes rest = text;
    if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-' ||
        !gb_text_u64(gb_text_until(&rest, '-'), 9999, &year) || year < 1970 ||
        !gb_text_u64(gb_text_until(&rest, '-'), 12, &month) || month < 1 ||
        !gb_text_u64(rest, 31, &day) || day < 1 || day > days_of(year, month))
        return false;
    for (uint64_t y = 1970; y < year; y++)
        days += is_leap(y) ? 366 : 365;
    for (uint64_t m = 1; m < month; m++)
        days += days_of(year, m);
    *ret_s = (int64_t)((days + day - 1) * DAY_S);
    return true;
}
