/* judge_rules.c: the verdicts about admission, service and the document's own programs; the figure. */
#include "judging.h"

#include <math.h>
#include <string.h>

static const char code[] = "the document's code";

/* Whether the checker finds this program's bug, as models/mutants/kills.tsv has it. */
static bool checker_finds(const struct study_judge *j, const char *mutant)
{
    return study_least(j, "checker", code, NULL, mutant) == 1;
}

/* ", and the checker finds it" or nothing: what a sentence ends with. */
static const char *and_checked(const struct study_judge *j, const char *mutant)
{
    return checker_finds(j, mutant)
               ? "; the checker finds it in a small transcription of the printed code"
               : "";
}

/* The sum over all settings; 0 when there is nothing. */
static double sum_of(const struct study_judge *j, const char *experiment, const char *variant,
                     const char *metric)
{
    const char *setting;
    double all = 0;
    for (size_t i = 0; (setting = study_setting(j, experiment, i)) != NULL; i++) {
        const double sum = study_sum(j, experiment, variant, setting, metric);
        all += isnan(sum) ? 0 : sum;
    }
    return all;
}

static double extreme(const struct study_judge *j, const char *experiment, const char *variant,
                      const char *metric, bool most)
{
    const char *setting;
    double found = NAN;
    for (size_t i = 0; (setting = study_setting(j, experiment, i)) != NULL; i++) {
        const double v = (most ? study_most : study_least)(j, experiment, variant, setting, metric);
        if (!isnan(v) && (isnan(found) || (most ? v > found : v < found)))
            found = v;
    }
    return found;
}

/* A number of things, in groups of three digits: 35 640 000. In one of a few static buffers. */
static const char *whole(double v)
{
    static char buffer[16][32];
    static unsigned next;
    char digits[32], *to = buffer[next++ % 16];
    const char *const text = to;
    if (!(fabs(v) < 1e15))
        return "(no)";
    snprintf(digits, sizeof digits, "%.0f", v);
    for (size_t i = 0, n = strlen(digits); i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
            *to++ = ' ';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

/* ---- admission ---------------------------------------------------------------------------------------- */

static void judge_admission(struct study_judge *j)
{
    const char written[] = "as written", reserved[] = "reserved first";
    const double spurious = sum_of(j, "admission", written, "spurious"),
                 refused = sum_of(j, "admission", written, "refused"),
                 row = extreme(j, "admission", written, "spurious_in_a_row", true),
                 least = extreme(j, "admission", written, "depth_least", false),
                 ours = sum_of(j, "admission", reserved, "spurious") +
                        sum_of(j, "admission", reserved, "false_signals");
    const bool wraps = spurious > 0 || least < 0 || checker_finds(j, "depth_underflow");
    const char underflow[] = "models/golden/lanes_push_then_count.txt";
    char seen[64] = "";
    if (least < 0)
        snprintf(seen, sizeof seen, " (least: %.0f, read as 2^64%.0f)", least, least);
    study_verdict(
        j, "S0-C9", wraps ? CLAIM_REFUTED : CLAIM_UNTESTABLE, underflow,
        "%s of %s refusals saw a depth below zero%s, of a queue nearly empty, up to %s in "
        "a row; %s of %s with room reserved first%s",
        whole(spurious), whole(refused), seen, whole(row),
        whole(sum_of(j, "admission", reserved, "spurious")),
        whole(sum_of(j, "admission", reserved, "refused")), and_checked(j, "depth_underflow"));

    const double signals = sum_of(j, "admission", written, "signals"),
                 false_signals = sum_of(j, "admission", written, "false_signals"),
                 all = sum_of(j, "admission", reserved, "signals");
    study_verdict(
        j, "S0-C10",
        ours > 0                       ? CLAIM_REFUTED
        : !(signals > 0) || !(all > 0) ? CLAIM_UNTESTABLE /* nobody was told anything */
        : wraps || false_signals > 0   ? CLAIM_CONDITIONAL
                                       : CLAIM_HOLDS,
        wraps ? underflow : NULL,
        "%s%s of %s signals were false as written, %s of %s with room reserved before the "
        "push%s",
        (wraps || false_signals > 0) && ours == 0 && all > 0 ? "room is reserved first: " : "",
        whole(false_signals), whole(signals),
        whole(sum_of(j, "admission", reserved, "false_signals")), whole(all),
        wraps ? and_checked(j, "depth_underflow") : "");

    const char *setting;
    double over = 0, bound = 0;
    bool kept = true, any = false;
    for (size_t i = 0; (setting = study_setting(j, "admission", i)) != NULL; i++) {
        const double most = study_most(j, "admission", written, setting, "beyond_capacity"),
                     allowed = study_most(j, "admission", written, setting, "bound");
        any |= !isnan(most);
        kept &= isnan(most) || most <= allowed;
        if (most > over)
            over = most;
        if (allowed > bound)
            bound = allowed;
    }
    const double hard = extreme(j, "admission", reserved, "beyond_capacity", true);
    study_verdict(j, "S0-C11",
                  !any   ? CLAIM_UNTESTABLE
                  : kept ? CLAIM_HOLDS
                         : CLAIM_REFUTED,
                  NULL,
                  "as written up to %s beyond the capacity was seen, where P - 1 = %s is the most "
                  "that can be; reserved first: %s%s",
                  whole(over), whole(bound), whole(hard > 0 ? hard : 0),
                  checker_finds(j, "soft_capacity_overshoot")
                      ? "; the checker shows that one beyond is possible"
                      : "");
}

/* ---- service --------------------------------------------------------------------------------------------- */

static void judge_promotion(struct study_judge *j)
{
    const double served = study_least(j, "continuous", "as written", NULL, "low_served"),
                 dequeues = study_most(j, "continuous", "as written", NULL, "dequeues"),
                 half = study_least(j, "backlog", "as written", NULL, "backlog_5"),
                 end = study_least(j, "backlog", "as written", NULL, "backlog_10"),
                 arrived = study_least(j, "backlog", "as written", NULL, "arrived"),
                 fair = study_most(j, "continuous", "fair", NULL, "dequeues"),
                 fair_bound = study_most(j, "continuous", "fair", NULL, "bound"),
                 fair_left = study_most(j, "backlog", "fair", NULL, "backlog_10");
    const bool starves = served == 0 || checker_finds(j, "promotion_starves");
    const bool grows = end > 1.5 * half;
    study_verdict(j, "S0-C12",
                  starves || grows                             ? CLAIM_REFUTED
                  : isnan(served) || isnan(half) || isnan(end) ? CLAIM_UNTESTABLE
                                                               : CLAIM_HOLDS,
                  starves ? "models/mutants/promotion_starves.c" : NULL,
                  "high never empty: %s in %s dequeues (fair: after %s, bound %s); normal never "
                  "empty: of %s low ones %s wait at half time and %s at the end (fair: %s)%s",
                  served > 0 ? "served" : "not served", whole(dequeues), whole(fair),
                  whole(fair_bound), whole(arrived), whole(half), whole(end), whole(fair_left),
                  and_checked(j, "promotion_starves"));
}

static void judge_bound(struct study_judge *j)
{
    static const char *const fairs[] = {"fair", "fair, compiled in"};
    double watched = 0, beyond = 0, share = 0, written = 0;
    for (unsigned i = 0; i < 2; i++) {
        watched += sum_of(j, "watch", fairs[i], "watched");
        beyond += sum_of(j, "watch", fairs[i], "beyond_bound");
        const double most = extreme(j, "watch", fairs[i], "share_of_bound_most", true);
        share = most > share ? most : share;
    }
    written = sum_of(j, "watch", "as written", "beyond_bound");
    const double explored =
                     study_most(j, "checker", "lanes_fair", NULL, "no_starvation_executions"),
                 again = study_most(j, "checker", "lanes_fair", NULL, "again_ok"),
                 violated = study_most(j, "checker", "lanes_fair", NULL, "scenarios_violated") +
                            study_most(j, "checker", "lanes_fair", NULL, "again_violated"),
                 scenarios = study_most(j, "checker", "lanes_fair", NULL, "scenarios_ok"),
                 unfinished = study_most(j, "checker", "lanes_fair", NULL, "scenarios_unfinished");
    const bool checked = explored > 0 && violated == 0;
    study_verdict(
        j, "OBS-T2",
        beyond > 0 || violated > 0  ? CLAIM_REFUTED
        : checked && watched > 1000 ? CLAIM_HOLDS
                                    : CLAIM_UNTESTABLE,
        "models/expected.tsv",
        "%s low records watched under load, %s beyond the bound, the longest wait %.3g of "
        "it (promotion as written: %s beyond); checker: %s executions of its scenario, %s "
        "scenarios right, %s violated, %s too large to finish; %s",
        whole(watched), whole(beyond), share, whole(written), whole(explored), whole(scenarios),
        whole(violated), whole(unfinished),
        again > 0 ? "its own scenarios explored again in this run" : "as committed");
}

static void judge_order(struct study_judge *j)
{
    const double overtaken =
                     study_sum(j, "interleavings", "strict", "in and out at once", "overtakings"),
                 rounds = study_sum(j, "interleavings", "strict", "in and out at once", "rounds"),
                 promoted = study_sum(j, "interleavings", "promoting", "in and out at once",
                                      "overtakings"),
                 alone =
                     study_sum(j, "interleavings", "strict", "all in, then out", "overtakings") +
                     study_sum(j, "interleavings", "promoting", "all in, then out", "overtakings"),
                 alone_rounds =
                     study_sum(j, "interleavings", "strict", "all in, then out", "rounds") +
                     study_sum(j, "interleavings", "promoting", "all in, then out", "rounds"),
                 order = study_most(j, "checker", "lanes_strict", NULL, "order_executions");
    const bool overtakes = overtaken + promoted > 0 || checker_finds(j, "scan_not_strict");
    study_verdict(j, "S0-C17",
                  alone > 0                   ? CLAIM_REFUTED
                  : !(alone == 0)             ? CLAIM_UNTESTABLE
                  : overtakes                 ? CLAIM_CONDITIONAL
                  : overtaken + promoted == 0 ? CLAIM_HOLDS
                                              : CLAIM_UNTESTABLE,
                  overtakes ? "models/mutants/scan_not_strict.c" : NULL,
                  "%s%s overtakings in %s rounds of dequeues alone; with both at once a less "
                  "urgent record overtook %s times in %s rounds, %s with promotion%s",
                  alone == 0 && overtakes ? "nothing is enqueued during the dequeue: " : "",
                  whole(alone), whole(alone_rounds), whole(overtaken), whole(rounds),
                  whole(promoted), and_checked(j, "scan_not_strict"));
    study_verdict(
        j, "S0-C18",
        alone > 0                 ? CLAIM_REFUTED
        : !(alone == 0)           ? CLAIM_UNTESTABLE
        : overtakes               ? CLAIM_CONDITIONAL
        : order > 0 && rounds > 0 ? CLAIM_HOLDS
                                  : CLAIM_UNTESTABLE,
        "models/expected.tsv",
        "all is enqueued before anything is dequeued, as in the test that is printed (%s "
        "rounds, %s out of order), which interleaves nothing; with both at once %s of %s; "
        "the checker explores all %s executions of its small form%s",
        whole(alone_rounds), whole(alone), whole(overtaken + promoted), whole(2 * rounds),
        whole(order), and_checked(j, "scan_not_strict"));
}

/* ---- the document's programs --------------------------------------------------------------------------------- */

static void judge_benchmark(struct study_judge *j)
{
    const char *const open = setting_with(j, "benchmark", "no capacity"), *const soft =
                                                                              setting_with(
                                                                                  j, "benchmark",
                                                                                  "100 000");
    const struct interval alive = study_median(j, "benchmark", "as printed", open, "threads_alive");
    const struct interval printed =
        study_median(j, "benchmark", "as printed", open, "claimed_per_s");
    const struct interval proper =
        study_ratio(j, "benchmark", "until closed", "as printed", open, "records_per_s");
    const double died = study_most(j, "benchmark", "as printed", soft, "threads_died"),
                 died_at = study_most(j, "benchmark", "as printed", soft, "died_at"),
                 left = study_most(j, "benchmark", "all at once", open, "left_share");
    const enum verdict eight = study_at_least(alive, 8);
    study_verdict(j, "S0-C19", eight, "models/mutants/consumers_stop_early.c",
                  "at most %s thread runs at a time, and that passes %s; all 8 at once pass %s as "
                  "much; consumers that end at the first empty answer left up to %.3g %% behind; "
                  "with a capacity of 100 000 %s producers die, the first at record %s%s",
                  whole(alive.high), study_words(printed, "records/s"), study_words(proper, "x"),
                  100 * left, whole(died), whole(died_at), and_checked(j, "consumers_stop_early"));
}

static void judge_listing(struct study_judge *j)
{
    const bool unlinked = checker_finds(j, "segment_push_unlinked"),
               leaks = checker_finds(j, "segment_loser_leaks");
    study_verdict(j, "S0-C20", unlinked ? CLAIM_REFUTED : CLAIM_UNTESTABLE,
                  "models/mutants/segment_push_unlinked.c", "%s%s",
                  unlinked ? "the checker shows that what is pushed behind the first segment is "
                             "never found, since no segment is linked"
                           : "models/mutants/kills.tsv has no row of the listing",
                  leaks ? "; read as C, the loser of the race for a new segment leaks his" : "");

    const bool waits = checker_finds(j, "segqueue_push_waits"),
               blocks = study_least(j, "checker", code, NULL, "segment_push_blocks") == 1;
    static const char *const blocking[] = {"segment_mpmc", "crossbeam_seg_queue"};
    double rests = 0, stops = 0;
    for (unsigned i = 0; i < 2; i++) {
        rests += sum_of(j, "stopped", blocking[i], "rests");
        stops += sum_of(j, "stopped", blocking[i], "stops");
    }
    study_verdict(
        j, "S0-C8", waits || blocks ? CLAIM_REFUTED : CLAIM_UNTESTABLE,
        "models/mutants/segqueue_push_waits.c",
        "%s; real threads, one of three stopped for 4 ms at random points: the others came "
        "to rest in %s of %s stops with SegQueue's protocol, in %s of %s with segment_faa, "
        "which is lock-free",
        waits || blocks ? "the checker shows a push that waits without end for a stopped "
                          "one: no number of slots bounds its tries"
                        : "the checker's tables have no row of it",
        whole(rests), whole(stops), whole(sum_of(j, "stopped", "segment_faa", "rests")),
        whole(sum_of(j, "stopped", "segment_faa", "stops")));
}

/* Whether there are numbers of this experiment, in every variant and setting that it has. */
static bool measured(const struct study_judge *j, const char *experiment)
{
    const char *setting, *variant;
    for (size_t i = 0; (setting = study_setting(j, experiment, i)) != NULL; i++)
        for (size_t k = 0; (variant = study_variant(j, experiment, setting, k)) != NULL; k++) {
            unsigned errors;
            if (study_count(j, experiment, variant, setting, &errors) == errors)
                return false;
        }
    return study_count(j, experiment, NULL, NULL, NULL) > 0;
}

void judge_rules(struct study_judge *j)
{
    static const struct {
        const char *experiment, *claim[3]; /* that rest on it */
        void (*judge)(struct study_judge *j);
    } parts[] = {{"admission", {"S0-C9", "S0-C10", "S0-C11"}, judge_admission},
                 {"continuous", {"S0-C12"}, judge_promotion},
                 {"watch", {"OBS-T2"}, judge_bound},
                 {"interleavings", {"S0-C17", "S0-C18"}, judge_order},
                 {"benchmark", {"S0-C19"}, judge_benchmark},
                 {"checker", {"S0-C20", "S0-C8"}, judge_listing}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (measured(j, parts[i].experiment))
            parts[i].judge(j);
        else
            for (size_t k = 0; k < 3 && parts[i].claim[k]; k++)
                study_verdict(j, parts[i].claim[k], CLAIM_UNTESTABLE, NULL,
                              "not all cells of the experiment '%s' gave numbers: the records say "
                              "why",
                              parts[i].experiment);
}

/* ---- the figure ---------------------------------------------------------------------------------------------- */

/* panel, name, claimed (or dequeues), measured (or waiting) with its interval, row. */
void figure_observation_queue(const struct study_judge *j, FILE *table)
{
    static const struct {
        const char *name, *experiment, *variant, *word;
        double claimed;
    } rows[] = {
        {"Mutex and VecDeque, 4+4", "contended", "mutex_deque", "many", 52e3},
        {"a hand-over asleep, 1+1", "hand_off", "mutex_ring", "", 52e3},
        {"ArrayQueue, 4+4", "contended", "crossbeam_array_queue", "many", 3.2e6},
        {"our array_mpmc, 4+4", "contended", "array_mpmc", "many", 3.2e6},
        {"SegQueue, 4+4", "contended", "crossbeam_seg_queue", "many", 4.8e6},
        {"our segment_mpmc, 4+4", "contended", "segment_mpmc", "many", 4.8e6},
        {"end to end, 1+1", "end_to_end", "segment_mpmc", "1+1", 100e3},
        {"with the index, 1+1", "indexing", "segment_mpmc", "", 100e3},
    };
    static const char *const services[] = {"strict", "as written", "fair"};
    unsigned row = 0;
    fprintf(table, "panel\tname\tclaimed\tmid\tlow\thigh\trow\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const bool indexed = strcmp(rows[i].experiment, "end_to_end") == 0 ||
                             strcmp(rows[i].experiment, "indexing") == 0;
        const struct interval v = study_median(j, rows[i].experiment, rows[i].variant,
                                               setting_with(j, rows[i].experiment, rows[i].word),
                                               indexed ? "observations_per_s" : "records_per_s");
        if (v.n > 0)
            fprintf(table, "claim\t%s\t%.6g\t%.6g\t%.6g\t%.6g\t%u\n", rows[i].name, rows[i].claimed,
                    v.mid, v.low, v.high, ++row);
    }
    for (unsigned i = 0; i < 3; i++)
        for (unsigned point = 1; point <= 10; point++) {
            char metric[STUDY_WORD];
            snprintf(metric, sizeof metric, "backlog_%u", point);
            const struct interval v = study_median(j, "backlog", services[i], NULL, metric);
            const struct interval n = study_median(j, "backlog", services[i], NULL, "dequeues");
            if (v.n > 0)
                fprintf(table, "backlog\t%s\t%.6g\t%.6g\t%.6g\t%.6g\t%u\n", services[i],
                        n.mid * point / 10, v.mid, v.low, v.high, point);
        }
}
