/* judge.c: verdicts on the document's figures: what each step gains, and what the whole comes to. */
#include "studies/stream_engine/judging.h"

/* ---- parts of a claim --------------------------------------------------------------------------- */

void part_least(struct study_parts *p, struct interval v, double least, const char *unit,
                const char *format, ...)
{
    char words[200];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    study_part(p, study_at_least(v, least), "%s (%s)", words,
               v.n ? study_words(v, unit) : "not measured");
}

void part_ratio(struct study_parts *p, const struct study_judge *j, const char *experiment,
                const char *setting, const char *metric, const char *a, const char *b, double least,
                bool alone, const char *words)
{
    struct interval v = {0}, time = {0};
    if (setting)
        v = study_ratio(j, experiment, a, b, setting, metric);
    if (alone && v.n && study_at_least(v, least) == CLAIM_UNTESTABLE)
        time = study_ratio(j, experiment, b, a, setting, "cpu_ns");
    if (study_at_least(time, least) != CLAIM_UNTESTABLE)
        part_least(p, time, least, "x", "%s, by processor time", words);
    else
        part_least(p, v, least, "x", "%s", words);
}

void parts_verdict(struct study_judge *j, const char *claim, const struct study_parts *p,
                   const char *format, ...)
{
    char what[2000];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    study_verdict(j, claim, study_parts_verdict(p), NULL, "%s; %s", study_parts_words(p), what);
}

/* The same two steps with 1 thread and with 4. */
static void steps_ratio(struct study_parts *c, const struct study_judge *j, const char *a,
                        const char *b, double least, const char *words)
{
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        char text[120];
        snprintf(text, sizeof text, "%s, %u thread%s", words, threads, threads > 1 ? "s" : "");
        part_ratio(c, j, "steps", steps(j, threads), "records_per_s", a, b, least, threads == 1,
                   text);
    }
}

/* ---- each step ------------------------------------------------------------------------------------ */

static void judge_map(struct study_judge *j)
{
    struct study_parts c = {0};
    steps_ratio(&c, j, "+ map", "current", 1.2, "map_sharded for a fair lock");
    steps_ratio(&c, j, "+ DashMap", "current", 1.2, "DashMap for a fair lock");
    steps_ratio(&c, j, "+ map", "current, mutex", 1.2, "map_sharded for a mutex");
    steps_ratio(&c, j, "+ DashMap", "current, mutex", 1.2, "DashMap for a mutex");
    parts_verdict(
        j, "S4-C1", &c,
        "throughput with a map in the place of one lock per record, 1.2x is asked; " STAND_IN);
}

static void judge_batch_lock(struct study_judge *j)
{
    struct study_parts c = {0};
    steps_ratio(&c, j, "batch lock alone", "current", 1.3, "fair lock");
    steps_ratio(&c, j, "current, mutex, batch lock", "current, mutex", 1.3, "mutex");
    const char *const work = flow_setting(j, "states", group_by, 4, k_groups, 2000);
    part_ratio(&c, j, "states", work, "records_per_s", "fair lock per batch",
               "fair lock per record", 1.3, false, "fair lock, 2 us of work, 4 threads");
    part_ratio(&c, j, "states", work, "records_per_s", "mutex per batch", "mutex per record", 1.3,
               false, "mutex, 2 us of work, 4 threads");
    parts_verdict(j, "S4-C2", &c,
                  "throughput with the lock taken once for a batch, 1.3x is asked; " STAND_IN);

    struct study_parts on_top = {0};
    steps_ratio(&on_top, j, "+ batch lock", "+ map", 1.3, "fair lock around the map");
    parts_verdict(j, "S4-C17", &on_top,
                  "throughput with a batch lock on top of the map, 1.3x is asked; " STAND_IN);
}

static void judge_records(struct study_judge *j)
{
    const struct interval clone = study_median(j, "passing", "clone", "1 threads", "cpu_ns"),
                          four = study_median(j, "passing", "clone", "4 threads", "cpu_ns");
    /* "20 us": at least half of that, with one thread or with four */
    const enum verdict a = study_at_least(clone, 10000), b = study_at_least(four, 10000);
    study_verdict(
        j, "S4-C4",
        a == CLAIM_REFUTED && b == CLAIM_REFUTED ? CLAIM_REFUTED
        : a == CLAIM_HOLDS && b == CLAIM_HOLDS   ? CLAIM_HOLDS
                                                 : CLAIM_UNTESTABLE,
        NULL,
        "a copy of a record of %d texts, %s bytes of them, takes %s with 1 thread, %s with "
        "4; longer texts were not copied",
        1 + RECORD_FIELDS,
        study_words(study_median(j, "passing", "clone", "1 threads", "text_bytes"), ""),
        study_words(clone, "ns"), study_words(four, "ns"));

    struct study_parts c = {0};
    steps_ratio(&c, j, "counted records alone", "current", 1.15, "alone");
    steps_ratio(&c, j, "+ counted records", "+ batch lock", 1.15, "after the batch lock");
    parts_verdict(j, "S4-C9", &c,
                  "throughput with counted records for copies, 1.15x is asked; " STAND_IN);

    struct study_parts cheap = {0};
    struct text each = {.n = 0};
    static const char *const counts[] = {"count of its own", "count of the batch"};
    for (unsigned i = 0; i < 2; i++)
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            char setting[32], words[80];
            snprintf(setting, sizeof setting, "%u threads", threads);
            snprintf(words, sizeof words, "%s, %u thread%s", counts[i], threads,
                     threads > 1 ? "s" : "");
            part_ratio(&cheap, j, "passing", setting, "cpu_ns", "clone", counts[i], 10, false,
                       words);
            say(&each, "%s%s", each.n ? ", " : "",
                study_words(study_median(j, "passing", counts[i], setting, "cpu_ns"), "ns"));
        }
    say(&each, ", borrowed %s",
        study_words(study_median(j, "passing", "borrowed", "4 threads", "cpu_ns"), "ns"));
    parts_verdict(j, "S4-C10", &cheap,
                  "a copy costs so many times a count, and ten would be cheap (%s)", each.text);
}

static void judge_metrics(struct study_judge *j)
{
    struct study_parts c = {0};
    struct text own = {.n = 0};
    for (size_t i = 0; study_setting(j, "counters", i); i++) {
        const char *const s = study_setting(j, "counters", i);
        part_ratio(&c, j, "counters", s, "cpu_ns", "mutex", "one atomic", 100, false, s);
        say(&own, "%s%s %s", i ? ", " : "", s,
            study_words(study_ratio(j, "counters", "mutex", "own line", s, "cpu_ns"), "x"));
    }
    parts_verdict(j, "S4-C5", &c,
                  "how many times an atomic addition a mutex costs, 100x is asked (a line for each "
                  "thread: %s)",
                  own.text);

    struct study_parts gain = {0};
    steps_ratio(&gain, j, "atomic metrics alone", "current", 1.05, "alone");
    steps_ratio(&gain, j, "+ atomic metrics", "+ counted records", 1.05, "as the last step");
    parts_verdict(j, "S4-C11", &gain,
                  "throughput with atomic metrics for a mutex, 1.05x is asked; " STAND_IN);
}

/* ---- context switches, processors -------------------------------------------------------------------- */

/* Of a batch of 1000 records, whatever a batch of this run was; waits and interruptions. */
static struct interval switches(const struct study_judge *j, const char *variant, unsigned threads)
{
    const char *const s = steps(j, threads);
    struct interval v = study_median(j, "steps", variant, s, "switches_per_batch");
    const struct interval forced = study_median(j, "steps", variant, s, "forced_per_batch");
    const double scale = 1000 / study_least(j, "steps", variant, s, "batch_records");
    v.mid = (v.mid + forced.mid) * scale;
    v.low = (v.low + forced.low) * scale;
    v.high = (v.high + forced.high) * scale;
    return v;
}

static void judge_switches(struct study_judge *j)
{
    static const char *const locks[] = {"current", "current, mutex", "current, rwlock"},
                             *const changed[] = {"+ batch lock", "+ counted records",
                                                 "+ atomic metrics"};
    struct interval before = {.n = 0}, after[2] = {{.n = 0}}; /* the batch lock; and later steps */
    unsigned at = 0;
    const char *which = "nothing";
    struct text t = {.n = 0};
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        if (!steps(j, threads))
            continue;
        for (unsigned i = 0; i < 3; i++) {
            const struct interval v = switches(j, locks[i], threads);
            if (v.n && (before.n == 0 || v.mid > before.mid))
                before = v, which = locks[i], at = threads;
        }
        for (unsigned i = 0; i < 3; i++) {
            const struct interval v = switches(j, changed[i], threads);
            if (v.n && (after[i > 0].n == 0 || v.mid > after[i > 0].mid))
                after[i > 0] = v;
        }
    }
    const struct interval last = after[1].n && after[1].mid > after[0].mid ? after[1] : after[0];
    say(&t, "before, at most %s switches for 1000 records (%s, %u threads), %.2g for each; ",
        study_words(before, ""), which, at, before.n ? before.mid / 1000 : 0);
    say(&t, "with the batch lock at most %s, ", study_words(after[0], ""));
    say(&t, "after the steps that follow it at most %s; " STAND_IN, study_words(after[1], ""));
    /* The least of what the document says there are before: about 5000. */
    const enum verdict many = study_at_least(before, 5000), few = study_at_most(after[0], 2000);
    study_verdict(j, "S4-C3", many == CLAIM_HOLDS ? few : many, NULL, "%s", t.text);
    study_verdict(
        j, "S4-C13", after[0].n && after[1].n ? study_at_most(last, 2000) : CLAIM_UNTESTABLE, NULL,
        "%s%s", t.text,
        study_at_most(before, 2000) == CLAIM_HOLDS ? "; the bound is met before anything is changed"
                                                   : "");
}

static void judge_processors(struct study_judge *j)
{
    const char *const s = steps(j, 4);
    const struct interval fair = study_median(j, "steps", "current", s, "cpu_use"),
                          mutex = study_median(j, "steps", "current, mutex", s, "cpu_use"),
                          slow = study_median(j, "paced", "current",
                                              flow_setting(j, "paced", group_by, 1, k_groups, 0),
                                              "cpu_use"),
                          rate = study_median(j, "paced", "current",
                                              flow_setting(j, "paced", group_by, 1, k_groups, 0),
                                              "records_per_s");
    /* "2 %": at most 5 % */
    const enum verdict a = study_at_most(fair, 0.05), b = study_at_most(mutex, 0.05);
    study_verdict(
        j, "S4-C7",
        a == CLAIM_REFUTED && b == CLAIM_REFUTED ? CLAIM_REFUTED
        : a == CLAIM_HOLDS && b == CLAIM_HOLDS   ? CLAIM_HOLDS
        : a == CLAIM_HOLDS || b == CLAIM_HOLDS   ? CLAIM_CONDITIONAL
                                                 : CLAIM_UNTESTABLE,
        NULL,
        "%sworkers behind a fair lock per record use %s of the processors, behind a mutex "
        "%s (4 threads); one that waits for records, %s of them, uses %s; " STAND_IN,
        a == CLAIM_HOLDS && b != CLAIM_HOLDS   ? "the lock is fair: "
        : b == CLAIM_HOLDS && a != CLAIM_HOLDS ? "the lock is a mutex: "
                                               : "",
        study_words(fair, ""), study_words(mutex, ""), study_words(rate, "/s"),
        study_words(slow, ""));

    struct study_parts c = {0};
    struct text before = {.n = 0};
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        const char *const at = steps(j, threads);
        struct interval used = {.n = 0}, wanted = {.n = 0};
        if (at) {
            used = study_median(j, "steps", "+ atomic metrics", at, "core_use");
            wanted = study_median(j, "steps", "+ atomic metrics", at, "core_wanted");
        }
        /* Used less because other work had the core is no refutation; not wanted is one. */
        const enum verdict most = study_at_least(wanted, 0.8);
        const enum verdict v = study_at_least(used, 0.8) == CLAIM_HOLDS ? CLAIM_HOLDS
                               : most == CLAIM_REFUTED                  ? CLAIM_REFUTED
                                                                        : CLAIM_UNTESTABLE;
        study_part(&c, v, "%u worker%s (used %s, wanted %s)", threads, threads > 1 ? "s" : "",
                   study_words(used, ""), study_words(wanted, ""));
        if (at)
            say(&before, "%s%u: used %s", before.n ? ", " : "", threads,
                study_words(study_median(j, "steps", "current", at, "core_use"), ""));
    }
    parts_verdict(j, "S4-C8", &c,
                  "share of each core that workers use after all steps, and the most that they "
                  "could use if nothing else ran (before the steps, %s); 0.8 is asked; " STAND_IN,
                  before.n ? before.text : "not measured");
}

void stream_engine_judge(struct study_judge *j)
{
    judge_map(j);
    judge_batch_lock(j);
    judge_records(j);
    judge_metrics(j);
    judge_switches(j);
    judge_processors(j);
    stream_engine_judge_whole(j);
    stream_engine_judge_bugs(j);
}
