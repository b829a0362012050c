#include "policy/documents/diff.h"

#include "base/limits.h"
#include "policy/chain/chain.h"
#include "policy/sets/refval.h"
#include "verify/claims.h"

/* Above this the table of common subsequences would cost an attacker less than us. */
enum { TABLE_MAX = 1 << 21 };

/* Both sides of one PCR, being compared. */
struct sides {
    const struct chain_event **found;
    size_t n;
    const struct ref_event **accepted;
    size_t m;
    size_t bank;
};

static bool same(const struct sides *s, size_t i, size_t j)
{
    struct gb_bytes accepted = s->accepted[j]->digest[s->bank];
    return accepted.len > 0 &&
           gb_bytes_equal(measured_digest(s->found[i]->measured, s->bank), accepted);
}

static void add_edit(struct diff *diff, const struct chain_event *found,
                     const struct ref_event *accepted)
{
    diff->edits[diff->count++] = (struct diff_edit){.found = found, .accepted = accepted};
}

/* Between two common measurements: the first found against the first accepted, and so on. */
static void add_run(struct diff *diff, const struct sides *s, size_t i, size_t i_end, size_t j,
                    size_t j_end)
{
    for (; i < i_end || j < j_end; i += i < i_end, j += j < j_end)
        add_edit(diff, i < i_end ? s->found[i] : NULL, j < j_end ? s->accepted[j] : NULL);
}

/* table[i][j] is the length of the longest common subsequence of found[i..] and accepted[j..]. */
static uint16_t *fill_table(struct gb_arena *arena, const struct sides *s)
{
    size_t width = s->m + 1;
    uint16_t *table = gb_arena_alloc(arena, (s->n + 1) * width, sizeof *table);
    if (!table)
        return NULL;
    for (size_t i = s->n; i-- > 0;) {
        for (size_t j = s->m; j-- > 0;) {
            uint16_t below = table[(i + 1) * width + j];
            uint16_t beside = table[i * width + j + 1];
            uint16_t skip = below > beside ? below : beside;
            bool equal = same(s, i, j);
            table[i * width + j] = equal ? (uint16_t)(table[(i + 1) * width + j + 1] + 1) : skip;
        }
    }
    return table;
}

static void walk_table(struct diff *diff, const struct sides *s, const uint16_t *table)
{
    size_t width = s->m + 1, i = 0, j = 0, run_i = 0, run_j = 0;
    while (i < s->n && j < s->m) {
        if (same(s, i, j)) {
            add_run(diff, s, run_i, i++, run_j, j++);
            run_i = i;
            run_j = j;
        } else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) {
            i++;
        } else {
            j++;
        }
    }
    add_run(diff, s, run_i, s->n, run_j, s->m);
}

/* Too many for the table: position by position. Never fewer edits than there are, only more. */
static void walk_positions(struct diff *diff, const struct sides *s)
{
    for (size_t i = 0; i < s->n || i < s->m; i++)
        if (i >= s->n || i >= s->m || !same(s, i, i))
            add_edit(diff, i < s->n ? s->found[i] : NULL, i < s->m ? s->accepted[i] : NULL);
}

/* Cuts what is equal at both ends, which usually is everything. */
static void trim(struct sides *s)
{
    while (s->n > 0 && s->m > 0 && same(s, 0, 0)) {
        s->found++;
        s->accepted++;
        s->n--;
        s->m--;
    }
    while (s->n > 0 && s->m > 0 && same(s, s->n - 1, s->m - 1)) {
        s->n--;
        s->m--;
    }
}

static int compare(struct gb_arena *arena, struct sides s, struct diff *diff, struct gb_err *err)
{
    trim(&s);
    if (s.n == 0 || s.m == 0) {
        add_run(diff, &s, 0, s.n, 0, s.m);
        return GB_OK;
    }
    if (s.n > TABLE_MAX / (s.m + 1) || s.n > UINT16_MAX - 1 || s.m > UINT16_MAX - 1) {
        walk_positions(diff, &s);
        return GB_OK;
    }
    const uint16_t *table = fill_table(arena, &s);
    if (!table)
        return gb_err_nomem(err);
    walk_table(diff, &s, table);
    return GB_OK;
}

/* One link's measurements and accepted events, of all PCRs. */
struct gathered {
    const struct chain_event **found;
    const struct ref_event **accepted;
    size_t n;
    size_t m;
    uint32_t pcrs;
};

static size_t count_events(const struct ref_set *set)
{
    size_t count = 0;
    for (const struct ref_event *e = set->events; e; e = e->next)
        count++;
    return count;
}

static int gather(struct gb_arena *arena, const struct chain_event *events, size_t count,
                  const struct ref_set *set, enum gb_link link, struct gathered *ret,
                  struct gb_err *err)
{
    struct gathered g = {
        .found = gb_arena_new_array(arena, const struct chain_event *, count + 1),
        .accepted = gb_arena_new_array(arena, const struct ref_event *, count_events(set) + 1)};
    if (!g.found || !g.accepted)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        if (events[i].link != link || events[i].cls != set->cls)
            continue;
        g.found[g.n++] = &events[i];
        g.pcrs |= UINT32_C(1) << events[i].measured->pcr;
    }
    for (const struct ref_event *e = set->events; e; e = e->next) {
        if (e->link != link)
            continue;
        g.accepted[g.m++] = e;
        g.pcrs |= UINT32_C(1) << e->pcr;
    }
    *ret = g;
    return GB_OK;
}

/* The part of what was gathered that is of one PCR, in `room`. */
static struct sides sides_of(const struct gathered *g, uint32_t pcr, const struct gathered *room,
                             size_t bank)
{
    struct sides s = {.found = room->found, .accepted = room->accepted, .bank = bank};
    for (size_t i = 0; i < g->n; i++)
        if (g->found[i]->measured->pcr == pcr)
            s.found[s.n++] = g->found[i];
    for (size_t j = 0; j < g->m; j++)
        if (g->accepted[j]->pcr == pcr)
            s.accepted[s.m++] = g->accepted[j];
    return s;
}

int diff_link(struct gb_arena *arena, const struct chain_event *events, size_t count,
              const struct ref_set *set, enum gb_link link, size_t bank, struct diff *ret_diff,
              struct gb_err *err)
{
    struct gathered all = {0}, room = {0};
    int r = gather(arena, events, count, set, link, &all, err);
    if (r < 0)
        return r;
    room.found = gb_arena_new_array(arena, const struct chain_event *, all.n + 1);
    room.accepted = gb_arena_new_array(arena, const struct ref_event *, all.m + 1);
    struct diff diff = {.edits = gb_arena_new_array(arena, struct diff_edit, all.n + all.m + 1),
                        .found_count = all.n,
                        .accepted_count = all.m};
    if (!room.found || !room.accepted || !diff.edits)
        return gb_err_nomem(err);
    for (uint32_t pcr = 0; pcr < GB_LIMIT_PCRS; pcr++) {
        if (!(all.pcrs & UINT32_C(1) << pcr))
            continue;
        r = compare(arena, sides_of(&all, pcr, &room, bank), &diff, err);
        if (r < 0)
            return r;
    }
    *ret_diff = diff;
    return GB_OK;
}
