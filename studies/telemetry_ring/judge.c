/* judge.c: the telemetry ring's figures against what was measured. See judge.h. */
#include "studies/telemetry_ring/judge.h"

#include <string.h>

/* The condition of a verdict, which stands behind "holds only when". */
static const char *when(enum verdict v, const char *condition)
{
    return v == CLAIM_CONDITIONAL ? condition : "";
}

/* ---- throughput -------------------------------------------------------------------------------- */

/* The ring as it should be, and as it is printed under the three policies that need no disk. One that
 * hangs sustains nothing, whatever it made before. */
static void judge_throughput(struct study_judge *j, const char *claim, const char *setting,
                             double bound)
{
    static const char *const variants[] = {"ring", "as written, block", "as written, drop newest",
                                           "as written, drop oldest"};
    static const char *const names[] = {"ring_mpsc", "as printed, blocking",
                                        "as printed, drop newest", "as printed, drop oldest"};
    struct study_parts p = {0};
    if (study_missing(j, claim, "throughput"))
        return;
    for (unsigned i = 0; i < 4; i++) {
        const struct interval v = figure(j, "throughput", variants[i], setting, "events_per_s");
        const double hung = total(j, "throughput", variants[i], setting, "wedged");
        char hangs[64] = "";
        if (hung > 0)
            snprintf(hangs, sizeof hangs, "%shangs in %.0f of %u runs", v.n ? ", " : "", hung,
                     good(j, "throughput", variants[i], setting));
        study_part(&p, hung > 0 ? CLAIM_REFUTED : study_at_least(v, bound), "%s (%s%s)", names[i],
                   hangs[0] && !v.n ? "" : study_words(v, "events/s"), hangs);
    }
    study_verdict(
        j, claim, study_parts_verdict(&p), NULL, "%s; a ring under a lock: %s",
        study_parts_words(&p),
        study_words(figure(j, "throughput", "lock, batches", setting, "events_per_s"), "events/s"));
}

/* ---- the time of a push ------------------------------------------------------------------------ */

static const char *const push_settings[] = {"1 producer", "4 producers", "4 producers, flat out"};
enum { PUSH_SETTINGS = 3 };

/* The clock is read twice around a push. What is below the bound with that holds; what is above it
 * without, does not. */
static enum verdict push_time(struct interval v, double clock)
{
    if (study_at_most(v, 100) == CLAIM_HOLDS)
        return CLAIM_HOLDS;
    return study_at_most(v, 100 + clock) == CLAIM_REFUTED ? CLAIM_REFUTED : CLAIM_UNTESTABLE;
}

static void judge_push_time(struct study_judge *j)
{
    static const char *const variants[] = {"ring", "as written"}, *const names[] = {"ring_mpsc",
                                                                                    "as printed"};
    const struct interval clock =
        figure(j, "push time", "nothing", push_settings[0], "push_p50_ns");
    struct study_parts p = {0};
    if (study_missing(j, "S3-C2", "push time"))
        return;
    for (unsigned k = 0; k < 2; k++)
        for (unsigned i = 0; i < PUSH_SETTINGS; i++) {
            const struct interval v =
                figure(j, "push time", variants[k], push_settings[i], "push_p99_ns");
            study_part(&p, push_time(v, clock.n ? clock.mid : 0), "%s, %s (%s)", names[k],
                       push_settings[i], study_words(v, "ns"));
        }
    study_verdict(
        j, "S3-C2", study_parts_verdict(&p), NULL,
        "%s; p99 of a push with the clock's own %s, which may or may not be counted. The "
        "median of one producer: ring_mpsc %s, as printed %s",
        study_parts_words(&p), study_words(clock, "ns"),
        study_words(figure(j, "push time", "ring", push_settings[0], "push_p50_ns"), "ns"),
        study_words(figure(j, "push time", "as written", push_settings[0], "push_p50_ns"), "ns"));
}

/* "About 500 ns": within a factor of two. */
static void judge_current(struct study_judge *j)
{
    struct study_parts p = {0};
    if (study_missing(j, "S3-C6", "push time"))
        return;
    for (unsigned i = 0; i < PUSH_SETTINGS; i++) {
        const struct interval v = figure(j, "push time", "lock", push_settings[i], "push_p99_ns");
        const enum verdict low = study_at_least(v, 250), high = study_at_most(v, 1000);
        study_part(&p,
                   low == CLAIM_REFUTED || high == CLAIM_REFUTED ? CLAIM_REFUTED
                   : low == CLAIM_HOLDS && high == CLAIM_HOLDS   ? CLAIM_HOLDS
                                                                 : CLAIM_UNTESTABLE,
                   "%s (%s)", push_settings[i], study_words(v, "ns"));
    }
    study_verdict(
        j, "S3-C6", study_parts_verdict(&p), NULL,
        "%s; p99 of a push into a ring under one lock, about 500 ns is taken as 250 to "
        "1000. Its median with one producer: %s",
        study_parts_words(&p),
        study_words(figure(j, "push time", "lock", push_settings[0], "push_p50_ns"), "ns"));
}

/* ---- memory ------------------------------------------------------------------------------------ */

static void judge_memory(struct study_judge *j)
{
    if (study_missing(j, "S3-C4", "memory"))
        return;
    const double ring = study_most(j, "memory", "ring", NULL, "overhead_bytes");
    const double boxes = study_most(j, "memory", "a box each", NULL, "overhead_bytes");
    const double empty = study_most(j, "memory", "a box each, empty", NULL, "overhead_bytes");
    const enum verdict v = isnan(ring) || isnan(boxes)    ? CLAIM_UNTESTABLE
                           : ring < 10e6 && boxes < 10e6  ? CLAIM_HOLDS
                           : ring >= 10e6 && boxes < 10e6 ? CLAIM_REFUTED
                           : ring >= 10e6                 ? CLAIM_REFUTED
                                                          : CLAIM_CONDITIONAL;
    study_verdict(j, "S3-C4", v, NULL,
                  "%sring_mpsc %.3g MB beyond a million events of 24 bytes, %.3g MB "
                  "resident in all; with a box for each as printed %.3g MB (%.3g when empty)",
                  when(v, "events lie in the slots: "), ring / 1e6,
                  study_most(j, "memory", "ring", NULL, "resident_bytes") / 1e6, boxes / 1e6,
                  empty / 1e6);
}

void telemetry_judge(struct study_judge *j)
{
    judge_throughput(j, "S3-C1", "1 producer", 1e6);
    judge_push_time(j);
    judge_throughput(j, "S3-C3", "4 producers", 500e3);
    judge_memory(j);
    judge_current(j);
    telemetry_judge_parts(j);
    telemetry_judge_bugs(j);
}

/* Variants of throughput, with intervals; 0: all of its samples hung. */
void telemetry_figure(const struct study_judge *j, FILE *table)
{
    static const char *const variants[] = {"ring",
                                           "lock, batches",
                                           "lock, one by one",
                                           "as written, block",
                                           "as written, drop newest",
                                           "as written, drop oldest"};
    static const char *const settings[] = {"1 producer", "4 producers"};
    fputs("variant\tproducers\tevents_per_s\tlow\thigh\thung\truns\n", table);
    for (unsigned i = 0; i < sizeof variants / sizeof *variants; i++)
        for (unsigned k = 0; k < 2; k++) {
            const struct interval v =
                figure(j, "throughput", variants[i], settings[k], "events_per_s");
            const double hung = total(j, "throughput", variants[i], settings[k], "wedged");
            fprintf(table, "%s\t%s\t%.6g\t%.6g\t%.6g\t%.0f\t%u\n", variants[i], settings[k],
                    v.n ? v.mid : 0, v.n ? v.low : 0, v.n ? v.high : 0, hung,
                    good(j, "throughput", variants[i], settings[k]));
        }
}
