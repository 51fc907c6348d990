/* judge.c: verdicts of the document's claims, from samples. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "studies/indexing/indexing.h"

/* A sentence that is put together. */
struct text {
    char text[2400];
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

/* ---- who is faster ------------------------------------------------------------------------------ */

/* What is compared, and by which figures. Where other work on the machine blurs operations per
 * second, operations per second of processor time may decide: they charge nobody for others' work.
 * Nor do they charge a map with locks for what it sleeps. So who is faster by them is faster; who is
 * not may be so all the same, unless nobody sleeps. */
struct contest {
    const char *experiment, *setting, *per_s, *per_cpu_s;
    bool nobody_sleeps; /* one thread, or no locks */
};

struct outcome {
    enum verdict verdict;
    bool by_processor; /* the first figure left it open, and the second has decided */
    char words[160];
    struct interval ratio;
};

static struct outcome compare(const struct study_judge *j, const struct contest *c, const char *a,
                              const char *b, double least)
{
    const struct interval r = study_ratio(j, c->experiment, a, b, c->setting, c->per_s),
                          cpu = study_ratio(j, c->experiment, a, b, c->setting, c->per_cpu_s);
    struct outcome o = {.verdict = study_at_least(r, least), .ratio = r};
    if (o.verdict == CLAIM_UNTESTABLE) {
        const enum verdict v = study_at_least(cpu, least);
        if (v == CLAIM_HOLDS || c->nobody_sleeps)
            o.verdict = v;
        o.by_processor = o.verdict != CLAIM_UNTESTABLE;
        snprintf(o.words, sizeof o.words, "%s%s%s", study_words(r, "x"),
                 cpu.n ? ", by processor time " : "", cpu.n ? study_words(cpu, "x") : "");
    } else {
        snprintf(o.words, sizeof o.words, "%s", study_words(r, "x"));
    }
    return o;
}

/* "So many times a map with locks": each of these maps against each of those, one by one. */
static void judge_pairs(struct study_judge *j, const char *claim, const struct contest *c,
                        const char *const *ours, unsigned n_ours, const char *const *theirs,
                        unsigned n_theirs, double least)
{
    struct study_parts p = {0};
    if (study_missing(j, claim, c->experiment))
        return;
    for (unsigned i = 0; i < n_ours; i++)
        for (unsigned k = 0; k < n_theirs; k++) {
            const struct outcome o = compare(j, c, ours[i], theirs[k], least);
            study_part(&p, o.verdict, "%s beside %s (%s)", ours[i], theirs[k], o.words);
        }
    study_verdict(j, claim, study_parts_verdict(&p), NULL, "%s; %gx and more is asked (%s)",
                  study_parts_words(&p), least, c->setting);
}

static void judge_times(struct study_judge *j)
{
    static const struct contest inserts = {"inserts", "room for all, 8 threads", "inserts_per_s",
                                           "inserts_per_cpu_s", false},
                                finds = {"throughput", "read-only, zipf, 8 threads", "ops_per_s",
                                         "ops_per_cpu_s", false},
                                alone = {"throughput", "read-heavy, zipf, 1 threads", "ops_per_s",
                                         "ops_per_cpu_s", true};
    judge_pairs(j, "S2-C1", &inserts, lockfree, 2, locks, 3, 2);
    judge_pairs(j, "S2-C2", &finds, lockfree, 2, locks, 3, 3);
    /* The traditional ones, as the document names them: a mutex and an rwlock. */
    judge_pairs(j, "S2-C7", &alone, locks, 2, lockfree, 2, 1);
}

/* Near-linear: nine tenths of what the processors would give; by processor time, an operation that
 * costs no more than a ninth more. */
static void judge_scaling(struct study_judge *j)
{
    static const char *const one = "read-heavy, zipf, 1 threads", *const two =
                                                                      "read-heavy, zipf, 2 threads";
    static const char *const metrics[] = {"ops_per_s", "ops_per_cpu_s"};
    const double processors = study_least(j, "throughput", "map_lockfree", one, "processors");
    struct study_parts p = {0};
    if (study_missing(j, "S2-C3", "throughput"))
        return;
    for (unsigned l = 0; l < 2; l++) {
        struct interval r[2];
        for (unsigned m = 0; m < 2; m++)
            r[m] = study_quotient(study_median(j, "throughput", lockfree[l], two, metrics[m]),
                                  study_median(j, "throughput", lockfree[l], one, metrics[m]), 1);
        enum verdict v = study_at_least(r[0], 0.9 * 2);
        if (v == CLAIM_UNTESTABLE)
            v = study_at_least(r[1], 0.9);
        study_part(&p, v, "%s (%s, for each second of processor time %s)", lockfree[l],
                   study_words(r[0], "x"), study_words(r[1], "x"));
    }
    const enum verdict v = processors >= 2 ? study_parts_verdict(&p) : CLAIM_UNTESTABLE;
    study_verdict(j, "S2-C3", v, NULL,
                  "%s; 2 threads for one, read-heavy, where 1.8x is near-linear. More than this "
                  "machine's %g processors cannot be tested here",
                  study_parts_words(&p), processors);
}

/* ---- statistics, tracker ------------------------------------------------------------------------ */

static void judge_counters(struct study_judge *j)
{
    const double limit = 1.05; /* of the time of a find: what "no impact" may be */
    struct study_parts printed = {0}, mended = {0};
    struct text mutex = {.n = 0};
    if (study_missing(j, "S2-C4", "counters"))
        return;
    for (size_t i = 0; study_setting(j, "counters", i); i++) {
        const char *const setting = study_setting(j, "counters", i);
        if (!strstr(setting, "beside"))
            continue;
        const struct interval shared = study_ratio(j, "counters", "one atomic", "none", setting,
                                                   "cpu_ns"),
                              own =
                                  study_ratio(j, "counters", "own line", "none", setting, "cpu_ns"),
                              lock = study_ratio(j, "counters", "mutex", "none", setting, "cpu_ns");
        study_part(&printed, study_at_most(shared, limit), "%s (%s)", setting,
                   study_words(shared, "x"));
        study_part(&mended, study_at_most(own, limit), "%s (%s)", setting, study_words(own, "x"));
        say(&mutex, "%s%s", mutex.n ? ", " : "", study_words(lock, "x"));
    }
    const enum verdict v = study_parts_verdict(&printed);
    const bool only_own = v == CLAIM_REFUTED && study_parts_verdict(&mended) == CLAIM_HOLDS;
    study_verdict(
        j, "S2-C4", only_own ? CLAIM_CONDITIONAL : v, NULL,
        "%s%s. A line for each thread %s: %s. A mutex: %s. The time of a find that counts "
        "for one that does not; %gx is no impact",
        only_own ? "each thread counts in a line of its own. One shared atomic is "
                   "refuted: "
                 : "one shared atomic: ",
        study_parts_words(&printed), verdict_words[study_parts_verdict(&mended)],
        study_parts_words(&mended), mutex.text, limit);
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

/* Safe as far as the checker explores, for each map; and its memory bounded, with a reader that stands
 * still. A map that the checker did not run leaves all of it open. */
static void judge_epochs(struct study_judge *j)
{
    struct study_parts p = {0};
    bool violated = false, checked = true;
    for (unsigned l = 0; l < 2; l++) {
        static const char *const stands = "a reader stands still", *const goes = "no reader";
        const double violations = study_sum(j, "checker", lockfree[l], NULL, "violations"),
                     executions = study_sum(j, "checker", lockfree[l], NULL, "executions");
        double changes = 1000;
        char metric[STUDY_WORD];
        violated |= violations > 0;
        checked &= violations == 0 && executions > 0;
        study_part(&p,
                   violations > 0                      ? CLAIM_REFUTED
                   : violations == 0 && executions > 0 ? CLAIM_HOLDS
                                                       : CLAIM_UNTESTABLE,
                   "%s is safe (%.0f violations in %.0f executions of %u programs)", lockfree[l],
                   violations, executions, study_count(j, "checker", lockfree[l], NULL, NULL));
        for (unsigned long more = 10000; more <= 1000000000; more *= 10) {
            snprintf(metric, sizeof metric, "bytes_%lu", more);
            if (isnan(study_most(j, "stalled reader", lockfree[l], stands, metric)))
                break;
            changes = (double)more;
        }
        snprintf(metric, sizeof metric, "bytes_%.0f", changes);
        const double a = study_most(j, "stalled reader", lockfree[l], stands, metric),
                     b = study_most(j, "stalled reader", lockfree[l], goes, metric);
        study_part(&p,
                   isnan(a) || isnan(b) ? CLAIM_UNTESTABLE
                   : a > 4 * b          ? CLAIM_REFUTED
                                        : CLAIM_HOLDS,
                   "%s frees behind a reader that stands still (%.3g MB after %.0f changes, %.3g "
                   "MB without)",
                   lockfree[l], a / 1e6, changes, b / 1e6);
    }
    study_verdict(j, "S2-C5",
                  violated   ? CLAIM_REFUTED
                  : !checked ? CLAIM_UNTESTABLE
                             : study_parts_verdict(&p),
                  NULL, "%s%s", violated || checked ? "" : "the checker was not run on both maps: ",
                  study_parts_words(&p));
}

/* ---- other comparisons ------------------------------------------------------------------------- */

/* A thousandth is what malloc rounds. */
static void judge_memory(struct study_judge *j)
{
    static const double more = 1.001;
    static const struct {
        const char *map, *experiment, *setting, *metric, *words;
    } where[] = {{"map_list", "inserts", "room for all, 8 threads", "bytes_per_key",
                  "an entry of its own for each key, in a list"},
                 {"map_lockfree", "inserts", "room for all, 8 threads", "bytes_per_key",
                  "slots of a table, with room for all"},
                 {"map_lockfree", "throughput", "read-heavy, zipf, 8 threads", "bytes",
                  "slots of a table, where keys come and go"}};
    struct study_parts p = {0};
    if (study_missing(j, "S2-C6", "inserts"))
        return;
    for (unsigned i = 0; i < 3; i++) {
        const struct interval r = study_ratio(j, where[i].experiment, where[i].map, "map_mutex",
                                              where[i].setting, where[i].metric);
        study_part(&p, study_at_least(r, more), "%s (%s %s)", where[i].words, where[i].map,
                   study_words(r, "x"));
    }
    study_verdict(j, "S2-C6", study_parts_verdict(&p), NULL,
                  "%s; bytes for those of map_mutex, %gx and more is more", study_parts_words(&p),
                  more);
}

static void judge_pools(struct study_judge *j)
{
    struct study_parts p = {0};
    if (study_missing(j, "S2-C8", "throughput"))
        return;
    for (unsigned threads = 1; threads <= 8; threads += 7) {
        char setting[STUDY_SETTING];
        snprintf(setting, sizeof setting, "write-heavy, zipf, %u threads", threads);
        const struct contest c = {"throughput", setting, "ops_per_s", "ops_per_cpu_s", true};
        const struct outcome o = compare(j, &c, "map_list_pool", "map_list", 1);
        study_part(&p, o.verdict, "%s (%s)", setting, o.words);
    }
    study_verdict(j, "S2-C8", study_parts_verdict(&p), NULL,
                  "%s; the speed with entries from a pool of the thread for that with malloc's",
                  study_parts_words(&p));
}

/* The target: at least as fast as anything else, read-heavy, with 1, 2, 4 and 8 threads. */
static void judge_target(struct study_judge *j)
{
    struct text all = {.n = 0};
    struct study_parts whole = {0};
    unsigned foreign = 0, n = 0, by_processor = 0;
    if (study_missing(j, "IDX-T1", "throughput"))
        return;
    for (size_t i = 0; study_setting(j, "throughput", i); i++) {
        const char *const setting = study_setting(j, "throughput", i), *other, *who = "";
        const struct contest c = {"throughput", setting, "ops_per_s", "ops_per_cpu_s",
                                  strstr(setting, " 1 threads") != NULL};
        struct interval worst = {.mid = INFINITY};
        struct study_parts others = {0};
        if (strncmp(setting, "read-heavy", 10) != 0)
            continue;
        for (size_t k = 0; (other = study_variant(j, "throughput", setting, k)) != NULL; k++) {
            const struct map_driver *const d = map_driver_named(other);
            if (strcmp(other, "map_lockfree") == 0)
                continue;
            foreign += !d || d->traits->peer;
            const struct outcome o = compare(j, &c, "map_lockfree", other, 1);
            by_processor += o.by_processor;
            n++;
            study_part(&others, o.verdict, "%s (%s)", other, o.words);
            study_part(&whole, o.verdict, ".");
            if (o.ratio.n && o.ratio.mid < worst.mid) {
                worst = o.ratio;
                who = other;
            }
        }
        const struct study_part_list *const lost = &others.list[CLAIM_REFUTED],
                                            *const open = &others.list[CLAIM_UNTESTABLE];
        say(&all, "%s%s: at least as fast as %u of %u", all.n ? ". " : "", setting,
            others.list[CLAIM_HOLDS].n, others.list[CLAIM_HOLDS].n + lost->n + open->n);
        say(&all, "%s%s%s%s", lost->n ? "; slower than " : "", lost->text,
            open->n ? "; undecided: " : "", open->text);
        say(&all, "; closest is %s (%s)", who, study_words(worst, "x"));
    }
    /* A target has no conditions: one that is faster is enough to miss it. */
    const enum verdict v = whole.list[CLAIM_REFUTED].n ? CLAIM_REFUTED
                           : foreign                   ? study_parts_verdict(&whole)
                                                       : CLAIM_UNTESTABLE;
    study_verdict(j, "IDX-T1", v, NULL, "%s%s. Of %u comparisons %u are decided by processor time",
                  foreign ? "" : "other people's maps are not in this build. ", all.text, n,
                  by_processor);
}

void indexing_judge(struct study_judge *j)
{
    judge_times(j);
    judge_scaling(j);
    judge_counters(j);
    judge_epochs(j);
    judge_memory(j);
    judge_pools(j);
    judge_printed_map(j);
    judge_watch(j, "S2-B2", "access", "two atomics, stored",
                "models/mutants/tracker_older_timestamp.c", "the time of the last access go back",
                "worst_step_back_us", "us");
    judge_watch(j, "S2-B3", "rates", "two counters", "models/mutants/stats_no_cut.c",
                "more hits than queries", "worst_excess", "hits");
    judge_target(j);
}
