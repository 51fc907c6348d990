/* study.c: the observation queue of "Lock-Free Queue Research", built and put to its own claims.
 *
 * README.md says what it is; experiments.h what is measured, judge.c what follows. */
#include <stdlib.h>

#include "experiments.h"
#include "judging.h"

enum { CELLS_MOST = 160 };

/* The queues that flows are compared on. Those of others are in builds with QUEUELAB_PEERS. */
static const struct {
    const char *name;
    size_t capacity; /* 0: unbounded */
} flows[] = {{"mutex_deque", 0},
             {"array_mpmc", 16384},
             {"segment_mpmc", 0},
             {"segment_faa", 0},
             {"crossbeam_array_queue", 10000},
             {"crossbeam_seg_queue", 0}};

struct list {
    struct study_cell cell[CELLS_MOST];
    size_t n;
    bool left_out; /* peers that this build has not */
};

static struct study_cell *add(struct list *l, const char *experiment, const char *variant,
                              measure *how, const char *subject)
{
    if (l->n == CELLS_MOST)
        abort(); /* a mistake of this file */
    struct study_cell *const c = &l->cell[l->n++];
    *c = (struct study_cell){
        .experiment = experiment, .variant = variant, .measure = how, .subject = subject};
    return c;
}

static void numbers(struct study_cell *c, double a, double b, double d, double e)
{
    c->number[0] = a, c->number[1] = b, c->number[2] = d, c->number[3] = e;
}

static bool there(const char *name)
{
    return q_driver_find(name, sizeof(struct observation), "inline") != NULL;
}

#define SETTING(c, ...) snprintf((c)->setting, sizeof(c)->setting, __VA_ARGS__)

static void add_flows(struct list *l, const struct study_run *run)
{
    const double few = study_number(run, "operations"), many = study_number(run, "many");
    struct study_cell *c;
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        const char *const name = flows[i].name;
        const double capacity = (double)flows[i].capacity;
        if (!there(name)) {
            l->left_out = true;
            continue;
        }
        c = add(l, "contended", name, measure_contended, name);
        SETTING(c, "4+4 threads, %.3g M records", few / 1e6);
        numbers(c, few, 4, 4, capacity);
        c = add(l, "contended", name, measure_contended, name);
        SETTING(c, "4+4 threads, %.3g M records, many", many / 1e6);
        numbers(c, many, 4, 4, capacity);
        c = add(l, "operations", name, measure_operations, name);
        SETTING(c, "4+4 threads");
        numbers(c, few / 5, 4, 4, capacity);
        c = add(l, "operations", name, measure_operations, name);
        SETTING(c, "1+1 threads");
        numbers(c, few / 5, 1, 1, capacity);
    }
    c = add(l, "hand_off", "mutex_ring", measure_hand_off, "mutex_ring");
    SETTING(c, "1+1 threads, one place, both sides sleep");
    numbers(c, few / 50, 1, 1, 0);
    const double rate = study_number(run, "rate");
    for (unsigned side = 1; side <= 4; side += 3) {
        c = add(l, "open_loop", "mutex_deque", measure_open, "mutex_deque");
        SETTING(c, "%u+%u threads, %.3g K/s", side, side, rate / 1e3);
        numbers(c, rate * study_number(run, "seconds"), side, side, rate);
    }
    static const char *const how[] = {"deep", "nearly empty", "deep, no consumer"};
    for (unsigned i = 0; i < 3; i++) {
        c = add(l, "ends", how[i], measure_ends, "segment_mpmc");
        SETTING(c, "one producer");
        numbers(c, few / 2, i, 0, 0);
    }
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++)
        if (there(flows[i].name) && flows[i].capacity == 0)
            add(l, "stopped", flows[i].name, measure_stopped, flows[i].name)->number[0] =
                study_number(run, "seconds");
}

static void add_shapes(struct list *l, const struct study_run *run)
{
    const double n = study_number(run, "operations");
    const char *const lane = study_text(run, "lane");
    static const struct {
        const char *variant;
        enum shape_of how;
    } shapes[] = {
        {"as printed", AS_PRINTED}, {"all at once", ALL_AT_ONCE}, {"until closed", UNTIL_CLOSED}};
    struct study_cell *c;
    for (size_t i = 0; i < 3; i++) {
        c = add(l, "benchmark", shapes[i].variant, measure_benchmark, lane);
        SETTING(c, "no capacity");
        numbers(c, n, shapes[i].how, n, 0);
    }
    c = add(l, "benchmark", "as printed", measure_benchmark, lane);
    SETTING(c, "capacity 100 000");
    numbers(c, n, AS_PRINTED, 100000, 0);
    c->rounds = 3;
    static const char *const services[] = {"strict", "promoting"};
    for (unsigned service = 0; service < 2; service++)
        for (unsigned together = 0; together < 2; together++) {
            c = add(l, "interleavings", services[service], measure_interleavings, lane);
            SETTING(c, "%s", together ? "in and out at once" : "all in, then out");
            numbers(c, study_number(run, "interleavings"), service, together, 0);
        }
}

static void add_costs(struct list *l, const struct study_run *run)
{
    const double n = study_number(run, "operations"), depth = study_number(run, "depth");
    const bool peers = there("crossbeam_seg_queue");
    const char *const segq = peers ? "crossbeam_seg_queue" : "segment_mpmc";
    struct study_cell *c;
    for (unsigned calls = 1; calls <= 64; calls *= 64) {
        for (unsigned i = 0; i < 1u + peers; i++) {
            const char *const lane = i ? segq : "segment_mpmc";
            c = add(l, "enqueue", lane, measure_enqueue, lane);
            SETTING(c, calls == 1 ? "each call timed" : "%u calls timed together", calls);
            numbers(c, n / 2, calls, 0, 0);
        }
    }
    for (unsigned threads = 1; threads <= 8; threads *= 8) {
        c = add(l, "lock", "pthread_mutex", measure_lock, NULL);
        SETTING(c, "%u thread%s", threads, threads > 1 ? "s" : "");
        numbers(c, n, threads, 0, 0);
    }
    for (unsigned kept = 0; kept < 2; kept++) {
        c = add(l, "segment", kept ? "kept" : "freed at once", measure_segment_alloc, NULL);
        SETTING(c, "31 slots of 72 bytes");
        numbers(c, n / 31, kept, 0, 0);
    }
    for (unsigned slots = 31; slots <= 1023; slots = slots == 31 ? 1023 : 1024) {
        c = add(l, "filling", slots == 31 ? "31 slots" : "1023 slots", measure_filling,
                "segment_mpmc");
        SETTING(c, "%.3g records", n / 4);
        numbers(c, n / 4, slots, 0, 0);
    }
    static const char *const batched[] = {"segment_mpmc", "segment_ms", "array_mpmc"};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned most = 1; most <= 100; most *= 100) {
            c = add(l, "batch", batched[i], measure_batch, batched[i]);
            SETTING(c, most == 1 ? "one by one" : "batches of %u", most);
            numbers(c, depth, most, 0, 0);
        }
    static const struct {
        const char *variant;
        enum carriage how;
    } ways[] = {{"by value", BY_VALUE},
                {"by pointer", BY_POINTER},
                {"by value, and a string", BY_VALUE_AND_STRING}};
    for (unsigned i = 0; i < 3; i++) {
        c = add(l, "memory", ways[i].variant, measure_memory, "segment_mpmc");
        SETTING(c, "segment_mpmc, %.3g K deep", depth / 1e3);
        numbers(c, depth, ways[i].how, 0, 0);
        if (peers && ways[i].how != BY_POINTER) {
            c = add(l, "memory", ways[i].variant, measure_memory, segq);
            SETTING(c, "crossbeam_seg_queue, %.3g K deep", depth / 1e3);
            numbers(c, depth, ways[i].how, 0, 0);
        }
    }
    if (peers) {
        c = add(l, "slots", segq, measure_segment_slots, segq);
        c->number[0] = 5000;
        c->rounds = 3;
    } else {
        l->left_out = true;
    }
}

static void add_rules(struct list *l, const struct study_run *run)
{
    const double seconds = study_number(run, "seconds"), dequeues = study_number(run, "dequeues");
    const char *const lane = study_text(run, "lane");
    static const struct {
        const char *setting;
        double side, capacity, pauses;
    } loads[] = {{"2+2 threads, capacity 64", 2, 64, 0},
                 {"8+8 threads, capacity 100", 8, 100, 0},
                 {"4+4 threads, capacity 1000, kept full", 4, 1000, 200}};
    struct study_cell *c;
    for (unsigned i = 0; i < sizeof loads / sizeof *loads; i++)
        for (unsigned reserved = 0; reserved < 2; reserved++) {
            c = add(l, "admission", reserved ? "reserved first" : "as written", measure_admission,
                    NULL);
            SETTING(c, "%s", loads[i].setting);
            numbers(c, seconds, loads[i].side, loads[i].capacity, loads[i].pauses);
            c->flags = reserved;
        }
    static const char *const services[] = {"strict", "as written", "fair"};
    for (unsigned service = 0; service < 3; service++) {
        c = add(l, "continuous", services[service], measure_continuous, lane);
        SETTING(c, "high never empty");
        numbers(c, dequeues, service, 0, 0);
        c->rounds = 3; /* one thread: it is the same every time */
        c = add(l, "backlog", services[service], measure_backlog, lane);
        SETTING(c, "low: 1 of 100");
        numbers(c, dequeues, service, 0, 0);
        c->rounds = 3;
    }
    for (unsigned side = 2; side <= 4; side += 2)
        for (unsigned service = 0; service < 4; service++) {
            c = service < 3 ? add(l, "watch", services[service], measure_watch, lane)
                            : add(l, "watch", "fair, compiled in", measure_watch, "lanes_fair");
            SETTING(c, "%u+%u threads", side, side);
            numbers(c, study_number(run, "low"), side, side, service);
        }
}

static void add_pipeline(struct list *l, const struct study_run *run)
{
    const double n = study_number(run, "operations"), batch = study_number(run, "batch");
    static const struct {
        const char *variant, *lane;
    } lanes[] = {{"segment_mpmc", "segment_mpmc"}, {"segment_mpmc by pointer", "segment_mpmc"},
                 {"segment_faa", "segment_faa"},   {"array_mpmc", "array_mpmc"},
                 {"mutex_deque", "mutex_deque"},   {"lanes_fair", "lanes_fair"}};
    struct study_cell *c;
    for (unsigned i = 0; i < sizeof lanes / sizeof *lanes; i++)
        for (unsigned side = 1; side <= 4; side += 3) {
            c = add(l, "end_to_end", lanes[i].variant, measure_end_to_end, lanes[i].lane);
            c->flags = strcmp(lanes[i].variant, lanes[i].lane) != 0;
            SETTING(c, "%u+%u threads", side, side);
            numbers(c, n, side, side, batch);
        }
    static const char *const indexed[] = {"segment_mpmc", "mutex_deque"};
    for (unsigned i = 0; i < 2; i++) {
        c = add(l, "indexing", indexed[i], measure_indexing, indexed[i]);
        SETTING(c, "1+1 threads, %.0f vectors", study_number(run, "vectors"));
        numbers(c, study_number(run, "vectors"), batch, 0, 0);
    }
    static const char *const checked[] = {"lanes_fair", "lanes_strict"};
    for (unsigned i = 0; i < 2; i++)
        add(l, "checker", checked[i], measure_checker, checked[i])->rounds = 1;
    add(l, "checker", "the document's code", measure_checker, NULL)->rounds = 1;
}

static bool lane_will_do(const char *name)
{
    const struct observation_config config = {.lane = name, .capacity = 16, .threads = 1};
    struct observation_queue q;
    char message[256];
    if (observation_queue_init(&q, &config, message, sizeof message) == 0) {
        const bool own = q.lanes == 1;
        observation_queue_destroy(&q);
        if (!own)
            return true;
        snprintf(message, sizeof message, "lanes over '%s': it has lanes of its own", name);
    }
    fprintf(stderr, "queuelab: study observation_queue: --lane: %s\n", message);
    return false;
}

static int run_study(struct study_run *run)
{
    static struct list l;
    char message[256];
    if (!there("segment_mpmc")) {
        fprintf(stderr, "queuelab: study observation_queue: this build has no queues of 64-byte "
                        "items: configure it with QUEUELAB_PAYLOAD64=ON\n");
        return 2;
    }
    if (!lane_will_do(study_text(run, "lane")))
        return 2;
    if (text_read(&observation_text, study_text(run, "input"), message, sizeof message) != 0) {
        fprintf(stderr, "queuelab: study observation_queue: %s\n", message);
        return 2;
    }
    add_flows(&l, run);
    add_shapes(&l, run);
    add_costs(&l, run);
    add_rules(&l, run);
    add_pipeline(&l, run);
    if (l.left_out)
        fprintf(stderr, "queuelab: LEFT OUT: crossbeam_seg_queue and crossbeam_array_queue, which "
                        "the document is about (`cmake --preset peers`)\n");
    const int status = study_measure(run, l.cell, l.n);
    text_release(&observation_text);
    return status;
}

static const struct study_parameter parameters[] = {
    {"input", "a file of text, whose lines are what is observed", "", NULL, 0, 0},
    {"lane", "the queue inside: any for many producers and consumers", "segment_mpmc", NULL, 0, 0},
    {"operations", "records of a flow", "1000000", "300000", 1000, 1e9},
    {"many", "... of the long one", "10000000", "800000", 1000, 1e9},
    {"rate", "offered per second, open loop", "100000", NULL, 100, 1e8},
    {"seconds", "of what runs for a while", "0.5", "0.15", 0.01, 60},
    {"interleavings", "rounds of the priority test", "10000", NULL, 10, 1e8},
    {"dequeues", "under continuous load", "20000000", "1000000", 10000, 1e10},
    {"low", "low records that are watched", "50000", "4000", 100, 1e7},
    {"depth", "records that wait", "100000", NULL, 1000, 1e8},
    {"batch", "records taken at a time", "100", NULL, 1, 1024},
    {"vectors", "of the index", "20000", "2000", 200, 1e7},
    {0},
};

const struct study study_observation_queue = {
    .name = "observation_queue",
    .source = "000",
    .title = "three priority lanes with soft capacity, in front of an index",
    .parameters = parameters,
    .rounds = 9,
    .quick_rounds = 6,
    .run = run_study,
    .judge = judge_observation_queue,
    .figure = figure_observation_queue,
};
