/* judge.c: the verdicts about speed, cost and memory. Those about admission and service:
 * judge_rules.c. */
#include "judging.h"

#include <math.h>
#include <string.h>

static const char seg_peer[] = "crossbeam_seg_queue", array_peer[] = "crossbeam_array_queue";

const char *setting_with(const struct study_judge *j, const char *experiment, const char *word)
{
    const char *setting;
    for (size_t i = 0; (setting = study_setting(j, experiment, i)) != NULL; i++)
        if (strstr(setting, word))
            return setting;
    return "";
}

/* The queue that the document is about, or ours of its kind in a build without it. */
static const char *segmented(const struct study_judge *j)
{
    return study_count(j, "contended", seg_peer, NULL, NULL) ? seg_peer : "segment_mpmc";
}

static const char *array_of(const struct study_judge *j)
{
    return study_count(j, "contended", array_peer, NULL, NULL) ? array_peer : "array_mpmc";
}

/* The weaker of two: what both must give. */
static enum verdict both(enum verdict a, enum verdict b)
{
    if (a == CLAIM_REFUTED || b == CLAIM_REFUTED)
        return CLAIM_REFUTED;
    return a == CLAIM_HOLDS && b == CLAIM_HOLDS ? CLAIM_HOLDS : CLAIM_UNTESTABLE;
}

/* The same in another unit. */
static struct interval in_units(struct interval v, double unit)
{
    v.mid /= unit, v.low /= unit, v.high /= unit;
    return v;
}

static const char *straddles(enum verdict v)
{
    return v == CLAIM_UNTESTABLE ? "an interval contains the bound, or there are too few rounds: "
                                 : "";
}

/* ---- throughput ------------------------------------------------------------------------------------- */

static void judge_throughput(struct study_judge *j)
{
    const char *const many = setting_with(j, "contended", "many");
    const char *const seg = segmented(j), *const array = array_of(j);
    const struct interval mutex =
        study_median(j, "contended", "mutex_deque", many, "records_per_s");
    const struct interval s = study_median(j, "contended", seg, many, "records_per_s");
    const struct interval a = study_median(j, "contended", array, many, "records_per_s");
    const struct interval times =
        study_ratio(j, "contended", seg, "mutex_deque", many, "records_per_s");
    const struct interval order = study_ratio(j, "contended", seg, array, many, "records_per_s");
    const struct interval hand = study_median(j, "hand_off", "mutex_ring", NULL, "records_per_s");
    const struct interval slept =
        study_median(j, "hand_off", "mutex_ring", NULL, "slept_per_record");

    if (study_missing(j, "S0-C1 S0-C2 S0-C3 S0-C16 S0-C23", "contended"))
        return;
    /* A limit of 52 K is no limit of a queue that passes more than twice as much. */
    enum verdict v = study_opposite(study_at_least(mutex, 2 * 52e3));
    if (v == CLAIM_REFUTED && study_at_most(hand, 2 * 52e3) == CLAIM_HOLDS &&
        study_at_least(hand, 52e3 / 2) == CLAIM_HOLDS)
        study_verdict(
            j, "S0-C1", CLAIM_CONDITIONAL, NULL,
            "each record is handed over asleep (one place, %s sleeps a record: %s); under "
            "a lock that nobody sleeps in front of for long, 4+4 threads pass %s",
            study_words(slept, ""), study_words(hand, "records/s"),
            study_words(mutex, "records/s"));
    else
        study_verdict(j, "S0-C1", v, NULL, "%s4+4 threads pass %s, a hand-over of each record %s",
                      straddles(v), study_words(mutex, "records/s"),
                      study_words(hand, "records/s"));

    struct study_parts p = {0};
    study_part(&p, study_at_least(s, 4.8e6), "%s passes 4.8 M/s (%s)", seg,
               study_words(s, "records/s"));
    study_part(&p, study_at_least(a, 3.2e6), "%s passes 3.2 M/s (%s)", array,
               study_words(a, "records/s"));
    study_part(&p, study_at_least(order, 1), "the first passes more than the second (%s)",
               study_words(order, "x"));
    study_verdict(j, "S0-C2", study_parts_verdict(&p), NULL, "%s", study_parts_words(&p));

    v = study_at_least(times, 92);
    study_verdict(j, "S0-C3", v, NULL, "%s%s is %s mutex_deque, in %zu pairs", straddles(v), seg,
                  study_words(times, "x"), times.n);

    const struct interval offered = study_median(
        j, "open_loop", "mutex_deque", setting_with(j, "open_loop", "4+4"), "records_per_s");
    const struct interval sojourn = study_median(
        j, "open_loop", "mutex_deque", setting_with(j, "open_loop", "1+1"), "sojourn_p99_ns");
    const struct interval rate = study_median(j, "open_loop", "mutex_deque",
                                              setting_with(j, "open_loop", "4+4"), "offered_per_s");
    v = study_at_least(mutex, 100e3);
    study_verdict(j, "S0-C16", study_opposite(v), NULL,
                  "%smutex_deque passes %s; offered %s in open loop, 4+4 threads, it passes %s; 99 "
                  "of 100 are through within %s with 1+1",
                  straddles(v), study_words(mutex, "records/s"), study_words(rate, "records/s"),
                  study_words(offered, "records/s"), study_words(in_units(sojourn, 1e6), "ms"));

    const struct interval mutex_events =
        study_median(j, "contended", "mutex_deque", many, "contention_events");
    const struct interval records = study_median(j, "contended", "mutex_deque", many, "records");
    const struct interval failed =
        study_median(j, "contended", "segment_mpmc", many, "contention_events");
    const struct interval array_failed =
        study_median(j, "contended", "array_mpmc", many, "contention_events");
    const struct interval waited = study_median(j, "lock", NULL, "8 threads", "waited_share");
    v = both(study_at_most(failed, 0), study_at_most(array_failed, 0));
    study_verdict(
        j, "S0-C23", v, NULL,
        "%slost compare-and-swaps and looks again in a run: segment_mpmc %s, array_mpmc %s; "
        "mutex_deque slept %s times, for %.2g %% of its records, and a lock that 8 threads "
        "want is not free %.3g %% of the times (18 K of 1 M would be %.2g %%)",
        straddles(v), study_words(failed, ""), study_words(array_failed, ""),
        study_words(mutex_events, ""), 100 * mutex_events.mid / records.mid, 100 * waited.mid,
        100 * 18e3 / 1e6);
}

/* ---- latency ------------------------------------------------------------------------------------------ */

static void judge_operations(struct study_judge *j)
{
    const char *const busy = setting_with(j, "operations", "4+4");
    const char *const seg = segmented(j), *const array = array_of(j);
    const struct interval mutex = study_median(j, "operations", "mutex_deque", busy, "push_p99_ns");
    const struct interval mutex_most =
        study_median(j, "operations", "mutex_deque", busy, "push_p999_ns");
    const struct interval s = study_median(j, "operations", seg, busy, "push_p99_ns");
    const struct interval a = study_median(j, "operations", array, busy, "push_p99_ns");
    struct study_parts p = {0};
    if (study_missing(j, "S0-C4", "operations"))
        return;
    study_part(&p, study_at_least(mutex, 180e3 / 2), "mutex_deque 180 us (%s, p99.9 %s)",
               study_words(mutex, "ns"), study_words(in_units(mutex_most, 1e3), "us"));
    study_part(&p, study_at_most(a, 2 * 2e3), "%s 2 us (%s)", array, study_words(a, "ns"));
    study_part(&p, study_at_most(s, 2 * 1e3), "%s 1 us (%s)", seg, study_words(s, "ns"));
    study_verdict(j, "S0-C4", study_parts_verdict(&p), NULL,
                  "%s; p99 of a push, 4+4 threads; at least half of it for the mutex and at most "
                  "twice of it for the others is asked",
                  study_parts_words(&p));
}

static void judge_lock(struct study_judge *j)
{
    const struct interval alone = study_median(j, "lock", NULL, "1 thread", "lock_ns");
    const struct interval crowd = study_median(j, "lock", NULL, "8 threads", "lock_ns");
    const struct interval processor = study_median(j, "lock", NULL, "8 threads", "processor_ns");
    /* The claim adds 50 and 100 ns up to the 52 K/s of its table: they are 6.7 M/s. */
    const double derived = 1e9 / (50 + 100);
    const enum verdict v = study_opposite(study_at_most(crowd, 1e9 / 52e3 / 2));
    if (study_missing(j, "S0-C5", "lock"))
        return;
    study_verdict(j, "S0-C5", v, NULL,
                  "%slock and unlock take %s alone, %s in a crowd of 8 (%s of processor); 50 + 100 "
                  "ns would be %.3g M/s, %.3g times the 52 K/s that they are to explain",
                  straddles(v), study_words(alone, "ns"), study_words(crowd, "ns"),
                  study_words(processor, "ns"), derived / 1e6, derived / 52e3);
}

/* A push beside a consumer, for one into as deep a queue that nobody takes from: a fifth more is in the
 * way. */
static void judge_ends(struct study_judge *j)
{
    static const char alone[] = "deep, no consumer";
    static const struct {
        const char *variant, *words;
    } beside[] = {{"deep", "the queue is deep"},
                  {"nearly empty", "the queue is nearly empty, the consumer at the push's heels"}};
    struct study_parts p = {0};
    if (study_missing(j, "S0-C6", "ends"))
        return;
    for (unsigned i = 0; i < 2; i++) {
        const struct interval r = study_ratio(j, "ends", beside[i].variant, alone, NULL, "push_ns");
        study_part(&p, study_at_most(r, 1.2), "%s (%s, %s)", beside[i].words,
                   study_words(study_median(j, "ends", beside[i].variant, NULL, "push_ns"), "ns"),
                   study_words(r, "x"));
    }
    study_verdict(j, "S0-C6", study_parts_verdict(&p), NULL,
                  "%s; a push beside a consumer, for one without (%s); 1.2x at most is asked",
                  study_parts_words(&p),
                  study_words(study_median(j, "ends", alone, NULL, "push_ns"), "ns"));
}

static void judge_enqueue(struct study_judge *j)
{
    const char *const each = setting_with(j, "enqueue", "each"), *const together = setting_with(
                                                                     j, "enqueue", "together");
    const char *const lane =
        study_count(j, "enqueue", seg_peer, NULL, NULL) ? seg_peer : "segment_mpmc";
    static const struct {
        const char *name, *metric;
        double claimed;
    } quantiles[] = {{"P50", "enqueue_p50_ns", 180},
                     {"P99", "enqueue_p99_ns", 420},
                     {"P99.9", "enqueue_p999_ns", 1200}};
    struct study_parts p = {0};
    if (study_missing(j, "S0-C13", "enqueue"))
        return;
    for (unsigned i = 0; i < 3; i++) {
        const struct interval q = study_median(j, "enqueue", lane, each, quantiles[i].metric);
        study_part(&p, study_at_most(q, quantiles[i].claimed), "%s at most %g ns (%s)",
                   quantiles[i].name, quantiles[i].claimed, study_words(q, "ns"));
    }
    study_verdict(j, "S0-C13", study_parts_verdict(&p), NULL,
                  "%s; each call between two clocks of %s. 64 calls timed together: P50 %s a call "
                  "(over %s)",
                  study_parts_words(&p),
                  study_words(study_median(j, "enqueue", lane, each, "clock_ns"), "ns"),
                  study_words(study_median(j, "enqueue", lane, together, "enqueue_p50_ns"), "ns"),
                  lane);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static void judge_memory(struct study_judge *j)
{
    const char *deep = setting_with(j, "memory", seg_peer);
    if (!deep[0])
        deep = setting_with(j, "memory", "segment_mpmc");
    const struct interval written =
        study_median(j, "memory", "by value, and a string", deep, "heap_bytes_per_record");
    const struct interval resident =
        study_median(j, "memory", "by value, and a string", deep, "resident_bytes_per_record");
    const struct interval mb = study_median(j, "memory", "by value, and a string", deep, "heap_mb");
    const struct interval ours =
        study_median(j, "memory", "by value", deep, "heap_bytes_per_record");
    struct study_parts p = {0};
    if (study_missing(j, "S0-C14", "memory"))
        return;
    /* A tenth more than 64 is granted: for what the queue itself keeps. */
    study_part(&p, study_at_most(written, 64 * 1.1),
               "a name on the heap, as described (%s a record, %s resident, %s in all)",
               study_words(written, "bytes"), study_words(resident, "bytes"),
               study_words(mb, "MB"));
    study_part(&p, study_at_most(ours, 64 * 1.1), "the name inside the record (%s)",
               study_words(ours, "bytes"));
    study_verdict(j, "S0-C14", study_parts_verdict(&p), NULL, "%s; of heap (%s)",
                  study_parts_words(&p), deep);
}

static void judge_segments(struct study_judge *j)
{
    const struct interval kept = study_median(j, "segment", "kept", NULL, "per_push_ns");
    const struct interval freed = study_median(j, "segment", "freed at once", NULL, "per_push_ns");
    const struct interval whole = study_median(j, "segment", "kept", NULL, "segment_ns");
    const struct interval filling =
        study_ratio(j, "filling", "31 slots", "1023 slots", NULL, "push_ns");
    struct study_parts p = {0};
    if (study_missing(j, "S0-C15", "segment"))
        return;
    study_part(&p, study_at_most(freed, 15),
               "memory comes back: a segment that is freed is taken again (%s a push)",
               study_words(freed, "ns"));
    study_part(&p, study_at_most(kept, 15), "the heap grows (%s a push, %s a segment)",
               study_words(kept, "ns"), study_words(whole, "ns"));
    study_verdict(j, "S0-C15", study_parts_verdict(&p), NULL,
                  "%s; at most 15 ns is asked. Filling with segments of 31 takes %s the time of "
                  "1023",
                  study_parts_words(&p), study_words(filling, "x"));
}

static void judge_slots(struct study_judge *j)
{
    const double least = study_least(j, "slots", seg_peer, NULL, "slots_least"),
                 most = study_most(j, "slots", seg_peer, NULL, "slots_most");
    if (isnan(most))
        study_verdict(j, "S0-C7", CLAIM_UNTESTABLE, NULL,
                      "this build has not crossbeam's SegQueue (cmake --preset peers)");
    else
        study_verdict(j, "S0-C7", least == 32 && most == 32 ? CLAIM_HOLDS : CLAIM_REFUTED, NULL,
                      "SegQueue asks for memory after every %g to %g pushes", least, most);
}

static void judge_batches(struct study_judge *j)
{
    const char *const one = setting_with(j, "batch", "one by one"), *const hundred = setting_with(
                                                                        j, "batch", "batches");
    const struct interval single = study_median(j, "batch", "segment_mpmc", one, "dequeue_ns");
    const struct interval batched = study_median(j, "batch", "segment_mpmc", hundred, "dequeue_ns");
    const struct interval list =
        study_ratio(j, "batch", "segment_ms", "segment_mpmc", hundred, "dequeue_ns");
    const struct interval array =
        study_ratio(j, "batch", "segment_mpmc", "array_mpmc", hundred, "dequeue_ns");
    struct study_parts p = {0};
    if (study_missing(j, "S0-C22", "batch"))
        return;
    study_part(&p, study_at_least(list, 1), "cheaper than out of a list, which takes %s the time",
               study_words(list, "x"));
    study_part(&p, study_at_least(array, 1), "dearer than out of an array, %s the time",
               study_words(array, "x"));
    study_verdict(j, "S0-C22", study_parts_verdict(&p), NULL,
                  "%s; batches of 100. By segments %s a record one by one, %s in batches",
                  study_parts_words(&p), study_words(single, "ns"), study_words(batched, "ns"));
}

/* ---- the whole way ---------------------------------------------------------------------------------------- */

static void judge_pipeline(struct study_judge *j)
{
    const char *const two = setting_with(j, "end_to_end", "1+1"), *const eight = setting_with(
                                                                      j, "end_to_end", "4+4");
    const struct interval one =
        study_median(j, "end_to_end", "segment_mpmc", two, "observations_per_s");
    const struct interval crowd =
        study_median(j, "end_to_end", "segment_mpmc", eight, "observations_per_s");
    const struct interval mutex =
        study_ratio(j, "end_to_end", "segment_mpmc", "mutex_deque", two, "observations_per_s");
    const struct interval used = study_median(j, "end_to_end", "segment_mpmc", two, "processor_ns");
    const struct interval pointer = study_ratio(j, "end_to_end", "segment_mpmc by pointer",
                                                "segment_mpmc", two, "observations_per_s");
    const enum verdict v = study_at_least(one, 10 * 100e3);
    if (study_missing(j, "OBS-T1", "end_to_end"))
        return;
    study_verdict(
        j, "OBS-T1", v, NULL,
        "%s%s with 1+1 threads, %s with 4+4 (segment_mpmc in three lanes; %s mutex_deque in "
        "their place; records by pointer: %s); with 1+1 an observation takes %s of processor",
        straddles(v), study_words(one, "observations/s"), study_words(crowd, "observations/s"),
        study_words(mutex, "x"), study_words(pointer, "x"), study_words(used, "ns"));
}

static void judge_bottleneck(struct study_judge *j)
{
    const struct interval index = study_median(j, "indexing", "segment_mpmc", NULL, "index_share");
    const struct interval with_lock =
        study_median(j, "indexing", "mutex_deque", NULL, "index_share");
    const struct interval queue = study_median(j, "indexing", "segment_mpmc", NULL, "queue_ns");
    const struct interval in = study_median(j, "indexing", "segment_mpmc", NULL, "index_ns");
    const struct interval recall =
        study_median(j, "indexing", "segment_mpmc", NULL, "recall_at_10");
    if (study_missing(j, "S0-C21", "indexing"))
        return;
    const enum verdict shifts = study_at_least(index, 0.5), also = study_at_least(with_lock, 0.5);
    study_verdict(j, "S0-C21", shifts, NULL,
                  "%sthe index takes %.3g %% of a consumer's time (%s a record, recall at 10: %s; "
                  "the queue %s); %s, with a mutex in the lanes it takes %.3g %%",
                  straddles(shifts), 100 * index.mid, study_words(in_units(in, 1e3), "us"),
                  study_words(recall, ""), study_words(queue, "ns"),
                  also == CLAIM_HOLDS ? "but no lock-free queue is needed for that" : "and",
                  100 * with_lock.mid);
}

void judge_observation_queue(struct study_judge *j)
{
    judge_throughput(j);
    judge_operations(j);
    judge_lock(j);
    judge_ends(j);
    judge_enqueue(j);
    judge_memory(j);
    judge_segments(j);
    judge_slots(j);
    judge_batches(j);
    judge_pipeline(j);
    judge_bottleneck(j);
    judge_rules(j);
}
