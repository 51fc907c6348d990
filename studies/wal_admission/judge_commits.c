/* judge_commits.c: verdicts that rest on durable commits per second. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "studies/proof.h"
#include "studies/wal_admission/judge.h"

static const char *const LEAD = "own entry, committers lead";
static const char *const WRITTEN = "as written, poll 1 ms";
static const char *const UNBOUNDED = "as written, no bound";
static const char *const DRAINED = "no bound, until drained";
static const char *const ROCKS = "RocksDB";

static const char *slow_disk(const struct study_judge *j, unsigned threads)
{
    return judge_setting(j, "commits", threads, "simulated", "\n");
}

static struct interval times(const struct study_judge *j, const char *a, const char *b,
                             const char *setting)
{
    return study_ratio(j, "commits", a, b, setting, "commits_per_s");
}

/* The commits of 128 for those of one. */
static struct interval gain(const struct study_judge *j, const char *variant)
{
    return study_quotient(judge_commits(j, variant, slow_disk(j, 128)),
                          judge_commits(j, variant, slow_disk(j, 1)), 1);
}

/* 1,957 transactions per second without a bound, 312 with; "benchmark design, not the
 * implementation". Two things are in that: the bound costs that much, and what costs it is the
 * benchmark. So the same benchmark runs without the bound and all else equal; and with the bound and
 * another predicate in flush(). */
static void predicate(struct study_judge *j)
{
    const double lost = 1957.0 / 312;
    const char *const slow = slow_disk(j, 128), *const disk = judge_disk(j, 128);
    const struct interval bound = times(j, UNBOUNDED, WRITTEN, slow),
                          own = times(j, LEAD, WRITTEN, slow);
    const enum verdict by_bound = study_at_least(bound, lost),
                       by_benchmark = study_opposite(study_at_least(own, lost));
    if (study_missing(j, "S1-C1", "commits"))
        return;
    study_verdict(
        j, "S1-C1",
        by_bound == CLAIM_REFUTED || by_benchmark == CLAIM_REFUTED ? CLAIM_REFUTED
        : by_bound == CLAIM_HOLDS && by_benchmark == CLAIM_HOLDS   ? CLAIM_HOLDS
                                                                   : CLAIM_UNTESTABLE,
        by_benchmark == CLAIM_REFUTED && study_proved(j, "flush_waits_for_others") > 0
            ? "models/mutants/flush_waits_for_others.c"
            : NULL,
        "three logs in the same benchmark, against the bounded queue as written (%s commits/s, %s; "
        "1,957 for 312 would be %.1fx). Without the bound, all else as written: %s, so %s. With "
        "the "
        "bound, each waiting for its own entry: %s (%s: %s), so %s. Without the bound, and waiting "
        "only until the queue is drained, when nothing is durable yet: %s",
        study_words(judge_commits(j, WRITTEN, slow), ""), slow, lost, study_words(bound, "x"),
        by_bound == CLAIM_REFUTED ? "it is not the bound"
        : by_bound == CLAIM_HOLDS ? "it is the bound"
                                  : "whether it is the bound is open",
        study_words(own, "x"), disk, study_words(times(j, LEAD, WRITTEN, disk), "x"),
        by_benchmark == CLAIM_REFUTED ? "not the benchmark but what flush() waits for"
        : by_benchmark == CLAIM_HOLDS ? "the benchmark allows no more"
                                      : "whether it is the benchmark is open",
        study_words(times(j, DRAINED, WRITTEN, slow), "x"));
}

/* Within a factor of two of a figure that another machine gave. */
static enum verdict about(struct interval v, double figure)
{
    const enum verdict high = study_at_most(v, 2 * figure), low = study_at_least(v, figure / 2);
    return high == CLAIM_REFUTED || low == CLAIM_REFUTED ? CLAIM_REFUTED
           : high == CLAIM_HOLDS && low == CLAIM_HOLDS   ? CLAIM_HOLDS
                                                         : CLAIM_UNTESTABLE;
}

static void speed_up(struct study_judge *j)
{
    const struct interval without = gain(j, UNBOUNDED), with = gain(j, WRITTEN);
    struct study_parts p = {0};
    if (study_missing(j, "S1-C2", "commits"))
        return;
    study_part(&p, about(without, 9.11), "without a bound %s (9.11x claimed)",
               study_words(without, "x"));
    study_part(&p, about(with, 1.88), "with it %s (1.88x claimed)", study_words(with, "x"));
    study_verdict(j, "S1-C2", study_parts_verdict(&p), NULL,
                  "%s; within a factor of two is asked (as written, 128 committers against one, "
                  "%s). With the bound, each waiting for its own entry: %s",
                  study_parts_words(&p), slow_disk(j, 128), study_words(gain(j, LEAD), "x"));
}

/* Linear: n writers make n times the commits of one. Who comes while a group is being synced waits
 * for the rest of that and for its own: two syncs at most, however many there are. So a log whose
 * time for a commit does not grow with the writers makes at least half of n times as many; one that
 * makes less than half has a commit that takes the longer the more writers there are. */
static void scaling(struct study_judge *j)
{
    const double half = 0.5;
    const struct interval slow = study_quotient(judge_commits(j, LEAD, slow_disk(j, 128)),
                                                judge_commits(j, LEAD, slow_disk(j, 1)), 1.0 / 128),
                          disk = study_quotient(
                              judge_commits(j, LEAD, judge_disk(j, 128)),
                              judge_commits(j, LEAD, judge_setting(j, "commits", 1, "awake", "\n")),
                              1.0 / 128),
                          written =
                              study_quotient(judge_commits(j, WRITTEN, slow_disk(j, 128)),
                                             judge_commits(j, WRITTEN, slow_disk(j, 1)), 1.0 / 128);
    struct study_parts p = {0};
    if (study_missing(j, "S1-C7", "commits"))
        return;
    study_part(&p, study_at_least(slow, half),
               "each waits for its own entry, and a sync takes long (%s: %s)", slow_disk(j, 128),
               study_words(slow, "x"));
    study_part(&p, study_at_least(disk, half),
               "the same where waking committers takes as long as the sync (%s: %s)",
               judge_disk(j, 128), study_words(disk, "x"));
    study_part(&p, study_at_least(written, half), "as written (%s: %s)", slow_disk(j, 128),
               study_words(written, "x"));
    study_verdict(j, "S1-C7", study_parts_verdict(&p), NULL,
                  "%s. In parentheses: of 128 times the commits of one. Linear is 0.5x and more: "
                  "whoever waits for two syncs, the one that is going on and his own, makes half",
                  study_parts_words(&p));
}

/* A target, in all the ways that our log can be used: over zeroes, in reserved space, as a file that grows;
 * against RocksDB as it comes, which reserves blocks and whose file grows, and over recycled logs, where it
 * writes over blocks that exist, as ours does over its zeroes. */
static void against_rocksdb(struct study_judge *j, const char *claim, unsigned threads,
                            double bound)
{
    static const struct {
        const char *ours, *theirs, *words;
    } pairs[] = {
        {"own entry, committers lead", "RocksDB", "zeroes written ahead, and RocksDB as it comes"},
        {"own entry, committers lead", "RocksDB, logs recycled",
         "zeroes written ahead, and RocksDB over recycled logs"},
        {"own entry, space reserved", "RocksDB", "space reserved, and RocksDB as it comes"},
        {"own entry, file grows", "RocksDB", "a file that grows, and RocksDB as it comes"},
    };
    const struct {
        const char *setting, *words;
    } where[] = {
        {judge_disk(j, threads), ""},
        {judge_setting(j, "commits", threads, "awake", "\n"), ", processors kept awake"},
    };
    struct study_parts p = {0};
    if (study_missing(j, claim, "commits"))
        return;
    if (study_count(j, "commits", ROCKS, where[0].setting, NULL) == 0) {
        study_verdict(
            j, claim, CLAIM_UNTESTABLE, NULL,
            "no samples of RocksDB in this run: it needs a build with cmake --preset peers, "
            "librocksdb-dev");
        return;
    }
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < sizeof pairs / sizeof *pairs; k++) {
            if (i > 0 && strcmp(where[i].setting, "none") == 0)
                continue; /* one committer alone is measured so */
            const struct interval v = times(j, pairs[k].ours, pairs[k].theirs, where[i].setting);
            study_part(&p, study_at_least(v, bound), "%s%s (%s)", pairs[k].words, where[i].words,
                       study_words(v, "x"));
        }
    study_verdict(j, claim, study_parts_verdict(&p), NULL,
                  "%s; times the durable commits/s of RocksDB, which makes %s, over recycled logs "
                  "%s (%s)",
                  study_parts_words(&p), study_words(judge_commits(j, ROCKS, where[0].setting), ""),
                  study_words(judge_commits(j, "RocksDB, logs recycled", where[0].setting), ""),
                  where[0].setting);
}

/* Batches come by themselves: a sync for two entries at least, on the average, is one. */
static void batching(struct study_judge *j)
{
    const struct interval many = study_median(j, "commits", WRITTEN, slow_disk(j, 128),
                                              "entries_per_sync"),
                          stream = study_median(j, "interval", "20 ms, as written",
                                                "2000 entries/s", "entries_per_sync"),
                          own = study_median(j, "commits", LEAD, slow_disk(j, 128),
                                             "entries_per_sync");
    struct study_parts p = {0};
    if (study_missing(j, "S1-C15", "commits"))
        return;
    study_part(&p, study_at_least(many, 2), "128 committers (%s)", study_words(many, ""));
    study_part(&p, study_at_least(stream, 2), "2000 entries/s that nobody waits for (%s)",
               study_words(stream, ""));
    study_verdict(j, "S1-C15", study_parts_verdict(&p), NULL,
                  "%s; entries to a sync as written, two or more are a batch. 128 committers that "
                  "wait for their own entries: %s. Of the rival the document prints two lines, "
                  "none of them a batch",
                  study_parts_words(&p), study_words(own, ""));
}

void judge_the_commits(struct study_judge *j)
{
    predicate(j);
    speed_up(j);
    scaling(j);
    batching(j);
    against_rocksdb(j, "WAL-T1", 32, 2);
    against_rocksdb(j, "WAL-T2", 128, 2);
    against_rocksdb(j, "WAL-T3", 1, 1);
}
