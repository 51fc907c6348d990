/* flows.c: records through the engine: the document's steps, and every way to keep the states. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "studies/stream_engine/cells.h"

/* ---- ways ----------------------------------------------------------------------------------------- */

/* The document's table, one change after the other; each change alone; the same start with other locks;
 * ours. */
static const struct way steps[] = {
    {"current", GUARD_FAIR, false, STATE_PLAIN, PASS_CLONE, METER_MUTEX},
    {"+ map", GUARD_NONE, false, STATE_SHARDED, PASS_CLONE, METER_MUTEX},
    {"+ DashMap", GUARD_NONE, false, STATE_DASHMAP, PASS_CLONE, METER_MUTEX},
    {"+ batch lock", GUARD_FAIR, true, STATE_SHARDED, PASS_CLONE, METER_MUTEX},
    {"+ counted records", GUARD_FAIR, true, STATE_SHARDED, PASS_COUNTED, METER_MUTEX},
    {"+ atomic metrics", GUARD_FAIR, true, STATE_SHARDED, PASS_COUNTED, METER_ATOMIC},
    {"batch lock alone", GUARD_FAIR, true, STATE_PLAIN, PASS_CLONE, METER_MUTEX},
    {"counted records alone", GUARD_FAIR, false, STATE_PLAIN, PASS_COUNTED, METER_MUTEX},
    {"atomic metrics alone", GUARD_FAIR, false, STATE_PLAIN, PASS_CLONE, METER_ATOMIC},
    {"current, mutex", GUARD_MUTEX, false, STATE_PLAIN, PASS_CLONE, METER_MUTEX},
    {"current, mutex, batch lock", GUARD_MUTEX, true, STATE_PLAIN, PASS_CLONE, METER_MUTEX},
    {"current, rwlock", GUARD_RWLOCK, false, STATE_PLAIN, PASS_CLONE, METER_MUTEX},
    {"ours: partial sums", GUARD_NONE, false, STATE_PARTIAL, PASS_BORROWED, METER_OWN},
    {"ours: own tables", GUARD_NONE, false, STATE_OWN, PASS_BORROWED, METER_OWN},
    {"ours: partitioned", GUARD_NONE, false, STATE_PARTITIONED, PASS_BORROWED, METER_OWN},
};
enum { STEPS = sizeof steps / sizeof *steps };

/* The state and its lock alone: nothing is copied, everybody counts for himself. */
#define STATE_WAY(name, guard, per_batch, state)                                                   \
    {                                                                                              \
        name, guard, per_batch, state, PASS_BORROWED, METER_OWN                                    \
    }
static const struct way states[] = {
    STATE_WAY("mutex per record", GUARD_MUTEX, false, STATE_PLAIN),
    STATE_WAY("rwlock per record", GUARD_RWLOCK, false, STATE_PLAIN),
    STATE_WAY("fair lock per record", GUARD_FAIR, false, STATE_PLAIN),
    STATE_WAY("mutex per batch", GUARD_MUTEX, true, STATE_PLAIN),
    STATE_WAY("rwlock per batch", GUARD_RWLOCK, true, STATE_PLAIN),
    STATE_WAY("fair lock per batch", GUARD_FAIR, true, STATE_PLAIN),
    STATE_WAY("sharded map", GUARD_NONE, false, STATE_SHARDED),
    STATE_WAY("DashMap", GUARD_NONE, false, STATE_DASHMAP),
    STATE_WAY("lock in the group", GUARD_NONE, false, STATE_ENTRY),
    STATE_WAY("atomic fields", GUARD_NONE, false, STATE_ATOMIC),
    STATE_WAY("partial sums", GUARD_NONE, false, STATE_PARTIAL),
    STATE_WAY("own tables", GUARD_NONE, false, STATE_OWN),
    STATE_WAY("partitioned", GUARD_NONE, false, STATE_PARTITIONED),
};
enum { STATES = sizeof states / sizeof *states };

static const char *const scenarios[] = {
    [ROWS] = "rows window",
    [GROUPS] = "group by",
    [TUMBLING] = "tumbling",
    [TUMBLING_CHANGES] = "tumbling, changes",
};

/* ---- one sample ------------------------------------------------------------------------------------ */

enum { AT_ONCE = 8, PACED = 16 }; /* flags, beside the scenario */

static double processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (double)n : 1;
}

static void put(struct study_sample *sample, const struct engine_config *c,
                const struct engine_result *r, const struct difference *d)
{
    const double records = (double)r->records, batches = records / (double)c->batch,
                 most = processors(), used = r->cpu_s / r->seconds;
    study_put(sample, "records_per_s", records / r->seconds);
    study_put(sample, "switches_per_batch", r->switches / batches);
    study_put(sample, "forced_per_batch", r->forced / batches);
    study_put(sample, "cpu_use", used / most);
    const double cores = c->workers < most ? c->workers : most;
    study_put(sample, "core_use", used / cores);
    if (!isnan(
            r->asleep_s)) /* ran or was ready to: other work on the machine does not make it less */
        study_put(sample, "core_wanted", (c->workers - r->asleep_s / r->seconds) / cores);
    study_put(sample, "cpu_ns", r->cpu_s * 1e9 / records);
    study_put(sample, "records", records);
    study_put(sample, "groups_checked", (double)d->groups);
    study_put(sample, "groups_wrong", (double)d->wrong);
    study_put(sample, "batch_records", (double)c->batch);
    if (c->scenario == ROWS) {
        study_put(sample, "overtaken", (double)r->overtaken);
        study_put(sample, "overtaken_share", (double)r->overtaken / records);
        study_put(sample, "rows_wrong", (double)d->wrong_rows);
    }
    if (c->scenario == TUMBLING || c->scenario == TUMBLING_CHANGES) {
        study_put(sample, "windows", (double)r->windows);
        study_put(sample, "late", (double)r->late);
    }
}

/* number: workers, groups, Zipf exponent, ns of work. */
static void measure_flow(const struct study_run *run, const struct study_cell *cell,
                         struct study_sample *sample)
{
    struct stream stream;
    struct engine_result r;
    struct difference d;
    char message[STUDY_ERROR];
    const size_t groups = (size_t)cell->number[1];
    struct engine_config c = {
        .stream = &stream,
        .way = cell->subject,
        .scenario = (enum scenario)(cell->flags % AT_ONCE),
        .queue = study_text(run, "queue"),
        .workers = (unsigned)cell->number[0],
        .producers = (unsigned)study_number(run, "producers"),
        .rows = (unsigned)study_number(run, "rows"),
        .batch = (size_t)study_number(run, "batch"),
        .depth = (size_t)study_number(run, "depth"),
        .seconds = study_number(run, "ms") / 1e3 * (groups > 10000 ? 5 : 1),
        .work_ns = (unsigned)cell->number[3],
        .closes_at_once = cell->flags & AT_ONCE,
        .turns_per_ns = engine_calibrate(),
    };
    if (c.way->guard == GUARD_FAIR && !c.way->per_batch && c.depth > 4)
        c.depth = 4; /* slow: what waits at the end must still be worked off */
    if (cell->flags & PACED) {
        c.pace = study_number(run, "pace");
        c.seconds *= 10;
    }
    if (sample_stream(run, sample, groups, cell->number[2], &stream))
        return;
    if (stream_cut(&stream, (uint64_t)study_number(run, "window"), c.batch) > PANES - 1) {
        study_fail(sample, "a batch is in more than %d windows: a larger --window", PANES - 1);
        return;
    }
    if (engine_run(&c, &r, message, sizeof message)) {
        study_fail(sample, "%s", message);
        return;
    }
    plain_compare(&c, &r, &d);
    const bool in_order = c.producers == 1 && (c.workers == 1 || c.way->state == STATE_PARTITIONED);
    if (d.error)
        study_fail(sample, "%s", d.what);
    else if (d.emitted || (d.wrong && !c.closes_at_once))
        study_fail(sample, WRONG "%s", d.what);
    else if (in_order && (d.wrong_rows || r.overtaken || r.late))
        study_fail(sample, WRONG "one worker for each group, and yet records came out of order");
    else
        put(sample, &c, &r, &d);
}

static void add(struct cells *c, const char *experiment, const struct way *way, unsigned scenario,
                unsigned threads, size_t groups, double zipf, unsigned work_ns)
{
    char shape[40] = "groups as given";
    if (way->state == STATE_DASHMAP && !store_has_dashmap())
        return;
    if (given_stream.n && strcmp(experiment, "states") == 0 && (groups != 1000 || zipf > 0))
        return; /* it has the groups that it has */
    if (!given_stream.n)
        snprintf(shape, sizeof shape, groups < 1000 ? "%.0f groups%s" : "%.0f K groups%s",
                 (double)groups / (groups < 1000 ? 1 : 1000), zipf > 0 ? ", skewed" : "");
    struct study_cell *const cell =
        cell_add(c, experiment, way->name, "%s, %u threads, %s, %u ns",
                 scenarios[scenario % AT_ONCE], threads, shape, work_ns);
    cell->measure = measure_flow;
    cell->subject = way;
    cell->number[0] = threads;
    cell->number[1] = (double)groups;
    cell->number[2] = zipf;
    cell->number[3] = work_ns;
    cell->flags = scenario;
}

/* Can this way answer this query? */
static bool answers(const struct way *w, enum scenario s)
{
    switch (s) {
    case ROWS:
        return w->state != STATE_PARTIAL && w->state != STATE_OWN && w->state != STATE_ATOMIC;
    case GROUPS:
        return true;
    case TUMBLING:
        return w->state != STATE_ENTRY && w->state != STATE_ATOMIC;
    case TUMBLING_CHANGES:
        return w->state != STATE_ENTRY && w->state != STATE_ATOMIC && w->state != STATE_OWN;
    }
    return false;
}

static void add_states(struct cells *c, bool quick, double zipf)
{
    static const size_t groups[] = {16, 1000, 100000};
    for (unsigned i = 0; i < STATES; i++) {
        const enum guard_kind guard = states[i].guard;
        if (quick && guard == GUARD_RWLOCK)
            continue;
        for (unsigned g = 0; g < 3; g++) {
            if (quick && g != 1)
                continue;
            add(c, "states", &states[i], GROUPS, 4, groups[g], 0, 0);
            if (!quick)
                add(c, "states", &states[i], GROUPS, 4, groups[g], zipf, 0);
        }
        add(c, "states", &states[i], GROUPS, 4, 1000, 0, 2000);
        if (quick)
            continue;
        add(c, "states", &states[i], GROUPS, 4, 1000, 0, 60);
        for (unsigned threads = 1; threads <= 8; threads *= 2)
            for (unsigned work = 0; work <= 2000 && threads != 4; work += 2000)
                add(c, "states", &states[i], GROUPS, threads, 1000, 0, work);
    }
}

static void add_scenarios(struct cells *c, bool quick)
{
    for (unsigned i = 0; i < STEPS; i++) {
        const bool ours = strncmp(steps[i].name, "ours", 4) == 0, plus = steps[i].name[0] == '+',
                   before = strcmp(steps[i].name, "current, mutex") == 0 ||
                            strcmp(steps[i].name, "current, rwlock") == 0;
        if (!ours && !plus && !before && i != 0)
            continue;
        if (quick && before) { /* as far as a claim is about it */
            add(c, "scenarios", &steps[i], ROWS, 4, 1000, 0, 0);
            add(c, "scenarios", &steps[i], TUMBLING, 4, 1000, 0, 0);
            continue;
        }
        if (quick && (i == 2 || i == 3 || i == 5))
            continue;
        for (unsigned s = ROWS; s <= TUMBLING_CHANGES; s++)
            if (s != GROUPS && answers(&steps[i], (enum scenario)s)) {
                add(c, "scenarios", &steps[i], s, 4, 1000, 0, 0);
                if (!quick)
                    add(c, "scenarios", &steps[i], s, 1, 1000, 0, 0);
            }
    }
    /* What comes of the order when several workers take batches. */
    static const char *const watched[] = {"mutex per record", "mutex per batch",
                                          "lock in the group", "partitioned"};
    for (unsigned i = 0; i < STATES; i++)
        for (unsigned k = 0; k < 4; k++) {
            if (strcmp(states[i].name, watched[k]) != 0)
                continue;
            for (unsigned threads = 1; threads <= 4; threads += 3) {
                add(c, "order", &states[i], ROWS, threads, 16, 0, 0);
                if (states[i].guard != GUARD_NONE)
                    add(c, "late", &states[i], TUMBLING | AT_ONCE, threads, 16, 0, 0);
            }
        }
}

void stream_engine_flows(struct cells *c, const struct study_run *run)
{
    const bool quick = study_quick(run);
    for (unsigned i = 0; i < STEPS; i++)
        for (unsigned threads = 1; threads <= 8; threads *= 2)
            if (!quick || threads == 4 || threads == 1 ||
                (threads == 8 && !strstr(steps[i].name, "alone")))
                add(c, "steps", &steps[i], GROUPS, threads, 1000, 0, 0);
    add_states(c, quick, study_number(run, "zipf"));
    add_scenarios(c, quick);
    add(c, "paced", &steps[0], GROUPS | PACED, 1, 1000, 0, 0);
    add(c, "paced", &steps[0], GROUPS | PACED, 4, 1000, 0, 0);
}
