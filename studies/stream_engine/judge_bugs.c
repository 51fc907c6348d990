/* judge_bugs.c: verdicts on what the document promises of correctness, and on its arithmetic. */
#include "studies/stream_engine/judging.h"

#define MUTANT(name) "models/mutants/" name ".c"

/* 1: the checker found it, 0: it did not, -1: it did not run. */
static int proved(const struct study_judge *j, const char *program)
{
    const double found = study_most(j, "checker", program, NULL, "found");
    return isnan(found) ? -1 : found > 0;
}

/* A promise that one sample breaks, or the checker's execution. Seen: how often. */
static void broken(struct study_judge *j, const char *claim, double seen, double samples,
                   const char *program, const char *mutant, const char *sentence)
{
    const int found = program ? proved(j, program) : -1;
    const enum verdict v = seen > 0 || found > 0       ? CLAIM_REFUTED
                           : samples == 0 || found < 0 ? CLAIM_UNTESTABLE
                                                       : CLAIM_HOLDS;
    study_verdict(j, claim, v, v == CLAIM_REFUTED ? mutant : NULL, "%s%s", sentence,
                  found > 0                          ? "; the checker has a counterexample"
                  : v == CLAIM_UNTESTABLE && program ? "; the checker was not run"
                                                     : "");
}

/* ---- order ------------------------------------------------------------------------------------------ */

static void judge_order(struct study_judge *j)
{
    const char *const one = flow_setting(j, "order", "rows window", 1, "16 groups", 0),
                      *const four = flow_setting(j, "order", "rows window", 4, "16 groups", 0);
    const char *const batch = "mutex per batch";
    const double alone = total(j, "order", batch, one, "overtaken"),
                 many = total(j, "order", batch, four, "overtaken"),
                 records = total(j, "order", batch, four, "records"),
                 per_record = total(j, "order", "mutex per record", four, "overtaken"),
                 entry = total(j, "order", "lock in the group", four, "overtaken"),
                 parted = total(j, "order", "partitioned", four, "overtaken");
    struct text t = {.n = 0};
    say(&t,
        "with 1 worker %.0f records are overtaken by a later one of their group; with 4 workers "
        "and "
        "a lock per batch %.0f of %.0f, with a lock per record %.0f, with a lock in the group "
        "%.0f; "
        "with groups that belong to one worker each %.0f",
        alone, many, records, per_record, entry, parted);
    const bool measured = one && four && records > 0, kept = alone == 0 && parted == 0;
    const double wrong = many + per_record + entry;
    study_verdict(j, "S4-C14",
                  !measured           ? CLAIM_UNTESTABLE
                  : wrong > 0 && kept ? CLAIM_CONDITIONAL
                  : wrong > 0         ? CLAIM_REFUTED
                                      : CLAIM_HOLDS,
                  NULL, "%s%s",
                  wrong > 0 && kept ? "all records of a group go to one worker: " : "", t.text);
}

static void judge_results(struct study_judge *j)
{
    static const char *const experiments[] = {"steps", "states", "scenarios"};
    double checked = 0, wrong = 0;
    unsigned samples = 0, errors = 0, bad;
    for (unsigned i = 0; i < 3; i++) {
        checked += total(j, experiments[i], NULL, NULL, "groups_checked");
        wrong += total(j, experiments[i], NULL, NULL, "groups_wrong");
        samples += study_count(j, experiments[i], NULL, NULL, &bad);
        errors += bad;
    }
    const char *const one = flow_setting(j, "late", "tumbling", 1, "16 groups", 0),
                      *const four = flow_setting(j, "late", "tumbling", 4, "16 groups", 0);
    const double late = total(j, "late", NULL, four, "late"),
                 of = total(j, "late", NULL, four, "records"),
                 alone = total(j, "late", NULL, one, "late");
    struct text t = {.n = 0};
    say(&t,
        "%.0f of %.0f results of groups and windows differ from a plain evaluation (%u samples, %u "
        "failed); where the first record behind a window closes it, 1 worker drops %.0f records as "
        "late, 4 workers %.0f of %.0f",
        wrong, checked, samples, errors, alone, late, of);
    study_verdict(j, "S4-C15",
                  samples == 0 || !four     ? CLAIM_UNTESTABLE
                  : wrong > 0 || errors > 0 ? CLAIM_REFUTED
                  : late > 0                ? CLAIM_CONDITIONAL
                                            : CLAIM_HOLDS,
                  NULL, "%s%s",
                  wrong == 0 && errors == 0 && late > 0
                      ? "a window is closed when all batches before its end are done: "
                      : "",
                  t.text);
}

/* ---- bugs --------------------------------------------------------------------------------------------- */

static void judge_entries(struct study_judge *j)
{
    struct text t = {.n = 0};
    const double lost = total(j, "new groups", "as printed", NULL, "lost"),
                 records = total(j, "new groups", "as printed", NULL, "records");
    say(&t,
        "looked up first and inserted then, %.0f of %.0f records of new groups are lost, %.0f in "
        "one step",
        lost, records, total(j, "new groups", "mended", NULL, "lost"));
    broken(j, "S4-B1", lost, records, "groupby_get_then_insert", MUTANT("groupby_get_then_insert"),
           t.text);
}

static void judge_guards(struct study_judge *j)
{
    struct text t = {.n = 0};
    const double stuck = total(j, "two guards", "as printed", NULL, "stuck"),
                 threads = total(j, "two guards", "as printed", NULL, "threads");
    say(&t, "of threads that hold an entry and ask the map for another, %.0f of %.0f wait for ever",
        stuck, threads);
    for (size_t i = 0; study_setting(j, "two guards", i); i++) {
        const char *const s = study_setting(j, "two guards", i);
        say(&t, "%s%s: %.0f of %.0f", i ? ", " : " (", s,
            total(j, "two guards", "as printed", s, "stuck"),
            total(j, "two guards", "as printed", s, "threads"));
    }
    say(&t, "%s; when the first is let go before, %.0f",
        study_setting(j, "two guards", 0) ? ")" : "",
        total(j, "two guards", "mended", NULL, "stuck"));
    broken(j, "S4-B2", stuck, threads, "shard_refmut_deadlock", MUTANT("shard_refmut_deadlock"),
           t.text);
}

static void judge_make_mut(struct study_judge *j)
{
    struct text t = {.n = 0};
    const double lost = total(j, "shared state", "as printed", NULL, "lost"),
                 records = total(j, "shared state", "as printed", NULL, "records"),
                 back = total(j, "shared state", "put back", NULL, "lost");
    say(&t,
        "a counted pointer to a state that is shared is copied to be changed: %.0f of %.0f updates "
        "go "
        "into copies that are dropped; put back into the map, %.0f are lost; under the map's "
        "guard, "
        "%.0f",
        lost, records, back, total(j, "shared state", "mended", NULL, "lost"));
    broken(j, "S4-B3", lost + back, records, "make_mut_lost_update", MUTANT("make_mut_lost_update"),
           t.text);
}

static void judge_retry(struct study_judge *j)
{
    struct text t = {.n = 0};
    const char *const s = study_setting(j, "another query", 0);
    const double twice = total(j, "retry", "as printed", NULL, "counted_twice"),
                 records = total(j, "retry", "as printed", NULL, "records");
    say(&t,
        "an error in the middle of a batch that is tried again: %.0f of %.0f records count twice, "
        "%.0f "
        "when the batch is summed up first; another query waits %s behind a lock per batch of 2 us "
        "records, ",
        twice, records, total(j, "retry", "mended", NULL, "counted_twice"),
        study_words(study_median(j, "another query", "lock per batch", s, "wait_us"), "us"));
    say(&t, "%s behind one per record",
        study_words(study_median(j, "another query", "lock per record", s, "wait_us"), "us"));
    broken(j, "S4-B4", twice, records, "batch_retry_counts_twice",
           MUTANT("batch_retry_counts_twice"), t.text);
}

static void judge_apart(struct study_judge *j)
{
    struct text t = {.n = 0};
    const double wrong = total(j, "count and state", "as printed", NULL, "wrong_looks"),
                 looks = total(j, "count and state", "as printed", NULL, "looks"),
                 worst = study_most(j, "count and state", "as printed", NULL, "worst");
    say(&t,
        "with the count outside the lock %.0f of %.0f looks find it off the state, by up to %.0f "
        "records; with both inside %.0f",
        wrong, looks, isnan(worst) ? 0 : worst,
        total(j, "count and state", "mended", NULL, "wrong_looks"));
    broken(j, "S4-B5", wrong, looks, "count_and_state_apart", MUTANT("count_and_state_apart"),
           t.text);
}

static void judge_standing(struct study_judge *j)
{
    struct text t = {.n = 0};
    const double held = study_most(j, "standing still", NULL, NULL, "held_ms");
    unsigned maps = 0, waits = 0, does_not = 0;
    for (size_t i = 0; study_variant(j, "standing still", NULL, i); i++) {
        const char *const v = study_variant(j, "standing still", NULL, i);
        const struct interval longest = study_median(j, "standing still", v, NULL, "longest_ms");
        say(&t, "%s%s %s", i ? ", " : "", v, study_words(longest, "ms"));
        if (strcmp(v, "lock in the group") == 0)
            continue;
        const enum verdict v_waits = study_at_least(longest, held / 2);
        maps++;
        waits += v_waits == CLAIM_HOLDS;
        does_not += v_waits == CLAIM_REFUTED;
    }
    study_verdict(
        j, "S4-B6",
        waits > 0                      ? CLAIM_REFUTED
        : maps > 0 && does_not == maps ? CLAIM_HOLDS
                                       : CLAIM_UNTESTABLE,
        NULL,
        "while a thread stands still for %.3g ms with one group in its hand, an update of "
        "another group waits at most: %s",
        isnan(held) ? 0 : held, maps ? t.text : "not measured");
}

/* The document's own figures, and the same from what was measured: overhead is what a step takes beyond
 * the cheapest way to do the query. */
static void judge_arithmetic(struct study_judge *j)
{
    const double now = 16.6, before = 0.97, after = 0.85; /* its own */
    const double saved[] = {0.30, 0.15, 0.03};
    const double sum = saved[0] + saved[1] + saved[2];
    const double by_its_overheads = now * (1 - after) / (1 - before), printed = now / (1 - after),
                 by_its_savings = now / (1 - sum);
    const char *const one = flow_setting(j, "steps", "group by", 1, "1 K groups", 0),
                      *const four = flow_setting(j, "steps", "group by", 4, "1 K groups", 0);
    const struct interval least = study_median(j, "steps", "ours: own tables", one, "cpu_ns"),
                          was = study_median(j, "steps", "current", four, "cpu_ns"),
                          is = study_median(j, "steps", "+ atomic metrics", four, "cpu_ns");
    struct text t = {.n = 0};
    say(&t,
        "from 16.6 K/s, overhead of 97 %% brought to 85 %% gives %.0f K/s and not %.1f; savings of "
        "30 + 15 + 3 are %.0f %% and not 13, and give %.0f K/s (Amdahl)",
        by_its_overheads, printed, 100 * sum, by_its_savings);
    if (least.n && was.n && is.n)
        say(&t,
            "; measured, 4 threads: %.0f %% of the processor time is overhead before, %.0f %% "
            "after "
            "all steps",
            100 * (1 - least.mid / was.mid), 100 * (1 - least.mid / is.mid));
    const bool wrong = fabs(by_its_overheads - printed) > 0.1 * printed || fabs(sum - 0.13) > 0.02;
    study_verdict(j, "S4-B7", wrong ? CLAIM_REFUTED : CLAIM_HOLDS, NULL, "%s", t.text);
}

void stream_engine_judge_bugs(struct study_judge *j)
{
    judge_order(j);
    judge_results(j);
    judge_entries(j);
    judge_guards(j);
    judge_make_mut(j);
    judge_retry(j);
    judge_apart(j);
    judge_standing(j);
    judge_arithmetic(j);
}
