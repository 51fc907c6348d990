/* judge.c: verdicts of the document's claims, from samples. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "studies/indexing/indexing.h"

/* A sentence that is put together. */
struct text {
    char text[1200];
    size_t n;
};
static void say(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(t->text + t->n, sizeof t->text - t->n, format, args);
    va_end(args);
    if (n > 0)
        t->n += (size_t)n < sizeof t->text - t->n ? (size_t)n : sizeof t->text - t->n - 1;
}

static const char *const locks[] = {"map_mutex", "map_rwlock", "map_sharded"};
static const char *const lockfree[] = {"map_list", "map_lockfree"};

/* "So many times a map with locks": each lock-free map against each with locks. */
static void judge_times(struct study_judge *j, const char *claim, const char *experiment,
                        const char *setting, const char *metric, double least)
{
    struct text holds = {.n = 0}, all = {.n = 0};
    unsigned refuted = 0, held = 0, n = 0, of_document = 0;
    for (unsigned l = 0; l < 2; l++)
        for (unsigned k = 0; k < 3; k++) {
            const struct interval r =
                study_ratio(j, experiment, lockfree[l], locks[k], setting, metric);
            const enum verdict v = study_at_least(r, least);
            say(&all, "%s%s is %s of %s", n++ ? ", " : "", lockfree[l], study_words(r, "x"),
                locks[k]);
            refuted += v == CLAIM_REFUTED;
            if (v != CLAIM_HOLDS)
                continue;
            say(&holds, "%s%s beside %s", held++ ? ", " : "", lockfree[l], locks[k]);
            of_document += l == 0;
        }
    if (of_document == 3)
        study_verdict(j, claim, CLAIM_HOLDS, NULL, "%s (%s)", all.text, setting);
    else if (held)
        study_verdict(j, claim, CLAIM_CONDITIONAL, NULL, "%gx and more only for %s (%s): %s", least,
                      holds.text, setting, all.text);
    else if (refuted == n)
        study_verdict(j, claim, CLAIM_REFUTED, NULL, "%s (%s)", all.text, setting);
    else
        study_verdict(j, claim, CLAIM_UNTESTABLE, NULL,
                      "of %u comparisons %u are below %gx, for the others the interval contains it "
                      "(%s): %s",
                      n, refuted, least, setting, all.text);
}

static void judge_scaling(struct study_judge *j)
{
    static const char *const one = "read-heavy, zipf, 1 threads", *const two =
                                                                      "read-heavy, zipf, 2 threads";
    const struct interval a = study_median(j, "throughput", "map_lockfree", one, "ops_per_s"),
                          b = study_median(j, "throughput", "map_lockfree", two, "ops_per_s");
    const double processors = study_least(j, "throughput", "map_lockfree", one, "processors");
    /* Of two medians, as far apart as their intervals allow. */
    const struct interval r = {b.mid / a.mid, b.low / a.high, b.high / a.low, a.n < b.n ? a.n : b.n,
                               a.coverage < b.coverage ? a.coverage : b.coverage};
    const enum verdict v = study_at_least(r, 1.8);
    if (v == CLAIM_HOLDS)
        study_verdict(j, "S2-C3", CLAIM_CONDITIONAL, NULL,
                      "up to 2 threads: map_lockfree does %s of what it does with one, read-heavy; "
                      "more than this machine's %g processors cannot be tested here",
                      study_words(r, "x"), processors);
    else
        study_verdict(j, "S2-C3", v, NULL,
                      "2 threads do %s of what one does (map_lockfree, read-heavy, %g processors); "
                      "near-linear would be 1.8x and more",
                      study_words(r, "x"), processors);
}

/* ---- statistics, tracker ------------------------------------------------------------------------ */

static void judge_counters(struct study_judge *j)
{
    const double limit = 1.05; /* of the time of a find: what "no impact" may be */
    struct text all = {.n = 0};
    bool printed_holds = true, own_holds = true, printed_refuted = false;
    for (size_t i = 0; study_setting(j, "counters", i); i++) {
        const char *const setting = study_setting(j, "counters", i);
        if (!strstr(setting, "beside"))
            continue;
        const struct interval shared = study_ratio(j, "counters", "one atomic", "none", setting,
                                                   "cpu_ns"),
                              own =
                                  study_ratio(j, "counters", "own line", "none", setting, "cpu_ns"),
                              mutex =
                                  study_ratio(j, "counters", "mutex", "none", setting, "cpu_ns");
        printed_holds &= study_at_most(shared, limit) == CLAIM_HOLDS;
        printed_refuted |= study_at_most(shared, limit) == CLAIM_REFUTED;
        own_holds &= study_at_most(own, limit) == CLAIM_HOLDS;
        say(&all,
            "%s%s: a find with one shared atomic takes %s, with a line for each thread %s, "
            "with a mutex %s",
            all.n ? "; " : "", setting, study_words(shared, "x"), study_words(own, "x"),
            study_words(mutex, "x"));
    }
    if (!all.n)
        say(&all, "no values");
    if (printed_holds && all.n > 10)
        study_verdict(j, "S2-C4", CLAIM_HOLDS, NULL, "%s", all.text);
    else if (printed_refuted && own_holds)
        study_verdict(j, "S2-C4", CLAIM_CONDITIONAL, NULL,
                      "each thread counts in a line of its own: %s", all.text);
    else if (printed_refuted)
        study_verdict(j, "S2-C4", CLAIM_REFUTED, NULL, "%s (limit %gx)", all.text, limit);
    else
        study_verdict(j, "S2-C4", CLAIM_UNTESTABLE, NULL,
                      "the interval contains the limit of %gx: %s", limit, all.text);
}

/* Code as printed that is seen to be wrong, by readers or by the checker. */
static void judge_watch(struct study_judge *j, const char *claim, const char *experiment,
                        const char *printed, const char *mutant, const char *what,
                        const char *worst, const char *unit)
{
    char setting[STUDY_SETTING];
    snprintf(setting, sizeof setting, "%s", strrchr(mutant, '/') + 1);
    const double wrong = study_sum(j, experiment, printed, NULL, "wrong_looks"),
                 looks = study_sum(j, experiment, printed, NULL, "looks"),
                 all = study_sum(j, experiment, NULL, NULL, "wrong_looks"),
                 found = study_sum(j, "checker", "as printed", setting, "violations");
    const double most = study_most(j, experiment, printed, NULL, worst);
    const enum verdict v = wrong > 0 || found > 0 ? CLAIM_REFUTED : CLAIM_UNTESTABLE;
    struct text t = {.n = 0};
    say(&t, "%.0f of %.0f looks saw %s, by up to %.3g %s; with the mended ones %.0f", wrong, looks,
        what, most, unit, all - wrong);
    if (found > 0)
        say(&t, "; the checker has a counterexample");
    else if (!(wrong > 0))
        say(&t, "; too few to see it here, and the checker was not run");
    study_verdict(j, claim, v, v == CLAIM_REFUTED ? mutant : NULL, "%s", t.text);
}

/* ---- correctness -------------------------------------------------------------------------------- */

static void judge_printed_map(struct study_judge *j)
{
    const double wrong = study_sum(j, "history", "map_list_unmarked", NULL, "keys_wrong"),
                 histories = study_count(j, "history", "map_list_unmarked", NULL, NULL),
                 operations = study_sum(j, "history", "map_list_unmarked", NULL, "operations"),
                 all = study_sum(j, "history", NULL, NULL, "keys_wrong"),
                 programs = study_sum(j, "checker", "as printed", "insert_remove.c", "violations");
    const bool refuted = wrong > 0 || programs > 0;
    study_verdict(j, "S2-B1", refuted ? CLAIM_REFUTED : CLAIM_UNTESTABLE,
                  refuted ? "models/mutants/list_delete_loses_insert.c" : NULL,
                  "the list without marks: the monitor finds %.0f keys that no order explains in "
                  "%.0f histories of %.0f operations in all, %.0f in those of the others%s",
                  wrong, histories, operations, all - wrong,
                  programs > 0 ? "; the checker finds the lost insert" : "");
}

static void judge_epochs(struct study_judge *j)
{
    double violations = 0, executions = 0, programs = 0;
    for (unsigned l = 0; l < 2; l++) {
        const double v = study_sum(j, "checker", lockfree[l], NULL, "violations"),
                     e = study_sum(j, "checker", lockfree[l], NULL, "executions");
        violations += v > 0 ? v : 0;
        executions += e > 0 ? e : 0;
        programs += study_count(j, "checker", lockfree[l], NULL, NULL);
    }
    struct text held = {.n = 0};
    bool grows = false;
    for (unsigned l = 0; l < 2; l++) {
        static const char *const stands = "a reader stands still", *const goes = "no reader";
        double changes = 1000;
        char metric[STUDY_WORD];
        for (unsigned long more = 10000; more <= 1000000000; more *= 10) {
            snprintf(metric, sizeof metric, "bytes_%lu", more);
            if (isnan(study_most(j, "stalled reader", lockfree[l], stands, metric)))
                break;
            changes = (double)more;
        }
        snprintf(metric, sizeof metric, "bytes_%.0f", changes);
        const double a = study_most(j, "stalled reader", lockfree[l], stands, metric),
                     b = study_most(j, "stalled reader", lockfree[l], goes, metric);
        grows |= a > 4 * b;
        say(&held,
            "; %s holds %.3g MB after %.0f changes behind a reader that stands still, "
            "%.3g MB without",
            lockfree[l], a / 1e6, changes, b / 1e6);
    }
    if (violations > 0)
        study_verdict(j, "S2-C5", CLAIM_REFUTED, NULL, "the checker finds %.0f violations%s",
                      violations, held.text);
    else if (executions == 0)
        study_verdict(j, "S2-C5", CLAIM_UNTESTABLE, NULL, "the checker was not run%s", held.text);
    else
        study_verdict(j, "S2-C5", grows ? CLAIM_CONDITIONAL : CLAIM_HOLDS, NULL,
                      "%sno violation in %.0f executions of %.0f programs%s",
                      grows ? "no reader stands still, for memory is not bounded then: " : "",
                      executions, programs, held.text);
}

/* ---- other comparisons ------------------------------------------------------------------------- */

static void judge_memory(struct study_judge *j)
{
    static const char *const setting = "room for all, 8 threads";
    const struct interval a = study_ratio(j, "inserts", "map_list", "map_mutex", setting,
                                          "bytes_per_key"),
                          b = study_ratio(j, "inserts", "map_lockfree", "map_mutex", setting,
                                          "bytes_per_key"),
                          c = study_ratio(j, "throughput", "map_lockfree", "map_mutex",
                                          "read-heavy, zipf, 8 threads", "bytes");
    const bool list = study_at_least(a, 1.001) == CLAIM_HOLDS,
               table = study_at_least(b, 1.001) == CLAIM_HOLDS;
    struct text t = {.n = 0};
    say(&t,
        "for each key map_list takes %s of what map_mutex does, map_lockfree %s, and %s where keys "
        "come and go",
        study_words(a, "x"), study_words(b, "x"), study_words(c, "x"));
    if (a.n == 0 || b.n == 0 || a.coverage == 0)
        study_verdict(j, "S2-C6", CLAIM_UNTESTABLE, NULL, "too few samples: %s", t.text);
    else if (list && table)
        study_verdict(j, "S2-C6", CLAIM_HOLDS, NULL, "%s", t.text);
    else if (list || table || study_at_least(c, 1.001) == CLAIM_HOLDS)
        study_verdict(j, "S2-C6", CLAIM_CONDITIONAL, NULL, "%s: %s",
                      list ? "each key has an entry of its own" : "removed keys keep their slots",
                      t.text);
    else
        study_verdict(j, "S2-C6", CLAIM_REFUTED, NULL, "%s", t.text);
}

/* With one thread a lock would do: is the map under a mutex at least as fast as those without? */
static void judge_one_thread(struct study_judge *j)
{
    static const char *const setting = "read-heavy, zipf, 1 threads";
    const struct interval list = study_ratio(j, "throughput", "map_mutex", "map_list", setting,
                                             "ops_per_s"),
                          table = study_ratio(j, "throughput", "map_mutex", "map_lockfree", setting,
                                              "ops_per_s");
    const enum verdict a = study_at_least(list, 1), b = study_at_least(table, 1);
    const enum verdict v = a == CLAIM_HOLDS && b == CLAIM_HOLDS       ? CLAIM_HOLDS
                           : a == CLAIM_REFUTED && b == CLAIM_REFUTED ? CLAIM_REFUTED
                           : a == CLAIM_HOLDS || b == CLAIM_HOLDS     ? CLAIM_CONDITIONAL
                           : b == CLAIM_REFUTED                       ? CLAIM_REFUTED
                                                                      : CLAIM_UNTESTABLE;
    study_verdict(j, "S2-C7", v, NULL, "%smap_mutex does %s of map_list, %s of map_lockfree (%s)",
                  v == CLAIM_CONDITIONAL ? "the other is a list: " : "", study_words(list, "x"),
                  study_words(table, "x"), setting);
}

static void judge_pools(struct study_judge *j)
{
    const struct interval one = study_ratio(j, "throughput", "map_list_pool", "map_list",
                                            "write-heavy, zipf, 1 threads", "ops_per_s"),
                          eight = study_ratio(j, "throughput", "map_list_pool", "map_list",
                                              "write-heavy, zipf, 8 threads", "ops_per_s");
    const enum verdict a = study_at_least(one, 1), b = study_at_least(eight, 1);
    const enum verdict v = a == b                                 ? a
                           : a == CLAIM_HOLDS || b == CLAIM_HOLDS ? CLAIM_CONDITIONAL
                                                                  : CLAIM_UNTESTABLE;
    study_verdict(j, "S2-C8", v, NULL,
                  "%sentries from a pool of the thread, write-heavy: %s of malloc's speed with 1 "
                  "thread, %s with 8",
                  v == CLAIM_CONDITIONAL ? (a == CLAIM_HOLDS ? "one thread: " : "8 threads: ") : "",
                  study_words(one, "x"), study_words(eight, "x"));
}

/* The target: at least as fast as anything else, read-heavy, with 1, 2, 4 and 8 threads. Where other
 * work on the machine blurs operations per second, operations per second of processor time decide:
 * they charge nobody for others' work, nor a map with locks for what it sleeps. */
static void judge_target(struct study_judge *j)
{
    struct text all = {.n = 0}, behind = {.n = 0}, open = {.n = 0};
    unsigned foreign = 0, n = 0, by_processor = 0, opens = 0;
    for (size_t i = 0; study_setting(j, "throughput", i); i++) {
        const char *const setting = study_setting(j, "throughput", i);
        struct interval worst = {.mid = INFINITY};
        const char *who = "";
        if (strncmp(setting, "read-heavy", 10) != 0)
            continue;
        for (size_t k = 0; study_variant(j, "throughput", setting, k); k++) {
            const char *const other = study_variant(j, "throughput", setting, k);
            const struct map_driver *const d = map_driver_named(other);
            if (strcmp(other, "map_lockfree") == 0)
                continue;
            foreign += !d || d->traits->peer;
            const struct interval r =
                study_ratio(j, "throughput", "map_lockfree", other, setting, "ops_per_s");
            enum verdict v = study_at_least(r, 1);
            n++;
            if (v == CLAIM_UNTESTABLE) {
                v = study_at_least(
                    study_ratio(j, "throughput", "map_lockfree", other, setting, "ops_per_cpu_s"),
                    1);
                by_processor += v != CLAIM_UNTESTABLE;
            }
            if (v == CLAIM_REFUTED)
                say(&behind, "%s%s (%s)", behind.n ? ", " : "", other, setting);
            else if (v != CLAIM_HOLDS && opens++ < 4)
                say(&open, "%s%s (%s: %s)", open.n ? ", " : "", other, setting,
                    study_words(r, "x"));
            if (r.n && r.mid < worst.mid) {
                worst = r;
                who = other;
            }
        }
        say(&all, "%s%s: %s of %s", all.n ? "; " : "", setting, study_words(worst, "x"), who);
    }
    if (!foreign)
        study_verdict(j, "IDX-T1", CLAIM_UNTESTABLE, NULL,
                      "other people's maps are not in this build; the best of the others, %s",
                      all.text);
    else if (behind.n)
        study_verdict(j, "IDX-T1", CLAIM_REFUTED, NULL,
                      "slower than %s; the best of the others, %s", behind.text, all.text);
    else if (open.n)
        study_verdict(j, "IDX-T1", CLAIM_UNTESTABLE, NULL,
                      "in %u of %u comparisons the interval contains 1: %s%s; the best of the "
                      "others, %s",
                      opens, n, open.text, opens > 4 ? " ..." : "", all.text);
    else
        study_verdict(
            j, "IDX-T1", CLAIM_HOLDS, NULL,
            "in all %u comparisons, %u of them by processor time; the best of the others, "
            "%s",
            n, by_processor, all.text);
}

void indexing_judge(struct study_judge *j)
{
    judge_times(j, "S2-C1", "inserts", "room for all, 8 threads", "inserts_per_s", 2);
    judge_times(j, "S2-C2", "throughput", "read-only, zipf, 8 threads", "ops_per_s", 3);
    judge_scaling(j);
    judge_counters(j);
    judge_epochs(j);
    judge_memory(j);
    judge_one_thread(j);
    judge_pools(j);
    judge_printed_map(j);
    judge_watch(j, "S2-B2", "access", "two atomics, stored",
                "models/mutants/tracker_older_timestamp.c", "the time of the last access go back",
                "worst_step_back_us", "us");
    judge_watch(j, "S2-B3", "rates", "two counters", "models/mutants/stats_no_cut.c",
                "more hits than queries", "worst_excess", "hits");
    judge_target(j);
}
