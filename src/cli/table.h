/* Aligned columns under a heading. Cells are printable text already. */
#ifndef GB_CLI_TABLE_H
#define GB_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/finding.h"
#include "cli/cmd.h"

enum { TABLE_COLUMNS = 8 };

struct table_row {
    struct table_row *next;
    const char *cells[TABLE_COLUMNS];
    enum gb_tier tiers[TABLE_COLUMNS]; /* colour of a cell; none: plain */
    bool heading;
};

struct table {
    struct gb_arena *arena;
    size_t columns;
    struct table_row *first;
    struct table_row **last;
    size_t count; /* rows below the heading */
    bool failed;  /* out of memory: table_print then says so */
};

/* `headings` are `columns` strings, borrowed. */
void table_init(struct table *table, struct gb_arena *arena, size_t columns,
                const char *const *headings);
/* Cells are borrowed; NULL is a dash. Returns the row for its tiers, NULL when out of memory. */
struct table_row *table_add(struct table *table, const char *const *cells);
/* CMD_OK, or CMD_SYSTEM. `none` is printed instead when there are no rows. */
int table_print(const struct cmd_line *line, const struct table *table, const char *none);
/* The same without the heading, each column at least as wide as in `like` (NULL: as it needs). */
int table_print_rows(const struct cmd_line *line, const struct table *table,
                     const struct table *like);

#endif
