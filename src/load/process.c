#include "load/process.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Nanoseconds on a CPU, of one thread; the ticks of /proc/PID/stat are ten milliseconds. */
static double thread_cpu_s(pid_t pid, const char *thread)
{
    char path[300];
    char line[64];
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, thread);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    uint64_t ns = fgets(line, sizeof line, f) ? strtoull(line, NULL, 10) : 0;
    (void)fclose(f);
    return (double)ns / 1e9;
}

double process_cpu_s(pid_t pid)
{
    char path[64];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            sum += thread_cpu_s(pid, entry->d_name);
    if (dir)
        closedir(dir);
    return sum;
}

double process_memory_kb(pid_t pid)
{
    static const char name[] = "RssAnon:";
    char path[64], line[256];
    unsigned long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && kb == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, name, sizeof name - 1) == 0)
            kb = strtoul(line + sizeof name - 1, NULL, 10);
    if (f)
        (void)fclose(f);
    return (double)kb;
}
