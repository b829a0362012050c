/* All machines, on several threads. */
#ifndef GB_LOAD_FLEET_H
#define GB_LOAD_FLEET_H

#include "base/check.h"
#include "base/err.h"
#include "load/options.h"

GB_MUST_USE int fleet_enrol(const struct options *options, struct gb_err *err);
/* One round of each that is not measured, then the rounds asked for; prints the report. */
GB_MUST_USE int fleet_run(const struct options *options, struct gb_err *err);

#endif
