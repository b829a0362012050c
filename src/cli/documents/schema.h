/* share/garboard.schema.json, put in at build time (tools/embed). */
#ifndef GB_CLI_SCHEMA_H
#define GB_CLI_SCHEMA_H

extern const char *const schema_lines[]; /* NULL-terminated; without ends of line */

#endif
