/* judge_parts.c: what is to make the ring faster, and what it may become. The document prints nothing of
 * most of it: then what is judged is ours, and its sentence says so. See judge.h. */
#include "studies/telemetry_ring/judge.h"

/* ---- what is to make it faster ------------------------------------------------------------------- */

static enum verdict faster(struct interval ratio) { return study_at_least(ratio, 1); }

static void judge_taking(struct study_judge *j)
{
    static const char *const backlog = "a backlog of 1 M";
    const struct interval take =
        study_ratio(j, "taking", "1 at a time", "256 at a time", backlog, "event_ns");
    const struct interval flow =
        study_ratio(j, "taking", "256 at a time", "1 at a time", "1 producer", "events_per_s");
    if (study_missing(j, "S3-C7", "taking"))
        return;
    study_verdict(
        j, "S3-C7", faster(take), NULL,
        "ring_mpsc: one by one off a backlog takes %s the time of 256 at a time (%s), 16 at a time "
        "%s; where the producer is the slower side the flow gains %s",
        study_words(take, "x"),
        study_words(figure(j, "taking", "256 at a time", backlog, "event_ns"), "ns each"),
        study_words(figure(j, "taking", "16 at a time", backlog, "event_ns"), "ns each"),
        study_words(flow, "x"));
}

static void judge_pushing(struct study_judge *j)
{
    const struct interval fewer =
        study_ratio(j, "pushing", "1 at a time", "64 at a time", NULL, "claims_per_event");
    if (study_missing(j, "S3-C8", "pushing"))
        return;
    study_verdict(
        j, "S3-C8", faster(fewer), NULL,
        "ring_mpsc (the document prints none of it): four producers with one reservation for up to "
        "64 events make %s fewer compare-and-swaps on the ring's end (%s for an event) and put %s "
        "as much through as with single pushes, with 16 %s",
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
    const char *const why = study_error(j, "validation", "four at a time", NULL);
    struct study_parts p = {0};
    if (study_missing(j, "S3-C9", "validation"))
        return;
    study_part(&p, faster(alone), "the validation alone is looked at (%s)",
               study_words(alone, "x"));
    study_part(&p, faster(flow), "the flow of events around it (%s)", study_words(flow, "x"));
    study_verdict(j, "S3-C9", study_parts_verdict(&p), NULL,
                  "%s%s%s; as fast with four at a time as one by one (%s against %s for an "
                  "event)%s",
                  why, why[0] ? ": " : "", study_parts_words(&p),
                  study_words(figure(j, "validation", "four at a time", NULL, "event_ns"), "ns"),
                  study_words(figure(j, "validation", "one by one", NULL, "event_ns"), "ns"),
                  faster(flow) == CLAIM_HOLDS ? "" : ": the ring goes without it");
}

static void judge_prefetch(struct study_judge *j)
{
    static const char *const ahead[] = {"4 ahead", "32 ahead"};
    struct study_parts p = {0};
    if (study_missing(j, "S3-C10", "prefetch"))
        return;
    for (unsigned i = 0; i < 2; i++) {
        const struct interval r = study_ratio(j, "prefetch", "none", ahead[i], NULL, "event_ns");
        study_part(&p, faster(r), "%s (%s)", ahead[i], study_words(r, "x"));
    }
    study_verdict(j, "S3-C10", study_parts_verdict(&p), NULL,
                  "%s; as fast as without (%s), a backlog of a million events out of ring_mpsc",
                  study_parts_words(&p),
                  study_words(figure(j, "prefetch", "none", NULL, "event_ns"), "ns each"));
}

/* Efficient: less processor time, at each of these. What it costs is told: who sleeps must be woken,
 * and the event waits for that. */
static void judge_waiting(struct study_judge *j)
{
    static const struct {
        const char *setting, *cpu, *name;
    } where[] = {{"1 K/s", "consumer_cpu_share", "a consumer of 1 K/s"},
                 {"100 K/s", "consumer_cpu_share", "a consumer of 100 K/s"},
                 {"a full ring", "producers_cpu_share", "producers in front of a full ring"}};
    struct study_parts p = {0};
    bool later = false;
    if (study_missing(j, "S3-C11", "waiting"))
        return;
    for (unsigned i = 0; i < 3; i++) {
        const struct interval cpu = study_ratio(j, "waiting", "sleeps", "spins", where[i].setting,
                                                where[i].cpu),
                              delay = study_ratio(j, "waiting", "sleeps", "spins", where[i].setting,
                                                  "sojourn_p50_ns");
        later |= study_at_most(delay, 1) == CLAIM_REFUTED;
        study_part(&p, study_at_most(cpu, 1), "%s (%s of the processor time%s%s)", where[i].name,
                   study_words(cpu, "x"), delay.n ? ", an event waits " : "",
                   delay.n ? study_words(delay, "x") : "");
    }
    const enum verdict all = study_parts_verdict(&p),
                       v = all == CLAIM_HOLDS && later ? CLAIM_CONDITIONAL : all;
    study_verdict(j, "S3-C11", v, NULL,
                  "%s%s; asleep on a futex against spinning, in ring_mpsc (how the document's "
                  "waits is not printed). At 1 K/s the one uses %s of a processor and an event "
                  "waits %s, the other %s and %s",
                  all == CLAIM_HOLDS && later ? "an event may wait until its consumer is awake: "
                                              : "",
                  study_parts_words(&p),
                  study_words(figure(j, "waiting", "sleeps", "1 K/s", "consumer_cpu_share"), ""),
                  study_words(figure(j, "waiting", "sleeps", "1 K/s", "sojourn_p50_ns"), "ns"),
                  study_words(figure(j, "waiting", "spins", "1 K/s", "consumer_cpu_share"), ""),
                  study_words(figure(j, "waiting", "spins", "1 K/s", "sojourn_p50_ns"), "ns"));
}

static void judge_snapshot(struct study_judge *j)
{
    const struct interval flow =
        study_ratio(j, "snapshot", "ring", "ring, no snapshots", NULL, "offered_per_s");
    const struct interval tail = study_ratio(j, "snapshot", "lock", "ring", NULL, "push_p99_ns");
    const double lost = total(j, "snapshot", "ring", NULL, "lost");
    const enum verdict v = study_at_least(flow, 0.9);
    if (study_missing(j, "S3-C12", "snapshot"))
        return;
    study_verdict(j, "S3-C12", lost != 0 ? CLAIM_REFUTED : v, NULL,
                  "ring_mpsc: taking all there is every millisecond, two producers go on at %s of "
                  "their rate (0.9x is asked), "
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
    if (r.n == 0 && isnan(nodes))
        study_verdict(j, "S3-C13", CLAIM_UNTESTABLE, NULL, "this run has no samples of \"places\"");
    else if (r.n == 0)
        study_verdict(j, "S3-C13", CLAIM_UNTESTABLE, NULL,
                      "this machine has %.0f memory node: there is nowhere else to put a ring",
                      nodes);
    else
        study_verdict(j, "S3-C13", faster(r), NULL,
                      "a ring on its producer's memory node (of %.0f) is %s as fast as one on its "
                      "consumer's",
                      nodes, study_words(r, "x"));
}

/* Ours (the document prints none): kept through kill -9, and cheaper than a log that is written, if
 * only the process may die, and if the machine may. */
static void judge_persistence(struct study_judge *j)
{
    static const char *const synced = "synced every 64";
    const struct interval fast =
        study_ratio(j, "keeping", "mapped", "written, 64 at a time", "", "events_per_s");
    const struct interval safe =
        study_ratio(j, "keeping", "mapped", "written, 64 at a time", synced, "events_per_s");
    const double lost = total(j, "kill", "mapped", NULL, "lost") +
                        total(j, "kill", "mapped", NULL, "invalid"),
                 kills = total(j, "kill", "mapped", NULL, "kills");
    struct study_parts p = {0};
    if (study_missing(j, "S3-C14", "keeping") || study_missing(j, "S3-C14", "kill"))
        return;
    study_part(&p, faster(fast), "the process may die, not the machine (%s)",
               study_words(fast, "x"));
    study_part(&p, faster(safe), "both may, every 64 events are synced (%s)",
               study_words(safe, "x"));
    study_verdict(j, "S3-C14",
                  lost > 0     ? CLAIM_REFUTED
                  : kills == 0 ? CLAIM_UNTESTABLE
                               : study_parts_verdict(&p),
                  NULL,
                  "%s; events/s of a mapped ring of ours (%s, synced %s) for those of a log that "
                  "is written. %.0f kills -9 of the ring: of %.0f acknowledged events %.0f lost or "
                  "wrong, %.0f torn slots passed over; %.0f kills of the log: of %.0f %.0f lost",
                  study_parts_words(&p),
                  study_words(figure(j, "keeping", "mapped", "", "events_per_s"), "events/s"),
                  study_words(figure(j, "keeping", "mapped", synced, "events_per_s"), "events/s"),
                  kills, total(j, "kill", "mapped", NULL, "acknowledged"), lost,
                  total(j, "kill", "mapped", NULL, "torn"),
                  total(j, "kill", "written", NULL, "kills"),
                  total(j, "kill", "written", NULL, "acknowledged"),
                  total(j, "kill", "written", NULL, "lost"));
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
    if (study_missing(j, "S3-C15", "growing"))
        return;
    study_verdict(j, "S3-C15", v, NULL,
                  "ours (the document prints none): bursts of 4096 into 64 slots drop %s %% of the "
                  "events; a ring that doubles when "
                  "it is full drops %s %%, ends at %.0f slots, loses and reorders %.0f",
                  study_words((struct interval){100 * fixed.mid, 100 * fixed.low, 100 * fixed.high,
                                                fixed.n, fixed.coverage},
                              ""),
                  study_words((struct interval){100 * grows.mid, 100 * grows.low, 100 * grows.high,
                                                grows.n, grows.coverage},
                              ""),
                  study_most(j, "growing", "grows", NULL, "capacity_end"), odd);
}

/* Each way to count is a ring of its own: it is right, and it is cheap. */
static void judge_metrics(struct study_judge *j)
{
    static const char *const kinds[] = {"a counter each", "one shared counter",
                                        "1 push in 64 timed", "every push timed"};
    struct study_parts p = {0};
    if (study_missing(j, "S3-C16", "metrics"))
        return;
    for (unsigned i = 0; i < 4; i++) {
        const struct interval r = study_ratio(j, "metrics", kinds[i], "none", NULL, "events_per_s");
        const double least = study_least(j, "metrics", kinds[i], NULL, "miscounted"),
                     most = study_most(j, "metrics", kinds[i], NULL, "miscounted");
        char wrong[64] = "";
        if (least < 0 || most > 0)
            snprintf(wrong, sizeof wrong, ", wrong by %.0f", fmax(-least, most));
        study_part(&p, wrong[0] ? CLAIM_REFUTED : study_at_least(r, 0.8), "%s (%s%s)", kinds[i],
                   study_words(r, "x"), wrong);
    }
    study_verdict(j, "S3-C16", study_parts_verdict(&p), NULL,
                  "%s; the throughput of ring_mpsc with it for that without (the document prints "
                  "none), 0.8x and more is little cost",
                  study_parts_words(&p));
}

static void judge_log(struct study_judge *j)
{
    const struct interval one = figure(j, "log", "1 producer", NULL, "lines_per_s");
    const struct interval two = figure(j, "log", "2 producers", NULL, "lines_per_s");
    const double wrong = total(j, "log", "1 producer", NULL, "wrong") +
                         total(j, "log", "2 producers", NULL, "wrong");
    if (study_missing(j, "TEL-T1", "log"))
        return;
    study_verdict(
        j, "TEL-T1", wrong > 0 ? CLAIM_REFUTED : study_at_least(one, 1e6), NULL,
        "ring_mpsc: lines of a log, parsed, pushed, taken and counted: one producer %s, two %s, no "
        "ring %s; counts that are wrong: %.0f",
        study_words(one, "lines/s"), study_words(two, "lines/s"),
        study_words(figure(j, "log", "no ring", NULL, "lines_per_s"), "lines/s"), wrong);
}

void telemetry_judge_parts(struct study_judge *j)
{
    judge_taking(j);
    judge_pushing(j);
    judge_validation(j);
    judge_prefetch(j);
    judge_waiting(j);
    judge_snapshot(j);
    judge_places(j);
    judge_persistence(j);
    judge_growing(j);
    judge_metrics(j);
    judge_log(j);
}
