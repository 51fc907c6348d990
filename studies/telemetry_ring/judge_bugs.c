/* judge_bugs.c: what the document promises of correctness: runs of its code as printed, of ours beside
 * it, and what the model checker found. See judge.h. */
#include "studies/proof.h"
#include "studies/telemetry_ring/judge.h"

#define MUTANT(name) "models/mutants/" name ".c"

/* A promise that a counterexample breaks. */
static void by_checker(struct study_judge *j, const char *claim, const char *program,
                       const char *evidence, const char *sentence)
{
    const int found = study_proved(j, program);
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
    double wedged = 0, seconds = 0, gone = 0;
    unsigned runs = 0;
    for (unsigned i = 0; i < 2; i++) {
        gone += fabs(total(j, "endurance", "as written", settings[i], "lost"));
        wedged += total(j, "endurance", "as written", settings[i], "wedged_by_full_slot");
        runs += good(j, "endurance", "as written", settings[i]);
        seconds += total(j, "endurance", "as written", settings[i], "took_s");
    }
    const int found = study_proved(j, "rfc_stale_producer");
    if (study_missing(j, "S3-C5 S3-C17", "endurance"))
        return;
    study_verdict(j, "S3-C5",
                  found > 0 || wedged > 0 || gone > 0 ? CLAIM_REFUTED
                  : found < 0 || !runs                ? CLAIM_UNTESTABLE
                                                      : CLAIM_HOLDS,
                  found > 0 ? MUTANT("rfc_stale_producer") : NULL,
                  "as printed, blocking, %.0f of %u runs (%.3g s in all) stop for ever with an "
                  "accepted event that nobody can take, and %.0f events are lost in others%s; "
                  "ring_mpsc lost %.0f of %.4g M events",
                  wedged, runs, seconds, gone,
                  found > 0 ? ", and the model checker finds the lost event" : "", ours,
                  events / 1e6);
    study_verdict(j, "S3-C17",
                  study_proved(j, "rfc_wedge") > 0 || wedged > 0 ? CLAIM_REFUTED
                  : study_proved(j, "rfc_wedge") < 0 || !runs    ? CLAIM_UNTESTABLE
                                                                 : CLAIM_HOLDS,
                  study_proved(j, "rfc_wedge") > 0 ? MUTANT("rfc_wedge") : NULL,
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
    const int hangs = study_proved(j, "rfc_drop_oldest_hangs"),
              back = study_proved(j, "rfc_index_goes_back"),
              past = study_proved(j, "rfc_drop_past_empty");
    if (study_missing(j, "S3-C18", "own benchmark"))
        return;
    char checked[96] = "the checker did not run";
    if (hangs >= 0 && back >= 0 && past >= 0)
        snprintf(checked, sizeof checked,
                 "the checker finds %d of 3 ways to break it (hang, index set back, index past the "
                 "end)",
                 hangs + back + past);
    study_verdict(j, "S3-C18",
                  hung > 0 || hangs > 0    ? CLAIM_REFUTED
                  : runs == 0 || hangs < 0 ? CLAIM_UNTESTABLE
                                           : CLAIM_HOLDS,
                  hangs > 0 ? MUTANT("rfc_drop_oldest_hangs") : NULL,
                  "one thread hangs in push %.0f of 1024 slots, %.0f of %u runs; %s; ring_mpsc "
                  "drops %.0f of %.0f, counted",
                  study_most(j, "own benchmark", "as written", "drop oldest", "offered") + 1, hung,
                  runs, checked, total(j, "own benchmark", "ring", "drop oldest", "dropped"),
                  total(j, "own benchmark", "ring", "drop oldest", "offered"));
}

static void judge_own_benchmark(struct study_judge *j)
{
    static const char *const all[] = {"block", "drop oldest", "drop newest", "spill to disk"};
    struct study_parts p = {0};
    if (study_missing(j, "S3-C19", "own benchmark"))
        return;
    for (unsigned i = 0; i < 4; i++) {
        const unsigned runs = good(j, "own benchmark", "as written", all[i]);
        const double hung = total(j, "own benchmark", "as written", all[i], "wedged"),
                     crashed = total(j, "own benchmark", "as written", all[i], "dropped"),
                     pushed = study_most(j, "own benchmark", "as written", all[i], "offered");
        const enum verdict v = runs == 0                 ? CLAIM_UNTESTABLE
                               : hung > 0 || crashed > 0 ? CLAIM_REFUTED
                                                         : CLAIM_HOLDS;
        if (hung > 0)
            study_part(&p, v, "%s (stands still after %.0f pushes)", all[i], pushed);
        else if (crashed > 0)
            study_part(&p, v, "%s (one that is refused ends the benchmark)", all[i]);
        else
            study_part(&p, v, "%s (ends, %.3g M pushes/s)", all[i],
                       study_most(j, "own benchmark", "as written", all[i], "offered_per_s") / 1e6);
    }
    study_verdict(j, "S3-C19", study_parts_verdict(&p), NULL,
                  "%s; as printed nobody takes what is pushed, and spilling makes it a test of the "
                  "disk",
                  study_parts_words(&p));
}

static void judge_spill(struct study_judge *j)
{
    const unsigned runs = good(j, "overload", "as written, spill", NULL);
    const double lost = total(j, "overload", "as written, spill", NULL, "lost"),
                 offered = total(j, "overload", "as written, spill", NULL, "offered"),
                 spilled = total(j, "overload", "as written, spill", NULL, "spilled");
    const double ours = total(j, "overload", "spill to disk", NULL, "lost") +
                        total(j, "overload", "spill to disk", NULL, "disorder");
    if (study_missing(j, "S3-C20", "overload"))
        return;
    study_verdict(j, "S3-C20",
                  lost > 0      ? CLAIM_REFUTED
                  : runs == 0   ? CLAIM_UNTESTABLE
                  : spilled > 0 ? CLAIM_HOLDS
                                : CLAIM_UNTESTABLE, /* nothing came to the file */
                  NULL,
                  "as printed nothing reads the file again: %.0f of %.0f events are spilled, and "
                  "%.0f never come out; ring_mpsc spilled %.0f and lost or reordered %.0f",
                  spilled, offered, lost, total(j, "overload", "spill to disk", NULL, "spilled"),
                  ours);
}

/* ---- more than the consumer takes ---------------------------------------------------------------- */

static const struct policy {
    const char *ours, *printed, *endurance; /* variants; settings of "endurance" */
} policies[] = {
    {"block", "as written, block", "4 producers, block"},
    {"drop newest", "as written, drop newest", "4 producers, drop newest"},
    {"drop oldest", "as written, drop oldest", "4 producers, drop oldest"},
    {"spill to disk", "as written, spill", "none"},
};

/* Runs of the printed ring under this policy in which more comes than is taken, and how many hang. */
static unsigned printed_runs(const struct study_judge *j, const struct policy *p, double *hung)
{
    *hung = total(j, "overload", p->printed, NULL, "wedged") +
            total(j, "endurance", "as written", p->endurance, "wedged");
    return good(j, "overload", p->printed, NULL) + good(j, "endurance", "as written", p->endurance);
}

/* What was seen of a full ring being answered: the events of which a push said that they were dropped;
 * of those that block, whether one met it and came back (one for each experiment). */
static double printed_answers(const struct study_judge *j, const struct policy *p, bool blocks)
{
    const struct {
        const char *experiment, *variant, *setting;
    } where[] = {{"overload", p->printed, NULL}, {"endurance", "as written", p->endurance}};
    double answers = 0;
    for (unsigned i = 0; i < 2; i++)
        answers +=
            blocks ? study_most(j, where[i].experiment, where[i].variant, where[i].setting,
                                "depth") > 0
                   : total(j, where[i].experiment, where[i].variant, where[i].setting, "dropped");
    return answers;
}

/* A push that hangs, or a program that dies, gives no error at all; nor does one that says all is well
 * and loses its event. Where nothing was answered, no error was seen. */
static void answered(struct study_parts *p, unsigned runs, double without, double lost,
                     double answers, const char *what)
{
    study_part(p,
               runs == 0                 ? CLAIM_UNTESTABLE
               : without > 0 || lost > 0 ? CLAIM_REFUTED
               : answers > 0             ? CLAIM_HOLDS
                                         : CLAIM_UNTESTABLE,
               "%s (%.0f of %u runs without an answer, %.0f events lost without one%s)", what,
               without, runs, lost, answers > 0 ? "" : ", and no failure answered");
}

static void judge_errors(struct study_judge *j)
{
    static const char *const names[] = {"full, blocking", "full, drop newest", "full, drop oldest"};
    static const char *const disk = "as written, disk full";
    struct study_parts p = {0};
    double hung;
    if (study_missing(j, "S3-C21", "overload"))
        return;
    for (unsigned i = 0; i < 3; i++) {
        const struct policy *const a = &policies[i];
        const unsigned runs = printed_runs(j, a, &hung);
        answered(&p, runs, hung,
                 fmax(total(j, "overload", a->printed, NULL, "lost"), 0) +
                     fmax(total(j, "endurance", "as written", a->endurance, "lost"), 0),
                 printed_answers(j, a, i == 0), names[i]);
    }
    answered(&p, good(j, "overload", disk, NULL), total(j, "overload", disk, NULL, "wedged"),
             fmax(total(j, "overload", disk, NULL, "lost"), 0),
             total(j, "overload", disk, NULL, "refused_by_disk"), "spilling, disk full");
    const double snapshots = study_sum(j, "own snapshot", NULL, NULL, "refused");
    answered(&p, good(j, "own snapshot", NULL, NULL), isnan(snapshots) ? 0 : snapshots, 0,
             snapshots == 0, "a snapshot");
    const double refused = total(j, "overload", "spill, disk full", NULL, "refused_by_disk"),
                 silent = total(j, "overload", "spill, disk full", NULL, "lost") +
                          total(j, "overload", "spill, disk full", NULL, "disorder");
    study_verdict(j, "S3-C21", study_parts_verdict(&p), NULL,
                  "%s; as printed. ring_mpsc, with a full disk: refused %.0f events, each with an "
                  "answer and an errno, and lost or reordered %.0f of those it took",
                  study_parts_words(&p), refused, silent);
}

/* Gracefully: it goes on, nothing is silently lost, order is kept, drops are counted. */
static void judge_overload(struct study_judge *j)
{
    struct study_parts p = {0};
    double odd = 0, hung;
    unsigned runs = 0;
    if (study_missing(j, "S3-C22", "overload"))
        return;
    for (unsigned i = 0; i < sizeof policies / sizeof *policies; i++) {
        const struct policy *const a = &policies[i];
        const double lost = fabs(total(j, "overload", a->printed, NULL, "lost")) +
                            total(j, "overload", a->printed, NULL, "disorder");
        const unsigned n = printed_runs(j, a, &hung);
        const double filled =
            printed_answers(j, a, i == 0) + total(j, "overload", a->printed, NULL, "spilled");
        study_part(&p,
                   n == 0                 ? CLAIM_UNTESTABLE
                   : hung > 0 || lost > 0 ? CLAIM_REFUTED
                   : filled > 0           ? CLAIM_HOLDS
                                          : CLAIM_UNTESTABLE,
                   "%s (hangs in %.0f of %u runs, %.0f events lost or out of order%s)", a->ours,
                   hung, n, lost,
                   filled > 0 || hung > 0 || lost > 0 ? "" : ", and never seen full");
        odd += fabs(total(j, "overload", a->ours, NULL, "lost")) +
               total(j, "overload", a->ours, NULL, "disorder") +
               total(j, "overload", a->ours, NULL, "wedged");
        runs += good(j, "overload", a->ours, NULL);
    }
    study_verdict(
        j, "S3-C22", study_parts_verdict(&p), NULL,
        "%s; as printed. ring_mpsc: %u runs under the four policies, %.0f events lost without a "
        "count or out of order; its producers get through %s blocked, %s dropping the newest, %s "
        "the oldest, %s spilling",
        study_parts_words(&p), runs, odd,
        study_words(study_median(j, "overload", "block", NULL, "offered_per_s"), "/s"),
        study_words(study_median(j, "overload", "drop newest", NULL, "offered_per_s"), "/s"),
        study_words(study_median(j, "overload", "drop oldest", NULL, "offered_per_s"), "/s"),
        study_words(study_median(j, "overload", "spill to disk", NULL, "offered_per_s"), "/s"));
}

/* ---- its own tests ------------------------------------------------------------------------------ */

static void judge_own_tests(struct study_judge *j)
{
    if (!study_missing(j, "S3-C23", "own snapshot")) {
        const bool refused = total(j, "own snapshot", NULL, NULL, "refused") > 0;
        study_verdict(j, "S3-C23", refused ? CLAIM_REFUTED : CLAIM_HOLDS, NULL,
                      "the compatible snapshot asks for room for 2^64-1 events before it looks at "
                      "the ring: %s",
                      refused ? "refused" : "granted");
    }
    if (study_missing(j, "S3-C24", "own property"))
        return;
    const double sequences = total(j, "own property", NULL, NULL, "sequences"),
                 violations = total(j, "own property", NULL, NULL, "violations");
    const int found = study_proved(j, "rfc_stale_producer");
    study_verdict(j, "S3-C24",
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
    if (study_missing(j, "S3-C25", "throughput"))
        return;
    study_verdict(
        j, "S3-C25", deepest > 1 ? CLAIM_REFUTED : CLAIM_UNTESTABLE, NULL,
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
    judge_errors(j);
    judge_overload(j);
    judge_own_tests(j);
    judge_recursion(j);
    by_checker(j, "S3-C26", "rfc_no_drop_leaks", "models/golden/rfc_no_drop_leaks.txt",
               "what is inside when the ring goes is never freed");
    by_checker(j, "S3-C27", "rfc_stale_producer", MUTANT("rfc_stale_producer"),
               "an empty slot of a later lap looks like the one that was seen; epochs delay the "
               "reuse of memory, and null is no memory");
    by_checker(j, "S3-C28", "rfc_stopped_producer", MUTANT("rfc_stopped_producer"),
               "a producer that stands between filling its slot and moving the index makes all "
               "others spin");
    by_checker(j, "S3-C29", "rfc_full_looks_empty", MUTANT("rfc_full_looks_empty"),
               "a late index update makes a full ring read as an empty one");
    by_checker(j, "S3-C30", "rfc_weak_index", MUTANT("rfc_weak_index"),
               "the weak compare-and-swap of the index fails without a rival, nobody looks, and "
               "the slot stays behind");
    by_checker(j, "S3-C31", "rfc_retry_drops_item", MUTANT("rfc_retry_drops_item"),
               "a push that lost its slot frees the event that it then pushes");
    by_checker(j, "S3-C32", "rfc_capacity", MUTANT("rfc_capacity"),
               "a ring made for N events takes N - 1");
}
