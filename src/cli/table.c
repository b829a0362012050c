#include "cli/table.h"

#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/output.h"

void table_init(struct table *table, struct gb_arena *arena, size_t columns,
                const char *const *headings)
{
    *table = (struct table){.arena = arena, .columns = columns};
    struct table_row *row = table_add(table, headings);
    if (row)
        row->heading = true;
    table->count = 0;
}

struct table_row *table_add(struct table *table, const char *const *cells)
{
    struct table_row *row = gb_arena_new_one(table->arena, struct table_row);
    if (!row) {
        table->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < table->columns; i++)
        row->cells[i] = cells[i] && *cells[i] ? cells[i] : "-";
    if (table->last)
        *table->last = row;
    else
        table->first = row;
    table->last = &row->next;
    table->count++;
    return row;
}

/* Characters, as far as UTF-8 tells: continuation bytes take no column. */
static size_t width(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static void widen(const struct table *table, size_t *widths)
{
    for (const struct table_row *row = table ? table->first : NULL; row; row = row->next)
        for (size_t i = 0; i < table->columns; i++)
            if (width(row->cells[i]) > widths[i])
                widths[i] = width(row->cells[i]);
}

static void print_row(const struct cmd_line *line, const struct table_row *row, size_t columns,
                      const size_t *widths)
{
    for (size_t i = 0; i < columns; i++) {
        const char *cell = row->cells[i];
        bool tinted = row->tiers[i] != GB_TIER_NONE;
        size_t pad = i + 1 < columns ? widths[i] - width(cell) + 2 : 0;
        printf("%s%s%s%*s", tinted ? output_colour(line, row->tiers[i]) : "", cell,
               tinted ? output_reset(line) : "", (int)pad, "");
    }
    putchar('\n');
}

static int print(const struct cmd_line *line, const struct table *table, const struct table *like,
                 bool heading)
{
    size_t widths[TABLE_COLUMNS] = {0};
    if (table->failed) {
        struct gb_err err;
        gb_err_nomem(&err);
        return output_error(&err);
    }
    widen(table, widths);
    widen(like, widths);
    for (const struct table_row *row = table->first; row; row = row->next)
        if (!row->heading || heading)
            print_row(line, row, table->columns, widths);
    return output_flush();
}

int table_print(const struct cmd_line *line, const struct table *table, const char *none)
{
    if (table->count > 0 || table->failed)
        return print(line, table, NULL, true);
    puts(none);
    return output_flush();
}

int table_print_rows(const struct cmd_line *line, const struct table *table,
                     const struct table *like)
{
    return print(line, table, like, false);
}
