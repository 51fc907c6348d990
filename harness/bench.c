#include "harness/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/env.h"
#include "harness/plan_file.h"
#include "harness/progress.h"
#include "harness/record.h"
#include "harness/report_rank.h"
#include "harness/run.h"
#include "harness/stats.h"

enum { FAILURES_MOST = 3 }; /* in one cell, before it is given up */

static volatile sig_atomic_t interrupted;

static void on_signal(int number) { interrupted = number; }

struct bench {
    const struct bench_options *options;
    struct plan plan;
    struct topology topology;
    struct run_options run;
    FILE *runs, *json;
    char runs_path[512];
    double *ns; /* ns per item of every successful sample, [cell * rounds + i] */
    unsigned *taken, *failed;
    bool *hung; /* this cell did not end in time: it is not tried again */
    unsigned seen[TOPOLOGY_STATES];
    uint64_t sequence;
    struct record *kept; /* --compare: every record, without histograms */
    size_t n_kept;
    struct progress progress;
};

static void say_warning(void *arg, const char *sentence)
{
    (void)arg;
    fprintf(stderr, "queuelab: note: %s\n", sentence);
}

static void cell_name(const struct cell *c, char *name, size_t size)
{
    struct record r = {.ok = true};
    cell_describe(c, &r);
    record_cell_name(&r, name, size);
}

/* ---- the results directory ----------------------------------------------------------------- */

static int complain(const char *what, const char *path, int error)
{
    fprintf(stderr, "queuelab: %s %s: %s\n", what, path, strerror(error));
    return 3;
}

static void keep(struct bench *b, const struct record *r)
{
    struct record *const k = &b->kept[b->n_kept++];
    *k = *r;
    k->push = k->pop = k->sojourn = NULL;
}

static bool timed_out(const struct record *r)
{
    return strncmp(r->error, "hung", 4) == 0 || strncmp(r->error, "did not finish", 14) == 0;
}

/* Queues of others that wait for a thread without a processor, and will not be told to stop. */
static bool spins_inside(const struct cell *c)
{
    return c->driver && c->driver->traits->caution & Q_SPINS_INSIDE;
}

/* What an interrupted run has already: marks samples taken, and forgets a torn last line. */
static int load_taken(struct bench *b, bool *have)
{
    struct record *records;
    size_t n;
    bool torn;
    char message[256];
    const int error = record_read(b->runs_path, &records, &n, &torn, message, sizeof message);
    if (error) {
        fprintf(stderr, "queuelab: cannot resume: %s\n", message);
        return 2;
    }
    if (torn)
        fprintf(stderr, "queuelab: note: the last record of %s was cut short; it is taken again\n",
                b->runs_path);
    for (size_t i = 0; i < n; i++) {
        char have_name[160], name[160];
        record_cell_name(&records[i], have_name, sizeof have_name);
        for (size_t c = 0; c < b->plan.n; c++) {
            cell_name(&b->plan.cells[c], name, sizeof name);
            if (strcmp(name, have_name) != 0 || records[i].round >= b->plan.rounds ||
                have[c * b->plan.rounds + records[i].round])
                continue; /* not of this plan, or there twice */
            have[c * b->plan.rounds + records[i].round] = true;
            if (b->kept)
                keep(b, &records[i]);
            if (records[i].ok) {
                const unsigned state = topology_state_number(records[i].state);
                if (state < TOPOLOGY_STATES)
                    b->seen[state]++;
                b->ns[c * b->plan.rounds + b->taken[c]++] = records[i].ns_per_item;
                b->plan.cells[c].ns_per_item = records[i].ns_per_item;
            } else {
                b->failed[c]++;
                b->hung[c] |= timed_out(&records[i]);
            }
        }
        if (records[i].sequence >= b->sequence)
            b->sequence = records[i].sequence + 1;
    }
    fprintf(stderr, "queuelab: resuming %s: %zu samples are kept\n", b->options->out, n);
    record_free_all(records, n);
    return 0;
}

static int open_results(struct bench *b, bool *have)
{
    const struct bench_options *o = b->options;
    if (o->out) {
        char path[512];
        if (mkdir(o->out, 0777) != 0 && errno != EEXIST)
            return complain("cannot make directory", o->out, errno);
        snprintf(b->runs_path, sizeof b->runs_path, "%s/runs.jsonl", o->out);
        const bool exists = access(b->runs_path, F_OK) == 0;
        if (exists && !o->resume) {
            fprintf(stderr,
                    "queuelab: %s already holds records: continue it with --resume, or "
                    "choose another --out\n",
                    o->out);
            return 2;
        }
        if (o->resume && exists) {
            const int status = load_taken(b, have);
            if (status)
                return status;
        } else {
            struct env env;
            int error = env_collect(&env, &b->topology, clock_calibrate());
            snprintf(path, sizeof path, "%s/env.json", o->out);
            if (!error)
                error = env_write(path, &env);
            if (error)
                return complain("cannot write", path, error);
            env_warnings(&env, say_warning, NULL);
            snprintf(path, sizeof path, "%s/plan.json", o->out);
            if ((error = plan_file_write(path, &b->plan, &o->plan, o->command)) != 0)
                return complain("cannot write", path, error);
        }
        bool cut; /* a torn last line, which load_taken has told of */
        const int error = record_open(b->runs_path, &b->runs, &cut);
        if (error)
            return complain("cannot write", b->runs_path, error);
    }
    if (o->json && strcmp(o->json, "-") == 0)
        b->json = stdout;
    else if (o->json && !(b->json = fopen(o->json, "a")))
        return complain("cannot write", o->json, errno);
    return 0;
}

/* ---- measuring ----------------------------------------------------------------------------- */

/* One sample, recorded. 0, or an exit status. One that only sizes the cell is thrown away, unless it
 * failed: then it is the cell's sample of this round, and *recorded says so. */
static int take(struct bench *b, size_t index, unsigned round, bool sizing, bool *recorded,
                char *result, size_t size)
{
    struct cell *c = &b->plan.cells[index];
    struct record r;
    b->run.timeout_ns = spins_inside(c) ? 20 * b->run.target_ns + 1000000000 : 0;
    b->run.seed = b->plan.seed ^ (b->sequence << 20);
    int error = run_sample(c, &b->run, &r);
    if (error) {
        fprintf(stderr, "queuelab: cannot take a sample: %s\n", strerror(error));
        return 3;
    }
    char name[160];
    cell_name(c, name, sizeof name);
    if (r.ok)
        snprintf(result, size, "%.3g ns/item %s", r.ns_per_item, r.state);
    else
        snprintf(result, size, "FAILED");
    *recorded = !sizing || !r.ok;
    if (*recorded) {
        r.round = round;
        r.sequence = b->sequence++;
        if (r.ok) {
            b->ns[index * b->plan.rounds + b->taken[index]++] = r.ns_per_item;
            b->seen[topology_state_number(r.state)]++;
        } else {
            b->hung[index] |= timed_out(&r);
            if (b->failed[index]++ == 0)
                progress_say(&b->progress, "queuelab: %s failed: %s%s", name, r.error,
                             b->hung[index] ? "; it is not tried again" : "");
        }
        if (b->kept)
            keep(b, &r);
        if (b->runs && (error = record_write(b->runs, &r)) != 0)
            error = complain("cannot write", b->runs_path, error);
        else if (b->json && (error = record_write(b->json, &r)) != 0)
            error = complain("cannot write", b->options->json, error);
    }
    run_release(&r);
    return error;
}

/* The plan's own guess of a round's length may be wrong: no round is begun that would not end in
 * time, once there are enough of them for an interval. */
static bool over_budget(const struct bench *b, unsigned round, uint64_t begin)
{
    if (b->options->plan.rounds || b->options->resume || round < PLAN_ROUNDS_LEAST)
        return false;
    const double spent = (double)(clock_monotonic_ns() - begin) / 1e9;
    if (spent + spent / round <= b->plan.budget_s)
        return false;
    progress_say(&b->progress, "queuelab: note: the budget of %.0f s ends after %u of %u rounds",
                 b->plan.budget_s, round, b->plan.rounds);
    return true;
}

/* A cell that mostly fails takes its time from all others: a few failures are recorded, then it is
 * left alone. One that hangs takes as much as a hundred others, and is left alone at once. */
static bool given_up(const struct bench *b, size_t cell)
{
    return b->hung[cell] || (b->failed[cell] >= FAILURES_MOST && b->failed[cell] > b->taken[cell]);
}

static int measure(struct bench *b, const bool *have)
{
    const struct plan *p = &b->plan;
    size_t *order = malloc(p->n * sizeof *order);
    if (!order)
        return complain("no memory for", "the order of samples", ENOMEM);
    size_t missing = 0;
    for (size_t cell = 0; cell < p->n; cell++)
        for (unsigned round = 0; round < p->rounds; round++)
            missing += plan_due(p, cell, round) && !have[cell * p->rounds + round];
    progress_begin(&b->progress, missing ? missing : 1);
    char name[160], result[64] = "";
    int status = 0;
    const uint64_t begin = clock_monotonic_ns();
    for (unsigned round = 0; round < p->rounds && !status; round++) {
        if (over_budget(b, round, begin))
            break;
        plan_order(p, round, order);
        for (size_t i = 0; i < p->n && !status && !interrupted; i++) {
            const size_t cell = order[i];
            if (!plan_due(p, cell, round) || have[cell * p->rounds + round] || given_up(b, cell))
                continue;
            cell_name(&p->cells[cell], name, sizeof name);
            progress_step(&b->progress, name, result);
            const uint64_t target = b->run.target_ns;
            /* A short sample first, until the cell's speed is known; a paced one needs none. */
            bool recorded = false;
            if (p->cells[cell].ns_per_item <= 0 && !cell_timed(&p->cells[cell])) {
                b->run.target_ns = target / 8;
                status = take(b, cell, round, true, &recorded, result, sizeof result);
                b->run.target_ns = target;
            }
            if (!status && !recorded)
                status = take(b, cell, round, false, &recorded, result, sizeof result);
        }
        if (interrupted)
            break;
    }
    progress_end(&b->progress);
    free(order);
    if (interrupted && !status) {
        if (b->options->out)
            fprintf(stderr,
                    "queuelab: interrupted; what was measured is kept: continue with --resume %s\n",
                    b->options->out);
        else
            fprintf(stderr, "queuelab: interrupted%s\n",
                    b->json ? "" : "; nothing is kept without --out");
        return 130;
    }
    return status;
}

/* ---- the summary --------------------------------------------------------------------------- */

static void summary(const struct bench *b)
{
    FILE *out = b->json == stdout ? stderr : stdout;
    size_t failures = 0;
    fprintf(out, "%-52s %4s  %s\n", "cell", "n", "ns per item: median [95 % interval]   items/s");
    for (size_t i = 0; i < b->plan.n; i++) {
        char name[160];
        cell_name(&b->plan.cells[i], name, sizeof name);
        failures += b->failed[i];
        if (b->taken[i] == 0) {
            fprintf(out, "%-52s %4u  no number: every sample failed\n", name, 0);
            continue;
        }
        const struct interval m =
            stats_median_interval(b->ns + i * b->plan.rounds, b->taken[i], 0.95);
        fprintf(out, "%-52s %4u  %10.3f [%.3f, %.3f]%s %12.4g\n", name, b->taken[i], m.mid, m.low,
                m.high, m.coverage > 0 ? "" : "?", m.mid > 0 ? 1e9 / m.mid : 0);
    }
    fputs("samples by placement (not told apart here, but in the report):", out);
    for (unsigned k = 0; k < TOPOLOGY_STATES; k++)
        if (b->seen[k])
            fprintf(out, " %s %u", topology_states[k], b->seen[k]);
    fputc('\n', out);
    if (failures)
        fprintf(out, "%zu samples FAILED and have no number\n", failures);
}

/* Who is best in each cell: the same ranking as the report's. */
static int compare(struct bench *b)
{
    struct book book = {.records = b->kept, .n_records = b->n_kept, .cpus = b->topology.cpus};
    int error = book_sort(&book);
    if (error)
        return complain("no memory for", "the comparison", error);
    const char *const name = b->options->plan.class_name;
    FILE *const out = b->json == stdout ? stderr : stdout;
    fputs("ratios: medians over pairs of one round with 95 % intervals; tie: the interval touches "
          "1 % around 1\n\n",
          out);
    if (ranking_print(out, &book, name ? class_find(name) : CLASSES) == 0)
        fputs("nothing to compare: no cell of a class was measured\n", out);
    book_free(&book);
    b->kept = NULL;
    return 0;
}

static void print_plan(const struct bench *b)
{
    const struct plan *p = &b->plan;
    for (size_t i = 0; i < p->n; i++) {
        char name[160];
        cell_name(&p->cells[i], name, sizeof name);
        printf("%s\n", name);
    }
    printf("plan %s: %zu cells x %u rounds of %.0f ms = about %.0f s (budget %.0f s), seed %llu\n",
           p->name, p->n, p->rounds, p->sample_ms, p->round_s * p->rounds, p->budget_s,
           (unsigned long long)p->seed);
    if (p->dropped)
        printf("%zu less important cells do not fit the budget\n", p->dropped);
}

int bench(const struct bench_options *o)
{
    struct bench b = {.options = o};
    struct plan_options wanted = o->plan;
    struct plan_file kept = {.seed = 0};
    char message[320], path[512];
    int status = 0;
    if (o->resume) { /* the plan on disk is the plan */
        snprintf(path, sizeof path, "%s/plan.json", o->out);
        if ((status = plan_file_read(path, &kept, message, sizeof message)) == 0)
            plan_file_options(&kept, &wanted);
    }
    if (!status)
        status = plan_make(&b.plan, &wanted, message, sizeof message);
    if (status) {
        fprintf(stderr, "queuelab: %s\n", message);
        return 2;
    }
    if (o->dry_run) {
        print_plan(&b);
        plan_free(&b.plan);
        return 0;
    }
    const size_t samples = b.plan.n * b.plan.rounds;
    bool *have = calloc(samples, sizeof *have);
    b.ns = calloc(samples, sizeof *b.ns);
    b.taken = calloc(b.plan.n, sizeof *b.taken);
    b.failed = calloc(b.plan.n, sizeof *b.failed);
    b.hung = calloc(b.plan.n, sizeof *b.hung);
    b.run = (struct run_options){.topology = &b.topology,
                                 .target_ns = (uint64_t)(b.plan.sample_ms * 1e6)};
    if (o->compare)
        b.kept = calloc(samples, sizeof *b.kept);
    if (!have || !b.ns || !b.taken || !b.failed || !b.hung || (o->compare && !b.kept))
        status = complain("no memory for", "the results", ENOMEM);
    else if ((status = topology_load(&b.topology)) != 0)
        status = complain("cannot read", "the processors of this machine", status);
    else
        status = open_results(&b, have);
    if (!status) {
        const struct sigaction act = {.sa_handler = on_signal};
        sigaction(SIGINT, &act, NULL);
        sigaction(SIGTERM, &act, NULL);
        signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error like a full disk */
        if (b.plan.dropped)
            fprintf(stderr,
                    "queuelab: note: the budget of %.0f s is too short for %zu cells, the least "
                    "important; they are left out\n",
                    b.plan.budget_s, b.plan.dropped);
        status = measure(&b, have);
        if (!o->quiet && !o->compare && status != 3)
            summary(&b);
        if (o->compare && status != 3 && compare(&b))
            status = 3;
        for (size_t i = 0; i < b.plan.n && status == 0; i++) {
            const struct q_driver *const d = b.plan.cells[i].driver;
            if (b.failed[i] && !(d && d->traits->peer)) /* a peer's failure is a finding */
                status = 1;
        }
    }
    if (b.runs && fclose(b.runs) != 0 && !status)
        status = complain("cannot write", b.runs_path, errno);
    if (b.json && b.json != stdout && fclose(b.json) != 0 && !status)
        status = complain("cannot write", o->json, errno);
    free(have);
    free(b.ns);
    free(b.taken);
    free(b.failed);
    free(b.hung);
    free(b.kept);
    plan_free(&b.plan);
    return status;
}
