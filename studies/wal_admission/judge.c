/* judge.c: the verdicts on source 001, and the table of the figure. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "studies/wal_admission/judge.h"

/* The setting of an experiment with so many threads that has `with` in it, but not `without`. */
const char *judge_setting(const struct study_judge *j, const char *experiment, unsigned threads,
                          const char *with, const char *without)
{
    const char *setting;
    for (size_t i = 0; (setting = study_setting(j, experiment, i)) != NULL; i++) {
        unsigned n;
        if (sscanf(setting, "%u thread", &n) == 1 && n == threads && strstr(setting, with) &&
            !strstr(setting, without))
            return setting;
    }
    return "none";
}

const char *judge_disk(const struct study_judge *j, unsigned threads)
{
    const char *setting;
    for (size_t i = 0; (setting = study_setting(j, "commits", i)) != NULL; i++) {
        unsigned n;
        if (sscanf(setting, "%u thread", &n) == 1 && n == threads &&
            !strstr(setting, "simulated") && !strstr(setting, "awake"))
            return setting;
    }
    return "none";
}

/* a / b of values that were not taken in pairs: as wide as their intervals allow. */
struct interval judge_quotient(struct interval a, struct interval b, double times)
{
    if (a.n == 0 || b.n == 0 || !(b.low > 0))
        return (struct interval){NAN, NAN, NAN, 0, 0};
    return (struct interval){times * a.mid / b.mid, times * a.low / b.high, times * a.high / b.low,
                             a.n < b.n ? a.n : b.n, fmin(a.coverage, b.coverage)};
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

void wal_figure(const struct study_judge *j, FILE *table)
{
    const char *setting, *variant;
    fputs("threads\tmedium\tvariant\tcommits_per_s\tlow\thigh\n", table);
    for (size_t i = 0; (setting = study_setting(j, "commits", i)) != NULL; i++)
        for (size_t k = 0; (variant = study_variant(j, "commits", setting, k)) != NULL; k++) {
            const struct interval v = judge_commits(j, variant, setting);
            unsigned threads;
            if (v.n == 0 || sscanf(setting, "%u thread", &threads) != 1 || strstr(setting, "awake"))
                continue;
            fprintf(table, "%u\t%s\t%s\t%.6g\t%.6g\t%.6g\n", threads,
                    strstr(setting, "simulated") ? "simulated" : "disk", variant, v.mid, v.low,
                    v.high);
        }
}
