/* judge_commits.c: verdicts that rest on durable commits per second. */
#include <stdio.h>
#include <string.h>

#include "studies/wal_admission/judge.h"

static const char *const LEAD = "own entry, committers lead";
static const char *const WRITTEN = "as written, poll 1 ms";
static const char *const ROCKS = "RocksDB";

/* 1,957 and 312 transactions per second; "benchmark design, not the implementation". The same
 * benchmark, the same bounded queue, another predicate: does that bring back what was lost? */
static void predicate(struct study_judge *j)
{
    const double lost = 1957.0 / 312;
    const char *const slow = judge_setting(j, "commits", 128, "simulated", "\n"), *const disk =
                                                                                      judge_disk(
                                                                                          j, 128);
    const struct interval r = study_ratio(j, "commits", LEAD, WRITTEN, slow, "commits_per_s"),
                          on_disk = study_ratio(j, "commits", LEAD, WRITTEN, disk, "commits_per_s");
    const enum verdict at_least = study_at_least(r, lost);
    study_verdict(
        j, "S1-C1",
        at_least == CLAIM_HOLDS     ? CLAIM_REFUTED
        : at_least == CLAIM_REFUTED ? CLAIM_HOLDS
                                    : CLAIM_UNTESTABLE,
        "models/mutants/flush_waits_for_others.c",
        "with the same benchmark and the same bounded queue, waiting for one's own entry instead "
        "of "
        "for an empty queue makes %s as many commits/s (%s; %s: %s), where %.1fx were lost: %s "
        "against %s; it is the predicate, not the benchmark",
        study_words(r, "x"), slow, disk, study_words(on_disk, "x"), lost,
        study_words(judge_commits(j, LEAD, slow), ""),
        study_words(judge_commits(j, WRITTEN, slow), ""));
}

static void speed_up(struct study_judge *j)
{
    const char *const one = judge_setting(j, "commits", 1, "simulated", "\n"),
                      *const many = judge_setting(j, "commits", 128, "simulated", "\n");
    const struct interval ours = judge_quotient(judge_commits(j, LEAD, many),
                                                judge_commits(j, LEAD, one), 1),
                          written = judge_quotient(judge_commits(j, WRITTEN, many),
                                                   judge_commits(j, WRITTEN, one), 1);
    const enum verdict v = study_at_least(ours, 9.11);
    study_verdict(j, "S1-C2",
                  v == CLAIM_HOLDS     ? CLAIM_REFUTED
                  : v == CLAIM_REFUTED ? CLAIM_HOLDS
                                       : CLAIM_UNTESTABLE,
                  NULL,
                  "128 committers with a bounded queue make %s the commits of one when each waits "
                  "for its own entry, %s as written: neither 9.11 nor 1.88 is a property of the "
                  "bound (%s)",
                  study_words(ours, "x"), study_words(written, "x"), many);
}

/* Linear: n times the threads, n times the commits, within a fifth. */
static void scaling(struct study_judge *j)
{
    const double enough = 0.8;
    const char *const slow = judge_setting(j, "commits", 128, "simulated", "\n");
    const struct interval one_slow = judge_commits(
                              j, LEAD, judge_setting(j, "commits", 1, "simulated", "\n")),
                          sim = judge_quotient(judge_commits(j, LEAD, slow), one_slow, 1.0 / 128),
                          disk = judge_quotient(
                              judge_commits(j, LEAD, judge_disk(j, 128)),
                              judge_commits(j, LEAD, judge_setting(j, "commits", 1, "awake", "\n")),
                              1.0 / 128),
                          written = judge_quotient(
                              judge_commits(j, WRITTEN, slow),
                              judge_commits(j, WRITTEN,
                                            judge_setting(j, "commits", 1, "simulated", "\n")),
                              1.0 / 128);
    const enum verdict a = study_at_least(sim, enough), b = study_at_least(disk, enough);
    study_verdict(j, "S1-C7",
                  a == CLAIM_HOLDS && b == CLAIM_REFUTED ? CLAIM_CONDITIONAL
                  : a == b                               ? a
                                                         : CLAIM_UNTESTABLE,
                  NULL,
                  "when the sync takes nearly all of the time: 128 committers make %s of 128 times "
                  "the commits of one with a sync of 5 ms, %s with the disk's own, where waking "
                  "them costs as much; as written %s",
                  study_words(sim, "x"), study_words(disk, "x"), study_words(written, "x"));
}

static void against_rocksdb(struct study_judge *j, const char *claim, unsigned threads,
                            double bound)
{
    const char *const setting = judge_disk(j, threads);
    const struct interval r = study_ratio(j, "commits", LEAD, ROCKS, setting, "commits_per_s"),
                          grows = study_ratio(j, "commits", "own entry, file grows", ROCKS, setting,
                                              "commits_per_s");
    if (study_count(j, "commits", ROCKS, setting, NULL) == 0) {
        study_verdict(
            j, claim, CLAIM_UNTESTABLE, NULL,
            "no samples of RocksDB in this run: it needs a build with cmake --preset peers, "
            "librocksdb-dev");
        return;
    }
    char also[160] = "";
    if (grows.n)
        snprintf(also, sizeof also, "; %s without zeroes written ahead", study_words(grows, "x"));
    study_verdict(j, claim, study_at_least(r, bound), NULL,
                  "%s as many durable commits/s as RocksDB (%s against %s%s; %s)",
                  study_words(r, "x"), study_words(judge_commits(j, LEAD, setting), ""),
                  study_words(judge_commits(j, ROCKS, setting), ""), also, setting);
}

/* One committer waits for the disk and for nothing else, and so does everybody's. */
static void alone_against_rocksdb(struct study_judge *j)
{
    const char *const setting = judge_disk(j, 1), *const awake =
                                                      judge_setting(j, "commits", 1, "awake", "\n");
    const struct interval r = study_ratio(j, "commits", LEAD, ROCKS, setting, "commits_per_s"),
                          a = study_ratio(j, "commits", LEAD, ROCKS, awake, "commits_per_s");
    const enum verdict plain = study_at_least(r, 1), kept = study_at_least(a, 1);
    if (study_count(j, "commits", ROCKS, setting, NULL) == 0) {
        study_verdict(
            j, "WAL-T3", CLAIM_UNTESTABLE, NULL,
            "no samples of RocksDB in this run: it needs a build with cmake --preset peers, "
            "librocksdb-dev");
        return;
    }
    study_verdict(j, "WAL-T3",
                  plain != CLAIM_HOLDS && kept == CLAIM_HOLDS ? CLAIM_CONDITIONAL : plain, NULL,
                  "%s%s as many durable commits/s as RocksDB with processors that do not sleep "
                  "while the disk works (%s against %s), %s with such as do (%s)",
                  plain != CLAIM_HOLDS && kept == CLAIM_HOLDS ? "they stay awake: " : "",
                  study_words(a, "x"), study_words(judge_commits(j, LEAD, awake), ""),
                  study_words(judge_commits(j, ROCKS, awake), ""), study_words(r, "x"), setting);
}

void judge_the_commits(struct study_judge *j)
{
    predicate(j);
    speed_up(j);
    scaling(j);
    against_rocksdb(j, "WAL-T1", 32, 2);
    against_rocksdb(j, "WAL-T2", 128, 2);
    alone_against_rocksdb(j);
}
