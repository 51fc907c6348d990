/* flows.c: the cells in which events go through a carrier from end to end. */
#include <string.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/topology.h"
#include "studies/telemetry_ring/cells.h"
#include "studies/telemetry_ring/flow.h"
#include "studies/telemetry_ring/written.h"

enum when_full { REFUSE, BLOCK, DROP_NEWEST, DROP_OLDEST, SPILL }; /* enum q_when_full */

/* What differs from the usual flow: 1 producer, capacity 4096, batches of 256, a share of --seconds. */
static const struct plan {
    const char *experiment, *variant, *setting;
    struct flow flow;
    double seconds; /* times the parameter; 0: 1 */
    unsigned rounds;
} plans[] = {
#define RING    .carrier = CARRY_RING, .when_full = BLOCK
#define LOCKED  .carrier = CARRY_LOCKED
#define NOTHING .carrier = CARRY_NOTHING
#define AS(p)   .carrier = CARRY_WRITTEN, .when_full = WRITTEN_##p
    /* How much goes through. */
    {"throughput", "ring", "1 producer", {RING}, 0, 0},
    {"throughput", "lock, batches", "1 producer", {LOCKED}, 0, 0},
    {"throughput", "lock, one by one", "1 producer", {LOCKED, .take_batch = 1}, 0, 0},
    {"throughput", "as written, block", "1 producer", {AS(BLOCK)}, 0, 0},
    {"throughput", "as written, drop newest", "1 producer", {AS(DROP_NEWEST)}, 0, 0},
    {"throughput", "as written, drop oldest", "1 producer", {AS(DROP_OLDEST)}, 0, 2},
    {"throughput", "nothing", "1 producer", {NOTHING}, 0, 0},
    {"throughput", "ring", "4 producers", {RING, .producers = 4}, 0, 0},
    {"throughput", "lock, batches", "4 producers", {LOCKED, .producers = 4}, 0, 0},
    {"throughput",
     "lock, one by one",
     "4 producers",
     {LOCKED, .producers = 4, .take_batch = 1},
     0,
     0},
    {"throughput", "as written, block", "4 producers", {AS(BLOCK), .producers = 4}, 0, 0},
    {"throughput",
     "as written, drop newest",
     "4 producers",
     {AS(DROP_NEWEST), .producers = 4},
     0,
     0},
    {"throughput",
     "as written, drop oldest",
     "4 producers",
     {AS(DROP_OLDEST), .producers = 4},
     0,
     2},
    {"throughput", "nothing", "4 producers", {NOTHING, .producers = 4}, 0, 0},
    /* What one push takes, where there is room. */
    {"push time", "ring", "1 producer", {RING, .rate = 5e5, .timed = 1}, 0, 0},
    {"push time", "lock", "1 producer", {LOCKED, .rate = 5e5, .timed = 1, .take_batch = 1}, 0, 0},
    {"push time", "nothing", "1 producer", {NOTHING, .rate = 5e5, .timed = 1}, 0, 0},
    {"push time", "ring", "4 producers", {RING, .producers = 4, .rate = 125e3, .timed = 1}, 0, 0},
    {"push time",
     "lock",
     "4 producers",
     {LOCKED, .producers = 4, .rate = 125e3, .timed = 1, .take_batch = 1},
     0,
     0},
    {"push time",
     "nothing",
     "4 producers",
     {NOTHING, .producers = 4, .rate = 125e3, .timed = 1},
     0,
     0},
    {"push time", "as written", "1 producer", {AS(BLOCK), .rate = 5e5, .timed = 1}, 0, 0},
    {"push time",
     "as written",
     "4 producers",
     {AS(BLOCK), .producers = 4, .rate = 125e3, .timed = 1},
     0,
     0},
    {"push time",
     "as written",
     "4 producers, flat out",
     {AS(BLOCK), .producers = 4, .timed = 16},
     0,
     0},
    {"push time", "ring", "4 producers, flat out", {RING, .producers = 4, .timed = 16}, 0, 0},
    {"push time",
     "lock",
     "4 producers, flat out",
     {LOCKED, .producers = 4, .timed = 16, .take_batch = 1},
     0,
     0},
/* The document's benchmark: pushes into 1024 slots and nobody who takes. */
#define ALONE .no_consumer = true, .capacity = 1024, .each = 1, .patience_s = 0.3
    {"own benchmark", "as written", "block", {AS(BLOCK), ALONE}, 0, 2},
    {"own benchmark", "as written", "drop oldest", {AS(DROP_OLDEST), ALONE}, 0, 2},
    {"own benchmark", "as written", "drop newest", {AS(DROP_NEWEST), ALONE}, 0, 2},
    {"own benchmark", "as written", "spill to disk", {AS(SPILL), ALONE}, 0, 2},
    {"own benchmark", "ring", "block", {RING, ALONE}, 0, 2},
    {"own benchmark",
     "ring",
     "drop oldest",
     {.carrier = CARRY_RING, .when_full = DROP_OLDEST, ALONE},
     0,
     2},
    {"own benchmark",
     "ring",
     "drop newest",
     {.carrier = CARRY_RING, .when_full = DROP_NEWEST, ALONE},
     0,
     2},
    {"own benchmark",
     "ring",
     "spill to disk",
     {.carrier = CARRY_RING, .when_full = SPILL, ALONE},
     0,
     2},
/* Producers and the consumer for a while: does it wedge, what is lost? */
#define MANY(p) .producers = p, .capacity = 1024
    {"endurance", "as written", "2 producers, block", {AS(BLOCK), MANY(2)}, 8, 4},
    {"endurance", "as written", "4 producers, block", {AS(BLOCK), MANY(4)}, 8, 4},
    {"endurance", "as written", "4 producers, drop newest", {AS(DROP_NEWEST), MANY(4)}, 3, 4},
    {"endurance", "as written", "4 producers, drop oldest", {AS(DROP_OLDEST), MANY(4)}, 3, 2},
    {"endurance", "ring", "2 producers, block", {RING, MANY(2)}, 3, 4},
    {"endurance", "ring", "4 producers, block", {RING, MANY(4)}, 3, 4},
    {"endurance",
     "ring",
     "4 producers, drop newest",
     {.carrier = CARRY_RING, .when_full = DROP_NEWEST, MANY(4)},
     3,
     0},
    {"endurance",
     "ring",
     "4 producers, drop oldest",
     {.carrier = CARRY_RING, .when_full = DROP_OLDEST, MANY(4)},
     3,
     0},
/* More than the consumer can take. */
#define TOO_MUCH     .producers = 4, .work_ns = 500
#define ONE_TOO_MUCH .producers = 1, .work_ns = 500
    {"overload", "block", "", {RING, TOO_MUCH}, 0, 0},
    {"overload",
     "drop newest",
     "",
     {.carrier = CARRY_RING, .when_full = DROP_NEWEST, TOO_MUCH},
     0,
     0},
    {"overload",
     "drop oldest",
     "",
     {.carrier = CARRY_RING, .when_full = DROP_OLDEST, TOO_MUCH},
     0,
     0},
    {"overload",
     "spill to disk",
     "",
     {.carrier = CARRY_RING, .when_full = SPILL, TOO_MUCH},
     0.3,
     0},
    {"overload",
     "spill, disk full",
     "",
     {.carrier = CARRY_RING, .when_full = SPILL, TOO_MUCH, .spill_most = 1 << 17},
     0.3,
     0},
    {"overload", "as written, spill", "", {AS(SPILL), ONE_TOO_MUCH}, 0.3, 0},
    {"overload", "as written, block", "", {AS(BLOCK), TOO_MUCH}, 0, 4},
    {"overload", "as written, drop newest", "", {AS(DROP_NEWEST), TOO_MUCH}, 0, 4},
    {"overload", "as written, drop oldest", "", {AS(DROP_OLDEST), TOO_MUCH}, 0, 2},
    {"overload",
     "as written, disk full",
     "",
     {AS(SPILL), ONE_TOO_MUCH, .spill_path = "/dev/full"},
     0.3,
     2},
    /* One by one, or many at once. */
    {"taking", "1 at a time", "1 producer", {RING, .take_batch = 1}, 0, 0},
    {"taking", "16 at a time", "1 producer", {RING, .take_batch = 16}, 0, 0},
    {"taking", "256 at a time", "1 producer", {RING, .take_batch = 256}, 0, 0},
    {"pushing", "1 at a time", "4 producers", {RING, .producers = 4}, 0, 0},
    {"pushing", "16 at a time", "4 producers", {RING, .producers = 4, .push_batch = 16}, 0, 0},
    {"pushing", "64 at a time", "4 producers", {RING, .producers = 4, .push_batch = 64}, 0, 0},
/* All there is, every millisecond, while producers go on. */
#define PICTURE .producers = 2, .rate = 1e6, .capacity = 16384, .timed = 4
    {"snapshot", "ring", "every ms", {RING, PICTURE, .snapshot_us = 1000}, 0, 0},
    {"snapshot", "lock", "every ms", {LOCKED, PICTURE, .snapshot_us = 1000}, 0, 0},
    {"snapshot", "ring, no snapshots", "every ms", {RING, PICTURE}, 0, 0},
    /* A consumer with little to do. */
    {"waiting", "sleeps", "1 K/s", {RING, .rate = 1e3, .parks = true}, 2, 0},
    {"waiting", "spins", "1 K/s", {RING, .rate = 1e3}, 2, 0},
    {"waiting", "sleeps", "100 K/s", {RING, .rate = 1e5, .parks = true}, 1, 0},
    {"waiting", "spins", "100 K/s", {RING, .rate = 1e5}, 1, 0},
    /* And producers that find it full, which is what the document parks. */
    {"waiting", "sleeps", "a full ring", {RING, TOO_MUCH}, 1, 0},
    {"waiting",
     "spins",
     "a full ring",
     {.carrier = CARRY_RING, .when_full = REFUSE, TOO_MUCH},
     1,
     0},
    /* Records are checked on arrival. */
    {"validating flow", "not", "", {RING}, 0, 0},
    {"validating flow", "one by one", "", {RING, .validation = VALID_SCALAR}, 0, 0},
    {"validating flow", "four at a time", "", {RING, .validation = VALID_VECTOR}, 0, 0},
    /* A ring that keeps an eye on itself. */
    {"metrics", "none", "2 producers", {RING, .producers = 2}, 0, 0},
    {"metrics",
     "a counter each",
     "2 producers",
     {RING, .producers = 2, .metrics = METRICS_OWN},
     0,
     0},
    {"metrics",
     "one shared counter",
     "2 producers",
     {RING, .producers = 2, .metrics = METRICS_SHARED},
     0,
     0},
    {"metrics",
     "1 push in 64 timed",
     "2 producers",
     {RING, .producers = 2, .metrics = METRICS_SAMPLED},
     0,
     0},
    {"metrics",
     "every push timed",
     "2 producers",
     {RING, .producers = 2, .metrics = METRICS_ALL},
     0,
     0},
/* Bursts that do not fit. */
#define BURSTS                                                                                     \
    .when_full = DROP_NEWEST, .capacity = 64, .producers = 2, .rate = 4e5, .burst = 4096,          \
    .work_ns = 100
    {"growing", "fixed", "bursts of 4096", {.carrier = CARRY_RING, BURSTS}, 0, 0},
    {"growing", "grows", "bursts of 4096", {.carrier = CARRY_GROWING, .most = 65536, BURSTS}, 0, 0},
    /* Where there are several memory nodes: whose the ring is. */
    {"place of the ring", "by the producer", "", {RING, .place = PLACE_BY_PRODUCERS}, 0, 0},
    {"place of the ring", "by the consumer", "", {RING, .place = PLACE_BY_CONSUMER}, 0, 0},
};
enum { PLANS = sizeof plans / sizeof *plans };

static void put_push_times(struct study_sample *s, const struct histogram *h)
{
    static const struct {
        const char *name;
        double q;
    } quantiles[] = {{"push_p50_ns", 0.5}, {"push_p99_ns", 0.99}, {"push_p999_ns", 0.999}};
    for (size_t i = 0; i < 3; i++)
        if (histogram_supports(h, quantiles[i].q))
            study_put(s, quantiles[i].name, clock_ns(histogram_quantile(h, quantiles[i].q)));
    if (h->total)
        study_put(s, "push_most_ns", clock_ns(h->max));
}

static void put_flow(struct study_sample *s, const struct flow *f)
{
    study_put(s, "wedged", f->wedged);
    study_put(s, "offered", (double)f->offered);
    study_put(s, "took_s", f->took_s);
    if (f->wedged) {
        study_put(s, "wedged_by_full_slot", f->wedged_full);
        return;
    }
    study_put(s, "events_per_s", (double)f->received / f->took_s);
    study_put(s, "offered_per_s", (double)f->offered / f->took_s);
    study_put(s, "received", (double)f->received);
    study_put(s, "lost", (double)f->lost);
    study_put(s, "disorder", (double)f->disorder);
    study_put(s, "invalid", (double)f->invalid);
    study_put(s, "dropped", (double)f->dropped);
    study_put(s, "dropped_share", f->offered ? (double)f->dropped / (double)f->offered : 0);
    if (f->io)
        study_put(s, "refused_by_disk", (double)f->io);
    if (f->carrier == CARRY_RING && f->when_full == BLOCK && f->accepted)
        study_put(s, "claims_per_event", (double)f->claims / (double)f->accepted);
    if (f->spilled)
        study_put(s, "spilled", (double)f->spilled);
    if (f->depth)
        study_put(s, "depth", f->depth);
    if (!f->no_consumer)
        study_put(s, "consumer_cpu_share", f->consumer_cpu_s / f->took_s);
    study_put(s, "producers_cpu_share", f->producers_cpu_s / f->took_s / f->producers);
    if (f->carrier == CARRY_GROWING)
        study_put(s, "capacity_end", f->capacity_end);
    if (f->metrics)
        study_put(s, "miscounted", (double)f->counted_pushes - (double)f->offered);
    if (f->parked)
        study_put(s, "sleeps", (double)f->parked);
    if (f->timed)
        put_push_times(s, &f->push);
    if (f->sojourn.total) {
        study_put(s, "sojourn_p50_ns", clock_ns(histogram_quantile(&f->sojourn, 0.5)));
        if (histogram_supports(&f->sojourn, 0.99))
            study_put(s, "sojourn_p99_ns", clock_ns(histogram_quantile(&f->sojourn, 0.99)));
    }
}

static void measure_flow(const struct study_run *run, const struct study_cell *cell,
                         struct study_sample *s)
{
    const struct plan *const plan = cell->subject;
    static struct flow f; /* threads of a wedged flow go on with it */
    static char path[512];
    telemetry_path(path, sizeof path, run, "spill");
    f = plan->flow;
    if (!f.producers)
        f.producers = 1;
    if (!f.capacity)
        f.capacity = (size_t)study_number(run, "capacity");
    if (!f.take_batch)
        f.take_batch = 256;
    f.events = telemetry_input.event;
    f.n_events = telemetry_input.n_events;
    if (!f.spill_path)
        f.spill_path = path;
    if (f.each)
        f.each = (uint64_t)study_number(run, "pushes");
    else
        f.seconds = study_number(run, "seconds") * (plan->seconds > 0 ? plan->seconds : 1);
    if (f.validation == VALID_VECTOR && !events_have_vector()) {
        study_fail(s, "this processor has no AVX2");
        return;
    }
    const int error = flow_run(&f);
    unlink(path);
    if (error)
        study_fail(s, "cannot run it: %s", strerror(error));
    else
        put_flow(s, &f);
}

void add_flows(const struct study_run *run, struct study_cell *cell, size_t *n)
{
    const double seconds = study_number(run, "seconds");
    static struct topology t;
    const bool nodes = topology_load(&t) == 0 && t.numa_nodes > 1;
    for (size_t i = 0; i < PLANS; i++) {
        if (plans[i].flow.place != PLACE_ANYWHERE && !nodes)
            continue;
        cell[*n] = (struct study_cell){
            .experiment = plans[i].experiment,
            .variant = plans[i].variant,
            .measure = measure_flow,
            .subject = &plans[i],
            .rounds = plans[i].rounds,
            .limit_s = 20 + 30 * seconds,
        };
        snprintf(cell[*n].setting, sizeof cell[*n].setting, "%s", plans[i].setting);
        ++*n;
    }
}
