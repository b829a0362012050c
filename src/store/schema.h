/* The tables, and how a database of an older version comes to have them. Private to store/. */
#ifndef GB_STORE_SCHEMA_H
#define GB_STORE_SCHEMA_H

#include "base/check.h"
#include "base/err.h"
#include "store/db.h"

enum { SCHEMA_APPLICATION = 0x47424152 }; /* "GBAR" */

/* The version that this program writes. */
int schema_version(void);
/* CONFIG when the file is another program's or newer than ours. Reads only. */
GB_MUST_USE int schema_check(struct db *db, int *ret_version, struct gb_err *err);
/* Brings it forward from `version`, one transaction a step. */
GB_MUST_USE int schema_migrate(struct db *db, int version, struct gb_err *err);

#endif
