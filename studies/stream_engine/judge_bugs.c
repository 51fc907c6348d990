/* judge_bugs.c: verdicts on what the document promises of correctness, and on its arithmetic. */
#include "studies/proof.h"
#include "studies/stream_engine/judging.h"
#include "studies/study_file.h"

#define MUTANT(name) "models/mutants/" name ".c"

/* A promise that one sample breaks, or the checker's execution. Seen: how often. */
static void broken(struct study_judge *j, const char *claim, double seen, double samples,
                   const char *program, const char *mutant, const char *sentence)
{
    const int found = program ? study_proved(j, program) : -1;
    const enum verdict v = seen > 0 || found > 0       ? CLAIM_REFUTED
                           : samples == 0 || found < 0 ? CLAIM_UNTESTABLE
                                                       : CLAIM_HOLDS;
    study_verdict(j, claim, v, v == CLAIM_REFUTED ? mutant : NULL, "%s%s", sentence,
                  found > 0                          ? "; the checker has a counterexample"
                  : v == CLAIM_UNTESTABLE && program ? "; the checker was not run"
                                                     : "");
}

/* ---- results ------------------------------------------------------------------------------------------ */

/* Samples that failed because what came out is wrong (flows.c says so), and those that failed otherwise. */
static void failed(const struct study_judge *j, const char *experiment, const char *variant,
                   const char *setting, unsigned *wrong, unsigned *otherwise)
{
    *wrong = *otherwise = 0;
    for (size_t i = 0; i < j->n; i++) {
        const struct study_sample *const s = &j->sample[i];
        if (!s->error[0] || strcmp(s->experiment, experiment) != 0 ||
            (variant && strcmp(s->variant, variant) != 0) || strcmp(s->setting, setting) != 0)
            continue;
        if (strncmp(s->error, WRONG, strlen(WRONG)) == 0)
            ++*wrong;
        else
            ++*otherwise;
    }
}

/* What must not be there at all: one is too many, and none in too few samples says nothing. */
static enum verdict none(double seen, unsigned wrong, struct interval v)
{
    return seen > 0 || wrong > 0 ? CLAIM_REFUTED : v.coverage > 0 ? CLAIM_HOLDS : CLAIM_UNTESTABLE;
}

static struct interval percent(struct interval v)
{
    v.mid *= 100, v.low *= 100, v.high *= 100;
    return v;
}

static void judge_order(struct study_judge *j)
{
    static const char *const batch = "mutex per batch", *const record = "mutex per record",
                             *const parted = "partitioned";
    const char *const one = flow_setting(j, "order", "rows window", 1, "16 groups", 0),
                      *const four = flow_setting(j, "order", "rows window", 4, "16 groups", 0);
    struct study_parts p = {0};
    struct interval by_batch = {.n = 0}, by_record = {.n = 0}, ours = {.n = 0};
    unsigned wrong = 0, otherwise = 0;
    if (one) {
        by_batch = study_median(j, "order", batch, one, "overtaken_share");
        failed(j, "order", batch, one, &wrong, &otherwise);
    }
    const double alone = one ? total(j, "order", batch, one, "overtaken") : 0;
    study_part(&p, none(alone, wrong, by_batch),
               "1 worker (%.0f records overtaken by a later one of their group, samples wrong: %u)",
               alone, wrong);
    by_batch = (struct interval){.n = 0};
    wrong = 0;
    double overtaken = 0;
    if (four) {
        by_batch = percent(study_median(j, "order", batch, four, "overtaken_share"));
        by_record = percent(study_median(j, "order", record, four, "overtaken_share"));
        ours = percent(study_median(j, "order", parted, four, "overtaken_share"));
        overtaken = total(j, "order", batch, four, "overtaken");
        failed(j, "order", parted, four, &wrong, &otherwise);
    }
    const bool enough = by_batch.coverage > 0 && by_record.coverage > 0;
    study_part(&p,
               !enough                          ? CLAIM_UNTESTABLE
               : by_batch.high <= by_record.low ? CLAIM_HOLDS
               : by_batch.low > by_record.high  ? CLAIM_REFUTED
                                                : CLAIM_UNTESTABLE,
               "4 workers, no more than with a lock per record (%s beside %s)",
               study_words(by_batch, "%"), study_words(by_record, "%"));
    study_part(&p, none(overtaken, 0, by_batch), "4 workers, in the order of one (%.0f overtaken)",
               overtaken);
    study_verdict(j, "S4-C14", study_parts_verdict(&p), NULL,
                  "%s; with groups that belong to one worker each %s are overtaken, samples "
                  "wrong: %u",
                  study_parts_words(&p), study_words(ours, "%"), wrong);
}

/* All that the steps (their names begin with +) have told of one query; ours where `ours` names it. */
static void judge_query(const struct study_judge *j, struct study_parts *p, const char *query,
                        const char *ours)
{
    static const char *const experiments[] = {"steps", "scenarios"};
    const bool rows = strcmp(query, "rows window") == 0;
    double checked = 0, wrong = 0, late_rows = 0;
    unsigned bad = 0, other = 0, samples = 0, most = 0;
    for (unsigned e = 0; e < 2; e++)
        for (size_t i = 0; study_setting(j, experiments[e], i); i++) {
            const char *const s = study_setting(j, experiments[e], i), *v;
            if (strncmp(s, query, strlen(query)) != 0 || strncmp(s + strlen(query), ", ", 2) != 0 ||
                s[strlen(query) + 2] < '0' || s[strlen(query) + 2] > '9')
                continue;
            for (size_t k = 0; (v = study_variant(j, experiments[e], s, k)); k++) {
                unsigned w, o, errors;
                if (ours ? strcmp(v, ours) != 0 : v[0] != '+')
                    continue;
                failed(j, experiments[e], v, s, &w, &o);
                const unsigned n = study_count(j, experiments[e], v, s, &errors);
                bad += w;
                other += o;
                samples += n - errors;
                most = n - errors > most ? n - errors : most;
                checked += total(j, experiments[e], v, s, "groups_checked");
                wrong += total(j, experiments[e], v, s, "groups_wrong");
                late_rows += total(j, experiments[e], v, s, "rows_wrong");
            }
        }
    const double seen = wrong + late_rows;
    char last[60];
    snprintf(last, sizeof last, ", %.0f in their last rows", late_rows);
    study_part(p,
               seen > 0 || bad > 0 ? CLAIM_REFUTED
               : most >= 6         ? CLAIM_HOLDS /* as many as an interval takes */
                                   : CLAIM_UNTESTABLE,
               "%s%s%s%s (%.0f of %.0f differ%s; %u samples, %u failed as wrong, %u "
               "otherwise)",
               query, ours ? ", '" : "", ours ? ours : "", ours ? "'" : "", wrong, checked,
               rows ? last : "", samples, bad, other);
}

static void judge_results(struct study_judge *j)
{
    struct study_parts p = {0};
    static const char *const queries[] = {"group by", "tumbling", "tumbling, changes",
                                          "rows window"};
    for (unsigned i = 0; i < 4; i++)
        judge_query(j, &p, queries[i], NULL);
    judge_query(j, &p, "rows window", "ours: partitioned");
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        const char *const s = flow_setting(j, "late", "tumbling", threads, "16 groups", 0);
        const double late = s ? total(j, "late", NULL, s, "late") : 0,
                     of = s ? total(j, "late", NULL, s, "records") : 0;
        struct interval v = {.n = 0};
        if (s)
            v = study_median(j, "late", "mutex per batch", s, "late");
        study_part(&p, none(late, 0, v),
                   "tumbling, closed by the first later record, %u worker%s (%.0f of %.0f dropped)",
                   threads, threads > 1 ? "s" : "", late, of);
    }
    study_verdict(j, "S4-C15", study_parts_verdict(&p), NULL,
                  "%s; each beside a plain evaluation of the same batches by one thread",
                  study_parts_words(&p));
}

/* ---- bugs --------------------------------------------------------------------------------------------- */

/* What is lost or stuck in one way to do it; the checker's execution is of this way. */
static void way_part(struct study_parts *p, const struct study_judge *j, const char *experiment,
                     const char *variant, const char *setting, const char *metric, const char *of,
                     const char *program)
{
    const double seen = total(j, experiment, variant, setting, metric);
    unsigned errors, n = study_count(j, experiment, variant, setting, &errors);
    const int found = program ? study_proved(j, program) : 0;
    study_part(p,
               seen > 0 || found > 0      ? CLAIM_REFUTED
               : n - errors > 0 && !found ? CLAIM_HOLDS
                                          : CLAIM_UNTESTABLE,
               "%s (%s %.0f of %.0f%s)", variant, metric, seen,
               total(j, experiment, variant, setting, of),
               found > 0   ? "; the checker has a counterexample"
               : found < 0 ? "; the checker was not run"
                           : "");
}

/* The evidence of a verdict that a program of the checker refutes, wholly or in part. */
static const char *evidence(const struct study_parts *p, const char *mutant)
{
    const enum verdict v = study_parts_verdict(p);
    return v == CLAIM_REFUTED || v == CLAIM_CONDITIONAL ? mutant : NULL;
}

static void judge_entries(struct study_judge *j)
{
    struct study_parts p = {0};
    way_part(&p, j, "new groups", "found or made in one step", NULL, "lost", "records", NULL);
    way_part(&p, j, "new groups", "get, then insert", NULL, "lost", "records",
             "groupby_get_then_insert");
    study_verdict(
        j, "S4-B1", study_parts_verdict(&p), evidence(&p, MUTANT("groupby_get_then_insert")),
        "%s; the document prints the one step, and a get beside it", study_parts_words(&p));
}

static void judge_guards(struct study_judge *j)
{
    static const char *const dashmap = "DashMap, 1 thread", *const held = "held",
                             *const before = "let go before";
    struct study_parts p = {0};
    struct text t = {.n = 0};
    bool there = false;
    for (size_t i = 0; study_setting(j, "two guards", i); i++) {
        const char *const s = study_setting(j, "two guards", i);
        there |= strcmp(s, dashmap) == 0;
        if (strcmp(s, dashmap) != 0)
            say(&t, "%s%s %.0f of %.0f", t.n ? ", " : "", s,
                total(j, "two guards", held, s, "stuck"),
                total(j, "two guards", held, s, "threads"));
    }
    if (there) {
        way_part(&p, j, "two guards", before, dashmap, "stuck", "threads", NULL);
        way_part(&p, j, "two guards", held, dashmap, "stuck", "threads", NULL);
    }
    study_verdict(
        j, "S4-B2", study_parts_verdict(&p), NULL,
        "%s%san entry of DashMap while the same thread asks for another; held in a map of "
        "ours with a lock per shard: %s%s",
        there ? study_parts_words(&p) : "DashMap is not in this run", "; ",
        t.n ? t.text : "not measured",
        study_proved(j, "shard_refmut_deadlock") > 0
            ? ", and the checker has a counterexample for two threads"
            : "");
}

static void judge_make_mut(struct study_judge *j)
{
    struct study_parts p = {0};
    way_part(&p, j, "shared state", "make_mut under the guard", NULL, "lost", "records", NULL);
    way_part(&p, j, "shared state", "clone taken out", NULL, "lost", "records",
             "make_mut_lost_update");
    way_part(&p, j, "shared state", "clone put back", NULL, "lost", "records", NULL);
    study_verdict(j, "S4-B3", study_parts_verdict(&p), evidence(&p, MUTANT("make_mut_lost_update")),
                  "%s; the document prints get_mut of a counted pointer, and not how its state is "
                  "changed",
                  study_parts_words(&p));
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

/* The claim is about DashMap: a map of ours says nothing of it. */
static void judge_standing(struct study_judge *j)
{
    struct text t = {.n = 0};
    const double held = study_most(j, "standing still", NULL, NULL, "held_ms");
    const struct interval longest =
        study_median(j, "standing still", "DashMap", NULL, "longest_ms");
    for (size_t i = 0; study_variant(j, "standing still", NULL, i); i++) {
        const char *const v = study_variant(j, "standing still", NULL, i);
        say(&t, "%s%s %s", i ? ", " : "", v,
            study_words(study_median(j, "standing still", v, NULL, "longest_ms"), "ms"));
    }
    study_verdict(j, "S4-B6", study_opposite(study_at_least(longest, held / 2)), NULL,
                  "%swhile a thread stands still for %.3g ms with one group in its hand, an update "
                  "of another group waits at most: %s",
                  longest.n ? "" : "DashMap is not in this run; ", isnan(held) ? 0 : held,
                  t.n ? t.text : "not measured");
}

/* The document's own figures need no sample. */
static void judge_arithmetic(struct study_judge *j)
{
    const double now = 16.6, before = 0.97, after = 0.85, saved = 0.30 + 0.15 + 0.03;
    study_verdict(
        j, "S4-B7", CLAIM_REFUTED, "studies/stream_engine/README.md",
        "by arithmetic, not by samples: from 16.6 K/s, overhead of 97 %% brought to 85 %% "
        "gives %.0f K/s and not %.1f; savings of 30 + 15 + 3 are %.0f %% and not 13, and "
        "give %.0f K/s (Amdahl)",
        now * (1 - after) / (1 - before), now / (1 - after), 100 * saved, now / (1 - saved));
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
