/* judge.c: the telemetry ring's figures against what was measured. See judge.h. */
#include "studies/telemetry_ring/judge.h"

#include <string.h>

static struct interval figure(const struct study_judge *j, const char *experiment,
                              const char *variant, const char *setting, const char *metric)
{
    return study_median(j, experiment, variant, setting, metric);
}

static const char *per_s(const struct study_judge *j, const char *variant, const char *setting)
{
    return study_words(figure(j, "throughput", variant, setting, "events_per_s"), "events/s");
}

/* The condition of a verdict, which stands behind "holds only when". */
static const char *when(enum verdict v, const char *condition)
{
    return v == CLAIM_CONDITIONAL ? condition : "";
}

/* "2.9 M events/s, hangs in 4 of 6 runs": what a printed policy comes to. */
static const char *as_printed(const struct study_judge *j, const char *policy, const char *setting)
{
    static char text[4][160];
    static unsigned next;
    char *const to = text[next++ % 4];
    const double hung = total(j, "throughput", policy, setting, "wedged");
    snprintf(to, sizeof text[0], "%s, hangs in %.0f of %u runs", per_s(j, policy, setting),
             isnan(hung) ? 0 : hung, good(j, "throughput", policy, setting));
    return to;
}

/* Throughput: as it should be, and as it is printed, under the policy of the drop-in replacement. */
static void judge_throughput(struct study_judge *j, const char *claim, const char *setting,
                             double bound)
{
    const enum verdict ours =
        study_at_least(figure(j, "throughput", "ring", setting, "events_per_s"), bound);
    const unsigned runs = good(j, "throughput", "as written, drop oldest", setting);
    const double hung = total(j, "throughput", "as written, drop oldest", setting, "wedged");
    const bool hangs = runs > 0 && hung == runs;
    const enum verdict v = ours == CLAIM_HOLDS && hangs ? CLAIM_CONDITIONAL : ours;
    study_verdict(j, claim, v, NULL,
                  "%sring_mpsc %s, a lock %s; as printed: blocking %s; drop newest %s; drop oldest "
                  "hangs in %.0f of %u runs",
                  when(v, "it does not drop the oldest as printed: "), per_s(j, "ring", setting),
                  per_s(j, "lock, batches", setting), as_printed(j, "as written, block", setting),
                  as_printed(j, "as written, drop newest", setting), hung, runs);
}

/* ---- the time of a push ------------------------------------------------------------------------ */

static const char *const push_settings[] = {"1 producer", "4 producers", "4 producers, flat out"};
enum { PUSH_SETTINGS = 3 };

static const char *p99(const struct study_judge *j, const char *variant, unsigned setting)
{
    return study_words(figure(j, "push time", variant, push_settings[setting], "push_p99_ns"),
                       "ns");
}

/* The clock is read twice around a push. What is below the bound with that holds; what is above it
 * without, does not. */
static enum verdict push_time(const struct study_judge *j, unsigned setting, double clock)
{
    const struct interval v = figure(j, "push time", "ring", push_settings[setting], "push_p99_ns");
    if (study_at_most(v, 100) == CLAIM_HOLDS)
        return CLAIM_HOLDS;
    return study_at_most(v, 100 + clock) == CLAIM_REFUTED ? CLAIM_REFUTED : CLAIM_UNTESTABLE;
}

static void judge_push_time(struct study_judge *j)
{
    static const char *const short_names[] = {"one producer", "four paced", "four flat out"};
    const struct interval clock =
        figure(j, "push time", "nothing", push_settings[0], "push_p50_ns");
    unsigned count[4] = {0};
    char where[128] = "";
    for (unsigned i = 0; i < PUSH_SETTINGS; i++) {
        const enum verdict one = push_time(j, i, clock.n ? clock.mid : 0);
        count[one]++;
        if (one == CLAIM_HOLDS)
            snprintf(where + strlen(where), sizeof where - strlen(where), "%s%s",
                     where[0] ? ", " : "", short_names[i]);
    }
    const enum verdict v = count[CLAIM_HOLDS] == PUSH_SETTINGS          ? CLAIM_HOLDS
                           : count[CLAIM_HOLDS] && count[CLAIM_REFUTED] ? CLAIM_CONDITIONAL
                           : count[CLAIM_REFUTED]                       ? CLAIM_REFUTED
                                                                        : CLAIM_UNTESTABLE;
    snprintf(where + strlen(where), sizeof where - strlen(where), ": ");
    study_verdict(
        j, "S3-C2", v, NULL,
        "%s%sp99 of a push into ring_mpsc with the clock's own %s: one producer %s, four "
        "paced %s, four flat out %s; the median of one producer is %s",
        when(v, where),
        v == CLAIM_UNTESTABLE ? "with or without the clock's time is the question: " : "",
        study_words(clock, "ns"), p99(j, "ring", 0), p99(j, "ring", 1), p99(j, "ring", 2),
        study_words(figure(j, "push time", "ring", push_settings[0], "push_p50_ns"), "ns"));
}

/* "About 500 ns": within a factor of two. */
static void judge_current(struct study_judge *j)
{
    unsigned about = 0, other = 0;
    for (unsigned i = 0; i < PUSH_SETTINGS; i++) {
        const struct interval v = figure(j, "push time", "lock", push_settings[i], "push_p99_ns");
        about += v.n && v.low >= 250 && v.high <= 1000;
        other += v.n && (v.high < 250 || v.low > 1000);
    }
    const struct interval median = figure(j, "push time", "lock", push_settings[0], "push_p50_ns");
    study_verdict(j, "S3-C6",
                  about == PUSH_SETTINGS   ? CLAIM_HOLDS
                  : other == PUSH_SETTINGS ? CLAIM_REFUTED
                  : about && other         ? CLAIM_CONDITIONAL
                                           : CLAIM_UNTESTABLE,
                  NULL,
                  "a ring under one lock: median %s with one producer; p99 one producer %s, four "
                  "paced %s, four flat out %s (about 500 ns is taken as 250 to 1000)",
                  study_words(median, "ns"), p99(j, "lock", 0), p99(j, "lock", 1),
                  p99(j, "lock", 2));
}

/* ---- memory ------------------------------------------------------------------------------------ */

static void judge_memory(struct study_judge *j)
{
    const double ring = study_most(j, "memory", "ring", NULL, "overhead_bytes");
    const double boxes = study_most(j, "memory", "a box each", NULL, "overhead_bytes");
    const double empty = study_most(j, "memory", "a box each, empty", NULL, "overhead_bytes");
    const enum verdict v = isnan(ring) || isnan(boxes)    ? CLAIM_UNTESTABLE
                           : ring < 10e6 && boxes < 10e6  ? CLAIM_HOLDS
                           : ring >= 10e6 && boxes < 10e6 ? CLAIM_REFUTED
                           : ring >= 10e6                 ? CLAIM_REFUTED
                                                          : CLAIM_CONDITIONAL;
    study_verdict(j, "S3-C4", v, NULL,
                  "%sring_mpsc %.3g MB beyond a million events of 24 bytes, %.3g MB "
                  "resident in all; with a box for each as printed %.3g MB (%.3g when empty)",
                  when(v, "events lie in the slots: "), ring / 1e6,
                  study_most(j, "memory", "ring", NULL, "resident_bytes") / 1e6, boxes / 1e6,
                  empty / 1e6);
}

/* ---- what is to make it faster ------------------------------------------------------------------- */

static enum verdict faster(struct interval ratio) { return study_at_least(ratio, 1); }

static void judge_batches(struct study_judge *j)
{
    static const char *const backlog = "a backlog of 1 M";
    const struct interval take =
        study_ratio(j, "taking", "1 at a time", "256 at a time", backlog, "event_ns");
    const struct interval flow =
        study_ratio(j, "taking", "256 at a time", "1 at a time", "1 producer", "events_per_s");
    study_verdict(j, "TEL-T1", faster(take), NULL,
                  "256 at a time take %s the time of one by one off a backlog (%s), 16 at a time "
                  "%s; where the producer is the slower side the flow gains %s",
                  study_words((struct interval){1 / take.mid, 1 / take.high, 1 / take.low, take.n,
                                                take.coverage},
                              "x"),
                  study_words(figure(j, "taking", "256 at a time", backlog, "event_ns"), "ns each"),
                  study_words(figure(j, "taking", "16 at a time", backlog, "event_ns"), "ns each"),
                  study_words(flow, "x"));
    const struct interval fewer =
        study_ratio(j, "pushing", "1 at a time", "64 at a time", NULL, "claims_per_event");
    study_verdict(
        j, "TEL-T2", faster(fewer), NULL,
        "four producers with one reservation for up to 64 events make %s fewer "
        "compare-and-swaps on the ring's end (%s for an event) and put %s as much "
        "through as with single pushes, with 16 %s",
        study_words(fewer, "x"),
        study_words(figure(j, "pushing", "64 at a time", NULL, "claims_per_event"), ""),
        study_words(study_ratio(j, "pushing", "64 at a time", "1 at a time", NULL, "events_per_s"),
                    "x"),
        study_words(study_ratio(j, "pushing", "16 at a time", "1 at a time", NULL, "events_per_s"),
                    "x"));
}

static void judge_validation(struct study_judge *j)
{
    const struct interval alone =
        study_ratio(j, "validation", "one by one", "four at a time", NULL, "event_ns");
    const struct interval flow =
        study_ratio(j, "validating flow", "four at a time", "one by one", NULL, "events_per_s");
    const enum verdict part = faster(alone), whole = faster(flow);
    const char *const why = study_error(j, "validation", "four at a time", NULL);
    const enum verdict v = part == CLAIM_HOLDS && whole != CLAIM_HOLDS ? CLAIM_CONDITIONAL : part;
    study_verdict(j, "TEL-T3", v, NULL,
                  "%s%s%s faster four at a time (%s against %s); "
                  "the flow of events around it goes %s as fast%s",
                  why, when(v, "the validation is looked at alone: "), study_words(alone, "x"),
                  study_words(figure(j, "validation", "four at a time", NULL, "event_ns"), "ns"),
                  study_words(figure(j, "validation", "one by one", NULL, "event_ns"), "ns"),
                  study_words(flow, "x"), whole == CLAIM_HOLDS ? "" : ": the ring goes without it");
}

static void judge_prefetch(struct study_judge *j)
{
    const struct interval near = study_ratio(j, "prefetch", "none", "4 ahead", NULL, "event_ns");
    const struct interval far = study_ratio(j, "prefetch", "none", "32 ahead", NULL, "event_ns");
    const enum verdict v = faster(near);
    study_verdict(j, "TEL-T4",
                  v != CLAIM_HOLDS && faster(far) == CLAIM_HOLDS ? CLAIM_CONDITIONAL : v, NULL,
                  "%sa backlog of a million events is taken %s as fast when each step asks for the "
                  "cell four ahead, %s with 32 ahead (%s without)",
                  v != CLAIM_HOLDS && faster(far) == CLAIM_HOLDS ? "it looks 32 ahead: " : "",
                  study_words(near, "x"), study_words(far, "x"),
                  study_words(figure(j, "prefetch", "none", NULL, "event_ns"), "ns each"));
}

static void judge_waiting(struct study_judge *j)
{
    const struct interval seldom =
        study_ratio(j, "waiting", "sleeps", "spins", "1 K/s", "consumer_cpu_share");
    const struct interval often =
        study_ratio(j, "waiting", "sleeps", "spins", "100 K/s", "consumer_cpu_share");
    const enum verdict low = study_at_most(seldom, 1), high = study_at_most(often, 1);
    const enum verdict v = low == CLAIM_HOLDS && high != CLAIM_HOLDS ? CLAIM_CONDITIONAL : low;
    study_verdict(j, "TEL-T5", v, NULL,
                  "%sat 1 K/s a sleeping consumer uses %s of a processor where a spinning one uses "
                  "%s, and an event waits %s for it instead of %s; at 100 K/s sleeping costs %s "
                  "the processor time of spinning",
                  when(v, "events are rare: "),
                  study_words(figure(j, "waiting", "sleeps", "1 K/s", "consumer_cpu_share"), ""),
                  study_words(figure(j, "waiting", "spins", "1 K/s", "consumer_cpu_share"), ""),
                  study_words(figure(j, "waiting", "sleeps", "1 K/s", "sojourn_p50_ns"), "ns"),
                  study_words(figure(j, "waiting", "spins", "1 K/s", "sojourn_p50_ns"), "ns"),
                  study_words(often, "x"));
}

static void judge_snapshot(struct study_judge *j)
{
    const struct interval flow =
        study_ratio(j, "snapshot", "ring", "ring, no snapshots", NULL, "offered_per_s");
    const struct interval tail = study_ratio(j, "snapshot", "lock", "ring", NULL, "push_p99_ns");
    const double lost = total(j, "snapshot", "ring", NULL, "lost");
    const enum verdict v = study_at_least(flow, 0.9);
    study_verdict(j, "TEL-T6", lost != 0 ? CLAIM_REFUTED : v, NULL,
                  "taking all there is every millisecond, two producers go on at %s of their rate, "
                  "%.0f events lost; push p99 %s, and %s of that where the same is done under a "
                  "lock",
                  study_words(flow, "x"), lost,
                  study_words(figure(j, "snapshot", "ring", NULL, "push_p99_ns"), "ns"),
                  study_words(tail, "x"));
}

/* ---- what it may become ------------------------------------------------------------------------ */

static void judge_places(struct study_judge *j)
{
    const double nodes = study_most(j, "places", NULL, NULL, "numa_nodes");
    const struct interval r = study_ratio(j, "place of the ring", "by the producer",
                                          "by the consumer", NULL, "events_per_s");
    if (r.n == 0)
        study_verdict(j, "TEL-T7", CLAIM_UNTESTABLE, NULL,
                      "this machine has %.0f memory node: there is nowhere else to put a ring",
                      nodes);
    else
        study_verdict(j, "TEL-T7", faster(r), NULL,
                      "a ring on its producer's memory node (of %.0f) is %s as fast as one on its "
                      "consumer's",
                      nodes, study_words(r, "x"));
}

static void judge_persistence(struct study_judge *j)
{
    static const char *const synced = "synced every 64";
    const struct interval fast =
        study_ratio(j, "keeping", "mapped", "written, 64 at a time", "", "events_per_s");
    const struct interval safe =
        study_ratio(j, "keeping", "mapped", "written, 64 at a time", synced, "events_per_s");
    const double lost = total(j, "kill", NULL, NULL, "lost"),
                 kills = total(j, "kill", NULL, NULL, "kills");
    const enum verdict process = faster(fast), machine = faster(safe);
    const enum verdict v = kills == 0                                           ? CLAIM_UNTESTABLE
                           : lost > 0                                           ? CLAIM_REFUTED
                           : process == CLAIM_HOLDS && machine == CLAIM_REFUTED ? CLAIM_CONDITIONAL
                                                                                : process;
    study_verdict(j, "TEL-T8", v, NULL,
                  "%sa mapped ring takes %s, %s the log that is written; if every 64 must also "
                  "survive the machine it is %s (%s). %.0f kills -9: of %.0f acknowledged events "
                  "%.0f were lost, %.0f torn slots passed over",
                  when(v, "only the process may die: "),
                  study_words(figure(j, "keeping", "mapped", "", "events_per_s"), "events/s"),
                  study_words(fast, "x"), study_words(safe, "x"),
                  study_words(figure(j, "keeping", "mapped", synced, "events_per_s"), "events/s"),
                  kills, total(j, "kill", NULL, NULL, "acknowledged"), lost,
                  total(j, "kill", "mapped", NULL, "torn"));
}

static void judge_growing(struct study_judge *j)
{
    const struct interval fixed = figure(j, "growing", "fixed", NULL, "dropped_share");
    const struct interval grows = figure(j, "growing", "grows", NULL, "dropped_share");
    const double odd =
        total(j, "growing", "grows", NULL, "lost") + total(j, "growing", "grows", NULL, "disorder");
    const enum verdict v = !fixed.n || !grows.n           ? CLAIM_UNTESTABLE
                           : odd > 0                      ? CLAIM_REFUTED
                           : grows.high < 0.1 * fixed.low ? CLAIM_HOLDS
                           : grows.low >= fixed.high      ? CLAIM_REFUTED
                                                          : CLAIM_UNTESTABLE;
    study_verdict(j, "TEL-T9", v, NULL,
                  "bursts of 4096 into 64 slots drop %s %% of the events; a ring that doubles when "
                  "it is full drops %s %%, ends at %.0f slots, loses and reorders %.0f",
                  study_words((struct interval){100 * fixed.mid, 100 * fixed.low, 100 * fixed.high,
                                                fixed.n, fixed.coverage},
                              ""),
                  study_words((struct interval){100 * grows.mid, 100 * grows.low, 100 * grows.high,
                                                grows.n, grows.coverage},
                              ""),
                  study_most(j, "growing", "grows", NULL, "capacity_end"), odd);
}

static void judge_metrics(struct study_judge *j)
{
    static const char *const kinds[] = {"a counter each", "one shared counter",
                                        "1 push in 64 timed", "every push timed"};
    struct interval r[4];
    double wrong = 0;
    for (unsigned i = 0; i < 4; i++) {
        r[i] = study_ratio(j, "metrics", kinds[i], "none", NULL, "events_per_s");
        wrong += fabs(total(j, "metrics", kinds[i], NULL, "miscounted"));
    }
    const enum verdict cheap = study_at_least(r[2], 0.8), dear = study_at_least(r[3], 0.8);
    const enum verdict v = wrong > 0                                       ? CLAIM_REFUTED
                           : cheap == CLAIM_HOLDS && dear == CLAIM_REFUTED ? CLAIM_CONDITIONAL
                                                                           : cheap;
    study_verdict(j, "TEL-T10", v, NULL,
                  "%swith 1 push in 64 timed the ring keeps %s of its throughput, with every push "
                  "timed %s; counters for each producer leave %s, a shared one %s; they miscount "
                  "%.0f",
                  when(v, "latencies are sampled: "), study_words(r[2], "x"),
                  study_words(r[3], "x"), study_words(r[0], "x"), study_words(r[1], "x"), wrong);
}

static void judge_log(struct study_judge *j)
{
    const struct interval one = figure(j, "log", "1 producer", NULL, "lines_per_s");
    const struct interval two = figure(j, "log", "2 producers", NULL, "lines_per_s");
    const double wrong = total(j, "log", NULL, NULL, "wrong");
    study_verdict(j, "TEL-T11", wrong > 0 ? CLAIM_REFUTED : study_at_least(one, 1e6), NULL,
                  "lines of a log, parsed, pushed, taken and counted: one producer %s, two %s, no "
                  "ring %s; counts that are wrong: %.0f",
                  study_words(one, "lines/s"), study_words(two, "lines/s"),
                  study_words(figure(j, "log", "no ring", NULL, "lines_per_s"), "lines/s"), wrong);
}

void telemetry_judge(struct study_judge *j)
{
    judge_throughput(j, "S3-C1", "1 producer", 1e6);
    judge_push_time(j);
    judge_throughput(j, "S3-C3", "4 producers", 500e3);
    judge_memory(j);
    judge_current(j);
    judge_batches(j);
    judge_validation(j);
    judge_prefetch(j);
    judge_waiting(j);
    judge_snapshot(j);
    judge_places(j);
    judge_persistence(j);
    judge_growing(j);
    judge_metrics(j);
    judge_log(j);
    telemetry_judge_bugs(j);
}

/* Variants of throughput, with intervals; 0: all of its samples hung. */
void telemetry_figure(const struct study_judge *j, FILE *table)
{
    static const char *const variants[] = {"ring",
                                           "lock, batches",
                                           "lock, one by one",
                                           "as written, block",
                                           "as written, drop newest",
                                           "as written, drop oldest"};
    static const char *const settings[] = {"1 producer", "4 producers"};
    fputs("variant\tproducers\tevents_per_s\tlow\thigh\thung\truns\n", table);
    for (unsigned i = 0; i < sizeof variants / sizeof *variants; i++)
        for (unsigned k = 0; k < 2; k++) {
            const struct interval v =
                figure(j, "throughput", variants[i], settings[k], "events_per_s");
            const double hung = total(j, "throughput", variants[i], settings[k], "wedged");
            fprintf(table, "%s\t%s\t%.6g\t%.6g\t%.6g\t%.0f\t%u\n", variants[i], settings[k],
                    v.n ? v.mid : 0, v.n ? v.low : 0, v.n ? v.high : 0, hung,
                    good(j, "throughput", variants[i], settings[k]));
        }
}
