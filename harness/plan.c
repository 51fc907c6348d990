#include "harness/plan.h"

#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/class.h"
#include "harness/record.h"
#include "harness/report.h"
#include "harness/stall.h"
#include "harness/stats.h"
#include "harness/sweep.h"

/* The experiment. level: 0 in every plan, 1 in full only. */
struct row {
    const char *workload;
    unsigned producers, consumers, batch, payload;
    uint64_t capacity;
    double rate;
    bool latency;
    const char *call;
    unsigned level;
};

/* What the classes are ranked by comes first: the last rows are the first to go. */
static const struct row rows[] = {
    /* workload    p  c  batch payload capacity rate latency call level */
    {"spsc", 1, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"spsc", 1, 1, 1, 8, 1024, 0, false, "by hand", 0},
    {"spsc", 1, 1, 1, 8, 1024, 0, false, "indirect", 1},
    {"pairs", 1, 0, 1, 8, 1024, 0, false, "inline", 0},
    {"pairs", 1, 0, 1, 8, 1024, 0, false, "indirect", 0},
    {"pairs", 2, 0, 1, 8, 1024, 0, false, "inline", 0},
    {"pairs", 4, 0, 1, 8, 1024, 0, false, "inline", 0},
    {"mpsc", 4, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"mpmc", 1, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"mpmc", 2, 2, 1, 8, 1024, 0, false, "inline", 0},
    {"mpmc", 4, 4, 1, 8, 1024, 0, false, "inline", 0},
    {"mpmc", 8, 8, 1, 8, 1024, 0, false, "inline", 0},
    {"fill_drain", 1, 0, 1, 8, 65536, 0, false, "inline", 0},
    {"open", 1, 1, 1, 8, 65536, 1e6, true, "inline", 0},
    {"spsc", 1, 1, 32, 8, 1024, 0, false, "inline", 0},
    {"spsc", 1, 1, 1, 64, 1024, 0, false, "inline", 0},
    {"mpmc", 1, 4, 1, 8, 1024, 0, false, "inline", 0},
    {"mpmc", 4, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"pairs", 8, 0, 1, 8, 1024, 0, false, "inline", 0},
    {"mpsc", 2, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"mpsc", 8, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"census", 1, 0, 1, 8, 1024, 0, false, "inline", 0},
    {"stalled", 3, 0, 1, 8, 1024, 0, false, "inline", 0},
    {"rank_error", 4, 0, 1, 8, 1024, 0, false, "inline", 0},
    {"waiting", 4, 4, 1, 8, 1024, 0, false, "inline", 0},
    {"waiting", 1, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"waiting", 4, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"ping_pong", 1, 1, 1, 8, 1024, 0, false, "inline", 0},
    {"mpmc", 4, 4, 64, 8, 1024, 0, false, "inline", 0},
    {"mpmc", 4, 4, 1, 8, 1024, 0, true, "inline", 0},
    {"single", 1, 0, 1, 8, 1024, 0, true, "inline", 0},
    {"overload", 1, 1, 1, 8, 1024, 2e6, true, "inline", 0},
    {"open", 1, 1, 1, 8, 65536, 3e6, true, "inline", 0},
    {"open", 1, 1, 1, 8, 65536, 1e7, true, "inline", 0},
    {"burst", 1, 1, 1, 8, 1024, 1e6, true, "inline", 0},
    {"open", 4, 1, 1, 8, 65536, 1e6, true, "inline", 1},
    {"open", 4, 4, 1, 8, 65536, 1e6, true, "inline", 1},
    {"pairs", 16, 0, 1, 8, 1024, 0, false, "inline", 1},
    {"spsc", 1, 1, 8, 8, 1024, 0, false, "inline", 1},
    {"spsc", 1, 1, 1, 8, 64, 0, false, "inline", 1},
    {"spsc", 1, 1, 1, 8, 65536, 0, false, "inline", 1},
    {"mpsc", 4, 1, 64, 8, 1024, 0, false, "inline", 1},
    {"mpmc", 4, 4, 8, 8, 1024, 0, false, "inline", 1},
    {"mpmc", 4, 4, 1, 64, 1024, 0, false, "inline", 1},
    {"mpmc", 4, 4, 1, 8, 64, 0, false, "inline", 1},
    {"fill_drain", 1, 0, 1, 8, 1048576, 0, false, "inline", 1},
    {"fill_drain", 1, 0, 1, 64, 65536, 0, false, "inline", 1},
    {"overload", 4, 1, 1, 8, 1024, 2e6, true, "inline", 1},
    {"mpmc", 1, 1, 1, 8, 1024, 0, true, "inline", 1},
    {"open", 1, 1, 1, 8, 65536, 1e5, true, "inline", 1},
    {"open", 1, 1, 1, 8, 65536, 2e7, true, "inline", 1},
};

/* One parameter in many settings (sweep.h), and what takes long: in the full plan, and in every plan
 * when it is asked for by name. The first to go. */
static const struct row studies[] = {
    {"held", 3, 0, 1, 8, 1024, 0, false, "inline", 1},
    {"segment", 1, 0, 1, 8, 1024, 0, false, "inline", 1},
    {"segment", 1, 1, 1, 8, 1024, 0, false, "inline", 1},
    {"segment", 4, 4, 1, 8, 1024, 0, false, "inline", 1},
    {"backoff", 2, 0, 1, 8, 1024, 0, false, "inline", 1},
    {"backoff", 4, 0, 1, 8, 1024, 0, false, "inline", 1},
    {"backoff", 4, 4, 1, 8, 1024, 0, false, "inline", 1},
    {"backoff", 8, 8, 1, 8, 1024, 0, false, "inline", 1},
    {"backoff", 2, 0, 1, 8, 1024, 0, true, "inline", 1},
    {"backoff", 4, 0, 1, 8, 1024, 0, true, "inline", 1},
    {"backoff", 4, 4, 1, 8, 1024, 0, true, "inline", 1},
    {"backoff", 8, 8, 1, 8, 1024, 0, true, "inline", 1},
};

/* The rows in which the queues of others take part: those of the classes, memory, sojourn. */
static bool for_peers(const struct row *row, const struct record *r)
{
    if (r->floor) /* what their loops cost */
        return strcmp(row->workload, "pairs") == 0 && row->producers == 1;
    if (strcmp(row->workload, "fill_drain") == 0)
        return row->capacity == 65536 && row->payload == 8;
    if (strcmp(row->workload, "stalled") == 0 || strcmp(row->workload, "census") == 0 ||
        strcmp(row->workload, "rank_error") == 0)
        return true;
    if (strcmp(row->workload, "open") == 0)
        return row->rate >= 1e6 && row->rate <= 1e6;
    for (unsigned c = 0; c < CLASSES; c++)
        if (class_has_cell(c, r) && class_standing(c, r) != CLASS_OUT)
            return true;
    return false;
}

enum { ONCE = 1000000 }; /* rounds from one sample to the next: more than there are */
enum { HELD_MS = 250 };  /* about what a million items take, whatever a sample should */
enum { GUESTS = 3 };     /* a guest's cell is as much less important than a member's */

static unsigned importance(const struct record *r)
{
    bool guest = false;
    for (unsigned c = 0; c < CLASSES; c++) {
        const enum standing standing = class_has_cell(c, r) ? class_standing(c, r) : CLASS_OUT;
        if (standing == CLASS_MEMBER || strcmp(r->queue, REPORT_REFERENCE) == 0)
            return 0;
        guest |= standing == CLASS_GUEST;
    }
    return guest ? GUESTS : 0;
}

struct filter {
    regex_t only, queue, workload;
    bool has_only, has_queue, has_workload, peers;
    enum q_class class;
};

static int compile(regex_t *re, bool *has, const char *text, const char *what, char *message,
                   size_t size)
{
    *has = text != NULL;
    if (!text)
        return 0;
    const int error = regcomp(re, text, REG_EXTENDED);
    if (error == 0)
        return 0;
    char why[96];
    regerror(error, re, why, sizeof why);
    *has = false;
    snprintf(message, size, "%s '%s' is not a regular expression: %s", what, text, why);
    return EINVAL;
}

/* Names of queues and workloads are matched whole, cell names anywhere. */
static bool matches_whole(const regex_t *re, const char *text)
{
    regmatch_t m[1];
    return regexec(re, text, 1, m, 0) == 0 && m[0].rm_so == 0 && text[m[0].rm_eo] == '\0';
}

static bool wanted(const struct filter *f, const struct record *r)
{
    if ((f->class != CLASSES &&
         (!class_has_cell(f->class, r) || class_standing(f->class, r) == CLASS_OUT)) ||
        (f->has_queue && !matches_whole(&f->queue, r->queue)) ||
        (f->has_workload && !matches_whole(&f->workload, r->workload)))
        return false;
    if (!f->has_only)
        return true;
    char name[160];
    record_cell_name(r, name, sizeof name);
    return regexec(&f->only, name, 0, NULL, 0) == 0;
}

static int add(struct plan *p, size_t *room, const struct cell *c, size_t group)
{
    if (p->n == *room) {
        *room = *room ? 2 * *room : 64;
        struct cell *cells = realloc(p->cells, *room * sizeof *cells);
        if (cells)
            p->cells = cells;
        size_t *groups = realloc(p->group, *room * sizeof *groups);
        if (groups)
            p->group = groups;
        if (!cells || !groups)
            return ENOMEM;
    }
    p->cells[p->n] = *c;
    p->group[p->n++] = group;
    return 0;
}

/* What one sample takes beside its measured part: fork, warm-up, two probes, verification; and the
 * rest of what was offered, for which the slow consumer needs as long again; stops take their time. */
static double overhead_ms(const struct cell *c, double sample_ms)
{
    const double least_ms = STALL_LEAST_NS / 1e6;
    const double more = c->workload->shape == SHAPE_OVER   ? sample_ms
                        : c->workload->shape == SHAPE_HELD ? HELD_MS
                        : c->workload->shape == SHAPE_STALL && sample_ms < least_ms
                            ? least_ms - sample_ms
                            : 0;
    return more + 6 + (double)c->capacity * 2e-5 + (c->producers + c->consumers) * 0.3;
}

static void size_up(struct plan *p)
{
    p->round_s = 0;
    for (size_t i = 0; i < p->n; i++)
        p->round_s +=
            (p->sample_ms + overhead_ms(&p->cells[i], p->sample_ms)) / 1e3 / p->cells[i].every;
}

static void keep_below(struct plan *p, unsigned priority)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->cells[i].priority < priority) {
            p->cells[kept] = p->cells[i];
            p->group[kept++] = p->group[i];
        }
    p->dropped += p->n - kept;
    p->n = kept;
    p->keep_below = priority;
}

/* Leaves out the least important cells until PLAN_ROUNDS_LEAST rounds fit. */
static void fit(struct plan *p, const struct plan_options *o)
{
    const double most_ms = 40, least_ms = 10;
    const unsigned most = strcmp(p->name, "full") == 0 ? PLAN_ROUNDS_FULL : PLAN_ROUNDS_QUICK;
    p->sample_ms = o->sample_ms > 0 ? o->sample_ms : most_ms;
    if (o->keep_below)
        keep_below(p, o->keep_below);
    for (;;) {
        size_up(p);
        const double rounds = p->budget_s / p->round_s;
        p->rounds = o->rounds ? o->rounds : rounds > most ? most : (unsigned)rounds;
        if (o->rounds || p->rounds >= PLAN_ROUNDS_LEAST || p->n == 1)
            break;
        if (o->sample_ms <= 0 && p->sample_ms > least_ms) {
            p->sample_ms = p->sample_ms * 0.8 > least_ms ? p->sample_ms * 0.8 : least_ms;
            continue;
        }
        unsigned worst = 0;
        for (size_t i = 0; i < p->n; i++)
            worst = p->cells[i].priority > worst ? p->cells[i].priority : worst;
        if (worst == 0)
            break;
        keep_below(p, worst);
    }
    if (p->rounds == 0)
        p->rounds = 1;
}

/* In `mpmc` with one thread on each side it would do again what it does in its own cells, and queues
 * that wait are compared among those that any number of threads may wait in. */
static bool one_sided(const struct cell *c)
{
    const struct q_traits *const t = c->driver->traits;
    return (t->producers == 1 || t->consumers == 1) &&
           (c->workload->shape == SHAPE_WAIT || strcmp(c->workload->name, "mpmc") == 0);
}

static bool has_member(const struct plan *p, enum q_class class)
{
    for (size_t i = 0; i < p->n; i++) {
        struct record r = {.ok = true};
        cell_describe(&p->cells[i], &r);
        if (class_standing(class, &r) == CLASS_MEMBER)
            return true;
    }
    return false;
}

/* How often it is sampled: latency seldom, for its histograms are merged over the rounds (in a sweep
 * oftener: it is about the tails of samples), and seldom what hardly changes or takes long. */
static unsigned every(const struct row *row, enum shape shape)
{
    const bool seldom = row->latency || shape == SHAPE_STALL || shape == SHAPE_HELD;
    return shape == SHAPE_CENSUS ? ONCE : shape == SHAPE_SWEEP ? 1 + row->latency : seldom ? 3 : 1;
}

/* The cells of a row for one queue: several when it has policies, or when a parameter is swept. */
static int fill_queue(struct plan *p, size_t *room, const struct plan_options *o,
                      const struct filter *f, const struct row *row, const struct q_driver *d,
                      unsigned priority)
{
    struct cell c = {.driver = d,
                     .workload = workload_find(row->workload),
                     .producers = row->producers,
                     .consumers = row->consumers,
                     .batch = row->batch,
                     .capacity = row->capacity,
                     .rate = row->rate,
                     .latency = row->latency,
                     .pin = o->pin};
    const struct sweep *const sweep = sweep_find(row->workload);
    const bool over = c.workload->shape == SHAPE_OVER && d->traits->policies;
    const unsigned policies = over ? d->traits->policies : 1u << Q_REFUSE;
    c.every = every(row, c.workload->shape);
    if (d->item_bytes != row->payload || strcmp(d->call, row->call) != 0 ||
        (sweep && !sweep_names(sweep, d->name) && !(f->has_queue && f->has_workload)))
        return 0;
    for (size_t i = 0; i < (sweep ? sweep->n : 1); i++)
        for (c.when_full = Q_REFUSE; c.when_full <= Q_SPILL; c.when_full++) {
            if (!(policies >> c.when_full & 1))
                continue;
            struct record r = {.ok = true};
            if (sweep)
                sweep_set(sweep, i, &c);
            cell_describe(&c, &r);
            c.priority = priority + importance(&r);
            if (!wanted(f, &r) || (r.peer[0] && !(f->peers && for_peers(row, &r))))
                continue;
            if (cell_forbidden(&c) || one_sided(&c))
                p->forbidden++;
            else if (add(p, room, &c, p->groups))
                return ENOMEM;
        }
    return 0;
}

static int fill(struct plan *p, const struct plan_options *o, const struct filter *f)
{
    enum { ROWS = sizeof rows / sizeof *rows, STUDIES = sizeof studies / sizeof *studies };
    size_t room = 0;
    const bool full = strcmp(p->name, "full") == 0;
    for (size_t i = 0; i < limits_count; i++) {
        const struct cell c = {.limit = &limits[i],
                               .workload = workload_find("limit"),
                               .producers = limits[i].threads,
                               .batch = 1,
                               .capacity = 1024,
                               .pin = o->pin,
                               .every = 1};
        struct record r = {.ok = true};
        cell_describe(&c, &r);
        if (wanted(f, &r) && add(p, &room, &c, p->groups))
            return ENOMEM;
    }
    p->groups++;
    for (size_t i = 0; i < ROWS + STUDIES; i++) {
        const bool study = i >= ROWS;
        const struct row *const row = study ? &studies[i - ROWS] : &rows[i];
        const bool by_name = study && f->has_workload && matches_whole(&f->workload, row->workload);
        if (row->level > full && f->class == CLASSES && !by_name)
            continue;
        const unsigned priority = row->level + (study ? 8 : (unsigned)(i * 8 / ROWS));
        for (const struct q_driver *const *d = q_drivers; *d; d++)
            if (fill_queue(p, &room, o, f, row, *d, priority))
                return ENOMEM;
        /* by hand and indirect are compared with inline: same group */
        if (study || i + 1 == ROWS || strcmp(rows[i + 1].call, "inline") == 0)
            p->groups++;
    }
    return 0;
}

/* Nothing is left of the plan: which filter took it all, and what would bring it back. */
static void say_why_empty(const struct plan *p, const struct plan_options *o,
                          const struct filter *f, char *message, size_t size)
{
    bool ours = false, theirs = false, workload = false;
    for (const struct q_driver *const *d = q_drivers; f->has_queue && *d; d++)
        if (matches_whole(&f->queue, (*d)->name))
            *((*d)->traits->peer ? &theirs : &ours) = true;
    for (size_t i = 0; f->has_workload && i < workload_count; i++)
        workload |= matches_whole(&f->workload, workloads[i].name);
    if (f->has_queue && !ours && !theirs) {
        snprintf(message, size,
                 "--queue '%s' is the whole name of no queue: `queuelab list` and `queuelab list "
                 "--peers` name them",
                 o->queue);
        return;
    }
    if (f->has_queue && !ours && !f->peers) {
        snprintf(message, size, "--queue '%s' is a queue of others: add --peers", o->queue);
        return;
    }
    if (f->has_workload && !workload) {
        snprintf(message, size,
                 "--workload '%s' is the whole name of no workload: `queuelab list --workloads` "
                 "names them",
                 o->workload);
        return;
    }
    struct plan full = {.name = "full"};
    if (strcmp(p->name, "full") != 0 && fill(&full, o, f) == 0 && full.n > 0)
        snprintf(message, size,
                 "no cell of the plan '%s' is left, but %zu of the plan 'full': add --plan full",
                 p->name, full.n);
    else
        snprintf(message, size,
                 "no cell is left: %zu ruled out by the queues' traits, the rest by the filters; "
                 "see `queuelab list` and `queuelab bench --dry-run`",
                 p->forbidden);
    plan_free(&full);
}

int plan_make(struct plan *p, const struct plan_options *o, char *message, size_t size)
{
    *p = (struct plan){.seed = o->seed};
    if (strcmp(o->name, "quick") != 0 && strcmp(o->name, "full") != 0) {
        snprintf(message, size, "no plan '%s': use quick or full", o->name);
        return EINVAL;
    }
    snprintf(p->name, sizeof p->name, "%s", o->name);
    p->budget_s = o->budget_s > 0 ? o->budget_s : strcmp(o->name, "full") == 0 ? 1200 : 150;
    struct filter f = {.class = o->class_name ? class_find(o->class_name) : CLASSES,
                       .peers = o->peers || o->class_name};
    if (o->class_name && f.class == CLASSES) {
        size_t used = (size_t)snprintf(message, size, "no class '%s': use", o->class_name);
        for (unsigned c = 0; c < CLASSES && used < size; c++)
            used += (size_t)snprintf(message + used, size - used, "%s %s",
                                     c == 0             ? ""
                                     : c + 1 == CLASSES ? " or"
                                                        : ",",
                                     class_names[c]);
        return EINVAL;
    }
    int error = compile(&f.only, &f.has_only, o->only, "--only", message, size);
    if (!error)
        error = compile(&f.queue, &f.has_queue, o->queue, "--queue", message, size);
    if (!error)
        error = compile(&f.workload, &f.has_workload, o->workload, "--workload", message, size);
    if (!error && (error = fill(p, o, &f)) != 0)
        snprintf(message, size, "no memory for the plan");
    if (!error && f.class != CLASSES && !has_member(p, f.class)) {
        snprintf(message, size, "no queue of the class '%s' is left: see `queuelab list`",
                 o->class_name);
        error = EINVAL;
    }
    if (!error && p->n == 0) {
        say_why_empty(p, o, &f, message, size);
        error = EINVAL;
    }
    if (f.has_only)
        regfree(&f.only);
    if (f.has_queue)
        regfree(&f.queue);
    if (f.has_workload)
        regfree(&f.workload);
    if (error)
        plan_free(p);
    else
        fit(p, o);
    return error;
}

void plan_free(struct plan *p)
{
    free(p->cells);
    free(p->group);
    *p = (struct plan){0};
}

void plan_order(const struct plan *p, unsigned round, size_t *order)
{
    struct stats_random random;
    stats_random_seed(&random, p->seed * 1000003u + round);
    size_t *groups = malloc(p->groups * sizeof *groups);
    size_t n = 0;
    if (!groups) { /* the plan's own order is an order too */
        for (size_t i = 0; i < p->n; i++)
            order[i] = i;
        return;
    }
    for (size_t g = 0; g < p->groups; g++)
        groups[g] = g;
    stats_shuffle(&random, groups, p->groups, sizeof *groups);
    for (size_t g = 0; g < p->groups; g++) {
        const size_t first = n;
        for (size_t i = 0; i < p->n; i++)
            if (p->group[i] == groups[g])
                order[n++] = i;
        stats_shuffle(&random, order + first, n - first, sizeof *order);
    }
    free(groups);
}

bool plan_due(const struct plan *p, size_t cell, unsigned round)
{
    return round % p->cells[cell].every == 0;
}

double plan_parse_duration(const char *text)
{
    char *end;
    errno = 0;
    const double x = strtod(text, &end);
    if (end == text || errno || !(x > 0) || !isfinite(x))
        return -1;
    const double unit = strcmp(end, "h") == 0                     ? 3600
                        : strcmp(end, "m") == 0                   ? 60
                        : strcmp(end, "s") == 0 || end[0] == '\0' ? 1
                                                                  : -1;
    return x * unit;
}
