/* judge.c: verdicts on the document's figures: what each step gains, and what the whole comes to. */
#include "studies/stream_engine/judging.h"

static const char *const group_by = "group by", *const k_groups = "1 K groups";

/* ---- cases ------------------------------------------------------------------------------------- */

void case_add(struct cases *c, struct interval v, double least, const char *unit,
              const char *format, ...)
{
    char words[200];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    const enum verdict verdict = study_at_least(v, least);
    c->n++;
    c->refuted += verdict == CLAIM_REFUTED;
    if (verdict == CLAIM_HOLDS)
        say(&c->holds, "%s%s", c->held++ ? "; " : "", words);
    say(&c->all, "%s%s %s", c->n > 1 ? ", " : "", words, study_words(v, unit));
}

void case_ratio(struct cases *c, const struct study_judge *j, const char *experiment,
                const char *setting, const char *metric, const char *a, const char *b, double least,
                bool own_time, const char *words)
{
    struct interval v = {.n = 0}, time = {.n = 0};
    if (setting)
        v = study_ratio(j, experiment, a, b, setting, metric);
    if (setting && own_time && study_at_least(v, least) == CLAIM_UNTESTABLE)
        time = study_ratio(j, experiment, b, a, setting, "cpu_ns");
    if (v.n && study_at_least(time, least) != CLAIM_UNTESTABLE)
        case_add(c, time, least, "x", "%s (by processor time)", words);
    else if (v.n)
        case_add(c, v, least, "x", "%s", words);
}

void cases_verdict(struct study_judge *j, const char *claim, const struct cases *c,
                   const char *what)
{
    if (c->n == 0)
        study_verdict(j, claim, CLAIM_UNTESTABLE, NULL, "it was not measured: %s", what);
    else if (c->held == c->n)
        study_verdict(j, claim, CLAIM_HOLDS, NULL, "%s: %s", what, c->all.text);
    else if (c->refuted == c->n)
        study_verdict(j, claim, CLAIM_REFUTED, NULL, "%s: %s", what, c->all.text);
    else if (c->held)
        study_verdict(j, claim, CLAIM_CONDITIONAL, NULL, "%s (%u of %u cases refute it); %s: %s",
                      c->holds.text, c->refuted, c->n, what, c->all.text);
    else
        study_verdict(j, claim, CLAIM_UNTESTABLE, NULL,
                      "%u of %u cases refute it, in the others the interval contains the bound or "
                      "rests on too few rounds; "
                      "%s: %s",
                      c->refuted, c->n, what, c->all.text);
}

static const char *steps(const struct study_judge *j, unsigned threads)
{
    return flow_setting(j, "steps", group_by, threads, k_groups, 0);
}

/* The same two steps with 1 thread and with 4. */
static void steps_ratio(struct cases *c, const struct study_judge *j, const char *a, const char *b,
                        double least, const char *words)
{
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        char text[120];
        snprintf(text, sizeof text, "%s, %u thread%s", words, threads, threads > 1 ? "s" : "");
        case_ratio(c, j, "steps", steps(j, threads), "records_per_s", a, b, least, threads == 1,
                   text);
    }
}

/* ---- each step ------------------------------------------------------------------------------------ */

static void judge_map(struct study_judge *j)
{
    struct cases c = {.n = 0};
    steps_ratio(&c, j, "+ map", "current", 1.2, "map_sharded for a fair lock");
    steps_ratio(&c, j, "+ DashMap", "current", 1.2, "DashMap for a fair lock");
    steps_ratio(&c, j, "+ map", "current, mutex", 1.2, "map_sharded for a mutex");
    steps_ratio(&c, j, "+ DashMap", "current, mutex", 1.2, "DashMap for a mutex");
    cases_verdict(j, "S4-C1", &c, "throughput with a map in the place of one lock per record");
}

static void judge_batch_lock(struct study_judge *j)
{
    struct cases c = {.n = 0};
    steps_ratio(&c, j, "batch lock alone", "current", 1.3, "fair lock");
    steps_ratio(&c, j, "current, mutex, batch lock", "current, mutex", 1.3, "mutex");
    case_ratio(&c, j, "states", flow_setting(j, "states", group_by, 4, k_groups, 2000),
               "records_per_s", "mutex per batch", "mutex per record", 1.3, false,
               "mutex, 2 us of work, 4 threads");
    cases_verdict(j, "S4-C2", &c, "throughput with the lock taken once for a batch");

    struct cases on_top = {.n = 0};
    steps_ratio(&on_top, j, "+ batch lock", "+ map", 1.3, "fair lock around the map");
    cases_verdict(j, "S4-C17", &on_top, "throughput with a batch lock on top of the map");
}

static void judge_records(struct study_judge *j)
{
    const struct interval clone = study_median(j, "passing", "clone", "1 threads", "cpu_ns"),
                          four = study_median(j, "passing", "clone", "4 threads", "cpu_ns");
    /* "20 us": at least half of that, with one thread or with four */
    const enum verdict a = study_at_least(clone, 10000), b = study_at_least(four, 10000);
    study_verdict(j, "S4-C4",
                  a == CLAIM_REFUTED && b == CLAIM_REFUTED ? CLAIM_REFUTED
                  : a == CLAIM_HOLDS && b == CLAIM_HOLDS   ? CLAIM_HOLDS
                                                           : CLAIM_UNTESTABLE,
                  NULL,
                  "a copy of a record of %d texts takes %s with 1 thread, %s with 4; 5000 copies "
                  "for a batch of 1000 records would be 5 of each",
                  1 + RECORD_FIELDS, study_words(clone, "ns"), study_words(four, "ns"));

    struct cases c = {.n = 0};
    steps_ratio(&c, j, "counted records alone", "current", 1.15, "alone");
    steps_ratio(&c, j, "+ counted records", "+ batch lock", 1.15, "after the batch lock");
    cases_verdict(j, "S4-C9", &c, "throughput with counted records for copies");

    struct cases cheap = {.n = 0};
    struct text each = {.n = 0};
    static const char *const counts[] = {"count of its own", "count of the batch"};
    for (unsigned i = 0; i < 2; i++)
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            char setting[32], words[80];
            snprintf(setting, sizeof setting, "%u threads", threads);
            snprintf(words, sizeof words, "%s, %u thread%s", counts[i], threads,
                     threads > 1 ? "s" : "");
            case_ratio(&cheap, j, "passing", setting, "cpu_ns", "clone", counts[i], 10, false,
                       words);
            say(&each, "%s%s", each.n ? ", " : "",
                study_words(study_median(j, "passing", counts[i], setting, "cpu_ns"), "ns"));
        }
    say(&each, ", borrowed %s",
        study_words(study_median(j, "passing", "borrowed", "4 threads", "cpu_ns"), "ns"));
    char what[1700];
    snprintf(what, sizeof what, "a copy costs so many times a count, and ten would be cheap (%s)",
             each.text);
    cases_verdict(j, "S4-C10", &cheap, what);
}

static void judge_metrics(struct study_judge *j)
{
    struct cases c = {.n = 0};
    struct text own = {.n = 0};
    for (size_t i = 0; study_setting(j, "counters", i); i++) {
        const char *const s = study_setting(j, "counters", i);
        case_ratio(&c, j, "counters", s, "cpu_ns", "mutex", "one atomic", 100, false, s);
        say(&own, "%s%s %s", i ? ", " : "", s,
            study_words(study_ratio(j, "counters", "mutex", "own line", s, "cpu_ns"), "x"));
    }
    char what[1700];
    snprintf(what, sizeof what,
             "how many times an atomic addition a mutex costs (a line for each thread: %s)",
             own.text);
    cases_verdict(j, "S4-C5", &c, what);

    struct cases gain = {.n = 0};
    steps_ratio(&gain, j, "atomic metrics alone", "current", 1.05, "alone");
    steps_ratio(&gain, j, "+ atomic metrics", "+ counted records", 1.05, "as the last step");
    cases_verdict(j, "S4-C11", &gain, "throughput with atomic metrics for a mutex");
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
    static const char *const locks[] = {"current", "current, mutex", "current, rwlock"};
    struct interval before = {.n = 0}, after = {.n = 0};
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
        const struct interval v = switches(j, "+ batch lock", threads);
        if (v.n && (after.n == 0 || v.mid > after.mid))
            after = v;
    }
    say(&t,
        "before, at most %s switches for 1000 records (%s, %u threads): a record waits for its "
        "lock "
        "about once, at the worst; ",
        study_words(before, ""), which, at);
    say(&t, "with the batch lock at most %s", study_words(after, ""));
    /* The least of what the document says there are before: about 5000. */
    const enum verdict many = study_at_least(before, 5000), few = study_at_most(after, 2000);
    study_verdict(j, "S4-C3", many == CLAIM_HOLDS ? few : many, NULL, "%s", t.text);
    study_verdict(j, "S4-C13", few, NULL, "%s%s", t.text,
                  study_at_most(before, 2000) == CLAIM_HOLDS
                      ? "; the bound is met before anything is changed"
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
        "%s (4 threads); one that waits for records, %s of them, uses %s",
        a == CLAIM_HOLDS && b != CLAIM_HOLDS   ? "the lock is fair: "
        : b == CLAIM_HOLDS && a != CLAIM_HOLDS ? "the lock is a mutex: "
                                               : "",
        study_words(fair, ""), study_words(mutex, ""), study_words(rate, "/s"),
        study_words(slow, ""));

    struct cases c = {.n = 0};
    struct text before = {.n = 0};
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        const char *const at = steps(j, threads);
        const struct interval now = study_median(j, "steps", "+ atomic metrics", at, "awake");
        if (!at || !now.n)
            continue;
        case_add(&c, now, 0.8, "", "%u worker%s", threads, threads > 1 ? "s" : "");
        say(&before, "%s%u: %s", before.n ? ", " : "", threads,
            study_words(study_median(j, "steps", "current", at, "awake"), ""));
        say(&before, ", own tables %s",
            study_words(study_median(j, "steps", "ours: own tables", at, "awake"), ""));
    }
    char what[1700];
    snprintf(what, sizeof what,
             "share of their time that workers do not sleep, after all steps (before them, %s)",
             before.text);
    cases_verdict(j, "S4-C8", &c, what);
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static void judge_whole(struct study_judge *j)
{
    struct cases all = {.n = 0}, single = {.n = 0}, aim = {.n = 0};
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        char words[40];
        snprintf(words, sizeof words, "%u thread%s", threads, threads > 1 ? "s" : "");
        if (steps(j, threads))
            case_ratio(threads == 1 ? &single : &all, j, "steps", steps(j, threads),
                       "records_per_s", "+ atomic metrics", "current", threads == 1 ? 3.8 : 4.2,
                       threads == 1, words);
    }
    cases_verdict(j, "S4-C6", &all, "throughput after all steps, of that before");
    static const char *const alone[] = {"+ map", "batch lock alone", "counted records alone",
                                        "atomic metrics alone"};
    struct text each = {.n = 0};
    for (unsigned i = 0; i < 4 && steps(j, 1); i++) {
        const struct interval v =
            study_ratio(j, "steps", "current", alone[i], steps(j, 1), "cpu_ns");
        if (v.n)
            say(&each, "; %s %s", alone[i], study_words(v, "x"));
    }
    char what[1700];
    snprintf(what, sizeof what,
             "throughput after all steps, of that before, one worker (by processor time, each step "
             "by itself%s)",
             each.n ? each.text : ": not measured");
    cases_verdict(j, "S4-C18", &single, what);
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        const struct interval now = study_median(j, "steps", "+ atomic metrics", steps(j, threads),
                                                 "records_per_s"),
                              was = study_median(j, "steps", "current", steps(j, threads),
                                                 "records_per_s");
        if (now.n)
            case_add(&aim, now, 70000, "/s", "%u thread%s (before: %s)", threads,
                     threads > 1 ? "s" : "", study_words(was, "/s"));
    }
    cases_verdict(j, "S4-C12", &aim, "records a second after all steps");

    struct cases table = {.n = 0};
    static const struct {
        const char *scenario, *words;
        double factor; /* of the document's table: the last step of the first */
    } expected[] = {{"group by", "group by, 4.2x expected", 70.0 / 16.6},
                    {"rows window", "rows window, 3.8x expected", 75.0 / 19.8},
                    {"tumbling", "tumbling, 3.9x expected", 90.0 / 23.1}};
    for (unsigned i = 0; i < 3; i++) {
        const char *const experiment = i == 0 ? "steps" : "scenarios";
        case_ratio(&table, j, experiment,
                   flow_setting(j, experiment, expected[i].scenario, 4, k_groups, 0),
                   "records_per_s", "+ counted records", "current", expected[i].factor, false,
                   expected[i].words);
    }
    cases_verdict(j, "S4-C16", &table, "after the three steps of the table, 4 threads");
}

/* ---- targets -------------------------------------------------------------------------------------------- */

static const char *best_of_ours(const struct study_judge *j, const char *experiment,
                                const char *setting)
{
    static const char *const ours[] = {
        "ours: partial sums", "ours: own tables", "ours: partitioned", "partial sums",
        "own tables",         "partitioned",      "atomic fields"};
    const char *best = NULL;
    double most = 0;
    for (size_t i = 0; i < sizeof ours / sizeof *ours && setting; i++) {
        const struct interval v = study_median(j, experiment, ours[i], setting, "records_per_s");
        if (v.n && v.mid > most) {
            most = v.mid;
            best = ours[i];
        }
    }
    return best;
}

/* The engine as it was, with each lock; beside it, what is left of that when nothing is copied, and when
 * each record takes work. */
static void judge_ten_times(struct study_judge *j)
{
    static const char *const locks[] = {"current", "current, mutex", "current, rwlock"},
                             *const bare[] = {"fair lock per record", "mutex per record"};
    struct cases c = {.n = 0}, beside = {.n = 0};
    char words[120], what[1700];
    for (unsigned threads = 4; threads <= 8; threads *= 2) {
        const char *const s = steps(j, threads), *const best = best_of_ours(j, "steps", s);
        for (unsigned i = 0; i < 3 && best; i++) {
            snprintf(words, sizeof words, "%s, %u threads: '%s'", locks[i], threads, best);
            case_ratio(&c, j, "steps", s, "records_per_s", best, locks[i], 10, true, words);
        }
    }
    for (unsigned work = 0; work <= 2000; work += 2000) {
        const char *const s = flow_setting(j, "states", group_by, 4, k_groups, work),
                          *const best = best_of_ours(j, "states", s);
        for (unsigned i = 0; i < 2 && best; i++) {
            snprintf(words, sizeof words, "%s, %u ns of work on each record: '%s'", bare[i], work,
                     best);
            case_ratio(&beside, j, "states", s, "records_per_s", best, bare[i], 10, false, words);
        }
    }
    snprintf(what, sizeof what,
             "the best of ours, of one lock per record as it was (where nothing is copied, 4 "
             "threads, %s)",
             beside.n ? beside.all.text : "not measured");
    cases_verdict(j, "ENG-T1", &c, what);
}

static void judge_reported(struct study_judge *j)
{
    const char *const s = steps(j, 4);
    struct text t = {.n = 0};
    unsigned n = 0, without = 0;
    for (size_t i = 0; s && study_variant(j, "steps", s, i); i++) {
        const char *const v = study_variant(j, "steps", s, i);
        const struct interval waits = study_median(j, "steps", v, s, "switches_per_batch"),
                              forced = study_median(j, "steps", v, s, "forced_per_batch");
        n++;
        without += waits.n == 0 || forced.n == 0;
        say(&t, "%s%s %.3g + %.3g", i ? ", " : "", v, waits.mid, forced.mid);
    }
    study_verdict(j, "ENG-T2", n && !without ? CLAIM_HOLDS : CLAIM_UNTESTABLE, NULL,
                  "for a batch, 4 threads, waiting + interrupted: %s", n ? t.text : "not measured");
}

void stream_engine_judge(struct study_judge *j)
{
    judge_map(j);
    judge_batch_lock(j);
    judge_records(j);
    judge_metrics(j);
    judge_switches(j);
    judge_processors(j);
    judge_whole(j);
    judge_ten_times(j);
    judge_reported(j);
    stream_engine_judge_bugs(j);
}
