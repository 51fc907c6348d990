/* judge.c: the verdicts on source 001, and the table of the figure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "studies/wal_admission/judge.h"

/* "128 threads, ..." */
static unsigned long threads_of(const char *setting) { return strtoul(setting, NULL, 10); }

/* The setting of an experiment with so many threads that has `with` in it, but not `without`. */
const char *judge_setting(const struct study_judge *j, const char *experiment, unsigned threads,
                          const char *with, const char *without)
{
    const char *setting;
    for (size_t i = 0; (setting = study_setting(j, experiment, i)) != NULL; i++) {
        if (threads_of(setting) == threads && strstr(setting, with) && !strstr(setting, without))
            return setting;
    }
    return "none";
}

const char *judge_disk(const struct study_judge *j, unsigned threads)
{
    const char *setting;
    for (size_t i = 0; (setting = study_setting(j, "commits", i)) != NULL; i++) {
        if (threads_of(setting) == threads && !strstr(setting, "simulated") &&
            !strstr(setting, "awake"))
            return setting;
    }
    return "none";
}

struct interval judge_commits(const struct study_judge *j, const char *variant, const char *setting)
{
    return study_median(j, "commits", variant, setting, "commits_per_s");
}

void wal_judge(struct study_judge *j)
{
    judge_the_commits(j);
    judge_the_rest(j);
}

/* ---- the figure ------------------------------------------------------------------------------ */

/* A line for each variant: its points by the number of threads. */
static void put_line(const struct study_judge *j, const char *variant, bool simulated, FILE *table)
{
    for (unsigned last = 0, next; last < UINT32_MAX; last = next) {
        const char *setting, *found = NULL;
        next = UINT32_MAX;
        for (size_t i = 0; (setting = study_setting(j, "commits", i)) != NULL; i++) {
            const unsigned threads = (unsigned)threads_of(setting);
            if (threads > last && threads < next && !strstr(setting, "awake") &&
                simulated == (strstr(setting, "simulated") != NULL) &&
                judge_commits(j, variant, setting).n) {
                found = setting;
                next = threads;
            }
        }
        if (!found)
            continue;
        const struct interval v = judge_commits(j, variant, found);
        fprintf(table, "%s\t%s\t%u\t%.6g\t%.6g\t%.6g\t%s\n", simulated ? "simulated" : "disk",
                variant, next, v.mid, v.low, v.high, strchr(found, ',') + 2);
    }
}

void wal_figure(const struct study_judge *j, FILE *table)
{
    static const char *const variants[] = {
        "own entry, committers lead", "own entry, flusher",        "as written, poll 1 ms",
        "as written, poll 100 us",    "a sync for each",           "RocksDB",
        "SQLite WAL, FULL",           "own entry, space reserved", "RocksDB, logs recycled",
    };
    fputs("medium\tvariant\tthreads\tcommits_per_s\tlow\thigh\twhere\n", table);
    for (unsigned simulated = 0; simulated < 2; simulated++)
        for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
            put_line(j, variants[i], simulated, table);
    fputs("document\tthe document\t128\t312\t312\t312\t\n", table); /* its own figure */
}
