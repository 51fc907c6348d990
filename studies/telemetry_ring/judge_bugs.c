/* judge_bugs.c: what the document promises of correctness: runs of its code as printed, of ours beside
 * it, and what the model checker found. See judge.h. */
#include "studies/telemetry_ring/judge.h"

#define MUTANT(name) "models/mutants/" name ".c"

/* 1: the checker found it, 0: it did not, -1: it did not run. */
static int proved(const struct study_judge *j, const char *program)
{
    const double found = study_most(j, "checker", program, NULL, "found");
    return isnan(found) ? -1 : found > 0;
}

/* A promise that a counterexample breaks. */
static void by_checker(struct study_judge *j, const char *claim, const char *program,
                       const char *evidence, const char *sentence)
{
    const int found = proved(j, program);
    study_verdict(j, claim,
                  found > 0    ? CLAIM_REFUTED
                  : found == 0 ? CLAIM_HOLDS
                               : CLAIM_UNTESTABLE,
                  found > 0 ? evidence : NULL, "%s%s",
                  found > 0    ? "the model checker finds the execution: "
                  : found == 0 ? "the model checker explores all of it and does not find that "
                               : "the model checker did not run here: ",
                  sentence);
}

/* Nothing is lost while all goes well: many producers, a consumer, no policy that drops. */
static void judge_loss(struct study_judge *j)
{
    const double ours =
        total(j, "throughput", "ring", NULL, "lost") + total(j, "endurance", "ring", NULL, "lost");
    const double events = total(j, "throughput", "ring", NULL, "received") +
                          total(j, "endurance", "ring", NULL, "received");
    static const char *const settings[] = {"2 producers, block", "4 producers, block"};
    double wedged = 0, seconds = 0;
    unsigned runs = 0;
    for (unsigned i = 0; i < 2; i++) {
        wedged += total(j, "endurance", "as written", settings[i], "wedged_by_full_slot");
        runs += good(j, "endurance", "as written", settings[i]);
        seconds += total(j, "endurance", "as written", settings[i], "took_s");
    }
    const int found = proved(j, "rfc_stale_producer");
    study_verdict(j, "S3-C5",
                  found > 0 || wedged > 0 ? CLAIM_REFUTED
                  : found < 0             ? CLAIM_UNTESTABLE
                                          : CLAIM_HOLDS,
                  found > 0 ? MUTANT("rfc_stale_producer") : NULL,
                  "as printed, blocking, %.0f of %u runs (%.3g s in all) stop for ever with an "
                  "accepted event that nobody can take%s; ring_mpsc lost %.0f of %.4g M events",
                  wedged, runs, seconds,
                  found > 0 ? ", and the model checker finds the lost event" : "", ours,
                  events / 1e6);
    study_verdict(j, "TEL-T12",
                  proved(j, "rfc_wedge") > 0 || wedged > 0 ? CLAIM_REFUTED
                  : proved(j, "rfc_wedge") < 0             ? CLAIM_UNTESTABLE
                                                           : CLAIM_HOLDS,
                  MUTANT("rfc_wedge"),
                  "a late producer fills a slot behind the consumer, one lap later all producers "
                  "spin on it and the consumer sees an empty ring: %.0f of %u blocking runs end "
                  "so; of ring_mpsc's %.0f of %u",
                  wedged, runs, total(j, "endurance", "ring", NULL, "wedged"),
                  good(j, "endurance", "ring", NULL));
}

static void judge_drop_oldest(struct study_judge *j)
{
    const double hung = total(j, "own benchmark", "as written", "drop oldest", "wedged");
    const unsigned runs = good(j, "own benchmark", "as written", "drop oldest");
    const int hangs = proved(j, "rfc_drop_oldest_hangs"), back = proved(j, "rfc_index_goes_back"),
              past = proved(j, "rfc_drop_past_empty");
    study_verdict(j, "TEL-T13",
                  hung > 0 || hangs > 0 ? CLAIM_REFUTED
                  : runs == 0           ? CLAIM_UNTESTABLE
                                        : CLAIM_HOLDS,
                  hangs > 0 ? MUTANT("rfc_drop_oldest_hangs") : NULL,
                  "one thread hangs in push %.0f of 1024 slots, %.0f of %u runs; the checker finds "
                  "%d of 3 ways to break it (hang, index set back, index past the end); ring_mpsc "
                  "drops %.0f of %.0f, counted",
                  study_most(j, "own benchmark", "as written", "drop oldest", "offered") + 1, hung,
                  runs, (hangs > 0) + (back > 0) + (past > 0),
                  total(j, "own benchmark", "ring", "drop oldest", "dropped"),
                  total(j, "own benchmark", "ring", "drop oldest", "offered"));
}

static void judge_own_benchmark(struct study_judge *j)
{
    static const char *const all[] = {"block", "drop oldest", "drop newest", "spill to disk"};
    unsigned passes = 0, runs = 0;
    for (unsigned i = 0; i < 4; i++) {
        const unsigned n = good(j, "own benchmark", "as written", all[i]);
        runs += n > 0;
        passes += n > 0 && total(j, "own benchmark", "as written", all[i], "wedged") == 0 &&
                  total(j, "own benchmark", "as written", all[i], "dropped") == 0;
    }
    const enum verdict v = runs < 4      ? CLAIM_UNTESTABLE
                           : passes == 4 ? CLAIM_HOLDS
                           : passes == 0 ? CLAIM_REFUTED
                                         : CLAIM_CONDITIONAL;
    study_verdict(j, "TEL-T14", v, NULL,
                  "%s%u of 4 policies let it end: nobody takes, so blocking stops after %.0f "
                  "pushes, drop oldest after %.0f, drop newest refuses %.0f, which the benchmark "
                  "takes for a crash; spilling makes it a test of the disk at %.3g M/s",
                  v == CLAIM_CONDITIONAL ? "it spills to disk: " : "", passes,
                  study_most(j, "own benchmark", "as written", "block", "offered"),
                  study_most(j, "own benchmark", "as written", "drop oldest", "offered"),
                  study_most(j, "own benchmark", "as written", "drop newest", "dropped"),
                  study_most(j, "own benchmark", "as written", "spill to disk", "offered_per_s") /
                      1e6);
}

static void judge_spill(struct study_judge *j)
{
    const unsigned runs = good(j, "overload", "as written, spill", NULL);
    const double lost = total(j, "overload", "as written, spill", NULL, "lost"),
                 offered = total(j, "overload", "as written, spill", NULL, "offered");
    const double ours = total(j, "overload", "spill to disk", NULL, "lost") +
                        total(j, "overload", "spill to disk", NULL, "disorder");
    study_verdict(j, "TEL-T15",
                  runs == 0  ? CLAIM_UNTESTABLE
                  : lost > 0 ? CLAIM_REFUTED
                             : CLAIM_HOLDS,
                  NULL,
                  "as printed nothing reads the file again: %.0f of %.0f accepted events never "
                  "come out; ring_mpsc spilled %.0f and lost or reordered %.0f",
                  lost, offered, total(j, "overload", "spill to disk", NULL, "spilled"), ours);
    const double refused = total(j, "overload", "spill, disk full", NULL, "refused_by_disk");
    const double silent = total(j, "overload", "spill, disk full", NULL, "lost") +
                          total(j, "overload", "spill, disk full", NULL, "disorder");
    study_verdict(j, "TEL-T16",
                  refused == 0  ? CLAIM_UNTESTABLE
                  : silent == 0 ? CLAIM_HOLDS
                                : CLAIM_REFUTED,
                  NULL,
                  "with a full disk ring_mpsc refused %.0f events, each with an answer and an "
                  "errno, and lost or reordered %.0f of those it took",
                  refused, silent);
}

/* More than can be taken: nothing silently lost, order kept, drops counted. */
static void judge_overload(struct study_judge *j)
{
    static const char *const all[] = {"block", "drop newest", "drop oldest", "spill to disk"};
    double odd = 0;
    unsigned runs = 0;
    for (unsigned i = 0; i < 4; i++) {
        odd += fabs(total(j, "overload", all[i], NULL, "lost")) +
               total(j, "overload", all[i], NULL, "disorder") +
               total(j, "overload", all[i], NULL, "wedged");
        runs += good(j, "overload", all[i], NULL);
    }
    study_verdict(
        j, "TEL-T17",
        runs == 0  ? CLAIM_UNTESTABLE
        : odd == 0 ? CLAIM_HOLDS
                   : CLAIM_REFUTED,
        NULL,
        "%u runs of ring_mpsc under four policies with more than the consumer takes: %.0f "
        "events lost without a count or out of order; producers get through %s blocked, "
        "%s dropping the newest, %s the oldest, %s spilling",
        runs, odd, study_words(study_median(j, "overload", "block", NULL, "offered_per_s"), "/s"),
        study_words(study_median(j, "overload", "drop newest", NULL, "offered_per_s"), "/s"),
        study_words(study_median(j, "overload", "drop oldest", NULL, "offered_per_s"), "/s"),
        study_words(study_median(j, "overload", "spill to disk", NULL, "offered_per_s"), "/s"));
}

static void judge_own_tests(struct study_judge *j)
{
    const double refused = study_most(j, "own snapshot", NULL, NULL, "refused");
    study_verdict(j, "TEL-T18",
                  isnan(refused) ? CLAIM_UNTESTABLE
                  : refused > 0  ? CLAIM_REFUTED
                                 : CLAIM_HOLDS,
                  NULL,
                  "the compatible snapshot asks for room for 2^64-1 events before it looks at the "
                  "ring: %s",
                  refused > 0 ? "refused" : "granted");
    const double sequences = total(j, "own property", NULL, NULL, "sequences"),
                 violations = total(j, "own property", NULL, NULL, "violations");
    const int found = proved(j, "rfc_stale_producer");
    study_verdict(j, "TEL-T19",
                  sequences == 0 || found < 0    ? CLAIM_UNTESTABLE
                  : violations == 0 && found > 0 ? CLAIM_REFUTED
                                                 : CLAIM_HOLDS,
                  found > 0 ? MUTANT("rfc_stale_producer") : NULL,
                  "%.0f random sequences of one thread show %.0f violations in the code in which "
                  "the model checker finds a lost event with three",
                  sequences, violations);
}

static void judge_recursion(struct study_judge *j)
{
    double deepest = 0;
    static const char *const where[] = {"throughput", "endurance"};
    for (unsigned i = 0; i < 2; i++) {
        const double d = study_most(j, where[i], NULL, NULL, "depth");
        deepest = d > deepest ? d : deepest;
    }
    study_verdict(
        j, "TEL-T20", deepest > 1 ? CLAIM_REFUTED : CLAIM_UNTESTABLE, NULL,
        "as printed, a blocked push calls itself each time that it finds the ring full: "
        "%.0f deep at most in the runs that ended; nothing in the code bounds it, and runs "
        "that hang leave no figure",
        deepest);
}

void telemetry_judge_bugs(struct study_judge *j)
{
    judge_loss(j);
    judge_drop_oldest(j);
    judge_own_benchmark(j);
    judge_spill(j);
    judge_overload(j);
    judge_own_tests(j);
    judge_recursion(j);
    by_checker(j, "TEL-T21", "rfc_no_drop_leaks", "models/golden/rfc_no_drop_leaks.txt",
               "what is inside when the ring goes is never freed");
    by_checker(j, "TEL-T22", "rfc_stale_producer", MUTANT("rfc_stale_producer"),
               "an empty slot of a later lap looks like the one that was seen; epochs delay the "
               "reuse of memory, and null is no memory");
    by_checker(j, "TEL-T23", "rfc_stopped_producer", MUTANT("rfc_stopped_producer"),
               "a producer that stands between filling its slot and moving the index makes all "
               "others spin");
    by_checker(j, "TEL-T24", "rfc_full_looks_empty", MUTANT("rfc_full_looks_empty"),
               "a late index update makes a full ring read as an empty one");
    by_checker(j, "TEL-T25", "rfc_weak_index", MUTANT("rfc_weak_index"),
               "the weak compare-and-swap of the index fails without a rival, nobody looks, and "
               "the slot stays behind");
    by_checker(j, "TEL-T26", "rfc_retry_drops_item", MUTANT("rfc_retry_drops_item"),
               "a push that lost its slot frees the event that it then pushes");
    by_checker(j, "TEL-T27", "rfc_capacity", MUTANT("rfc_capacity"),
               "a ring made for N events takes N - 1");
}
