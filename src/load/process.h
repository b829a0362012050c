/* What the system says of another process. */
#ifndef GB_LOAD_PROCESS_H
#define GB_LOAD_PROCESS_H

#include <sys/types.h>

/* CPU time that its living threads have used, in seconds; 0 when it cannot be told. */
double process_cpu_s(pid_t pid);
/* Memory that is its own, in KB. */
double process_memory_kb(pid_t pid);

#endif
