/* report_book.c: sorts records into settings and series, pairs samples, takes medians. */
#include "harness/report_book.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/limits.h"
#include "harness/class.h"
#include "harness/report.h"
#include "harness/topology.h"
#include "harness/workload.h"

/* ---- order --------------------------------------------------------------------------------- */

static int rank(const char *const *list, const char *name)
{
    int i = 0;
    while (list[i] && strcmp(list[i], name) != 0)
        i++;
    return i;
}

static const char *const workload_order[] = {
    "pairs", "spsc",     "mpsc",    "mpmc", "waiting", "fill_drain", "ping_pong",  "single", "open",
    "burst", "overload", "stalled", "held", "backoff", "segment",    "rank_error", "census", NULL,
};
static const char *const family_order[] = {"mutex",   "spin", "combining", "array", "segment",
                                           "relaxed", "list", "ring",      "lanes", NULL};

#define BY(a, b)                                                                                   \
    do {                                                                                           \
        if ((a) != (b))                                                                            \
            return (a) < (b) ? -1 : 1;                                                             \
    } while (0)
#define BY_NAME(a, b)                                                                              \
    do {                                                                                           \
        const int by = strcmp(a, b);                                                               \
        if (by != 0)                                                                               \
            return by;                                                                             \
    } while (0)

static int by_setting(const struct record *a, const struct record *b)
{
    BY(rank(workload_order, a->workload), rank(workload_order, b->workload));
    BY_NAME(a->workload, b->workload);
    BY_NAME(b->mode, a->mode); /* throughput before latency */
    BY(record_threads(a), record_threads(b));
    BY(a->producers, b->producers);
    BY(a->consumers, b->consumers);
    BY(a->batch, b->batch);
    BY(a->payload_bytes, b->payload_bytes);
    BY(a->capacity, b->capacity);
    BY(a->rate, b->rate);
    BY_NAME(b->pin, a->pin);
    return 0;
}

static int by_series(const struct record *a, const struct record *b)
{
    BY(a->floor, b->floor);
    BY(rank(family_order, a->family), rank(family_order, b->family));
    BY_NAME(a->family, b->family);
    BY_NAME(a->queue, b->queue);
    BY_NAME(b->call, a->call); /* inline, indirect, by hand */
    BY(a->backoff_max, b->backoff_max);
    BY(a->segment, b->segment);
    for (unsigned i = 0; i <= Q_SPILL; i++) /* policies in the order of enum q_when_full */
        BY(strcmp(policy_names[i], b->policy) == 0, strcmp(policy_names[i], a->policy) == 0);
    return 0;
}

static int by_all(const void *pa, const void *pb)
{
    const struct record *a = *(const struct record *const *)pa;
    const struct record *b = *(const struct record *const *)pb;
    const int setting = by_setting(a, b), series = setting ? setting : by_series(a, b);
    if (series)
        return series;
    BY(a->round, b->round);
    BY(a->sequence, b->sequence);
    return 0;
}

unsigned record_threads(const struct record *r) { return r->producers + r->consumers; }

/* ---- reading ------------------------------------------------------------------------------- */

static void choose_state(struct setting *s)
{
    unsigned best = TOPOLOGY_ONE;
    size_t count[TOPOLOGY_STATES] = {0};
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->series[i].n; j++)
            count[topology_state_number(s->series[i].sample[j]->state)]++;
    for (unsigned k = 0; k < TOPOLOGY_MIXED; k++)
        if (count[k] > count[best])
            best = k;
    s->state = topology_states[best];
}

void put_states(FILE *f, const struct book *b)
{
    static const char *const where[TOPOLOGY_STATES] = {
        "that share a core or a small cache (*shared*)", "*near* each other", "*far* apart",
        "on *one* processor", "while the machine changed (*mixed*, in no figure)"};
    size_t count[TOPOLOGY_STATES] = {0};
    const char *comma = "";
    for (size_t i = 0; i < b->n_records; i++)
        if (b->records[i].ok)
            count[topology_state_number(b->records[i].state)]++;
    for (unsigned k = 0; k < TOPOLOGY_STATES; k++)
        if (count[k]) {
            fprintf(f, "%s%zu %s", comma, count[k], where[k]);
            comma = ", ";
        }
}

int book_sort(struct book *b)
{
    const size_t n = b->n_records;
    b->sorted = calloc(n + 1, sizeof *b->sorted);
    const struct record **samples = calloc(n + 1, sizeof *samples);
    b->series = calloc(n + 1, sizeof *b->series);
    b->settings = calloc(n + 1, sizeof *b->settings);
    if (!b->sorted || !samples || !b->series || !b->settings) {
        free(samples);
        return ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        struct record *r = &b->records[i];
        snprintf(r->state, sizeof r->state, "%s",
                 topology_state(r->rtt_before_ns, r->rtt_after_ns));
        b->sorted[i] = r;
        if (b->records[i].round + 1 > b->rounds)
            b->rounds = b->records[i].round + 1;
    }
    qsort(b->sorted, n, sizeof *b->sorted, by_all);
    b->series[0].sample = samples; /* one array, cut into series; freed through the first */
    const struct record *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct record *r = b->sorted[i];
        const bool new_setting = !last || by_setting(last, r) != 0;
        if (new_setting)
            b->settings[b->n_settings++] =
                (struct setting){.key = r, .series = &b->series[b->n_series]};
        if (new_setting || by_series(last, r) != 0) {
            b->series[b->n_series] = (struct series){.key = r, .sample = samples};
            b->n_series++;
            b->settings[b->n_settings - 1].n++;
        }
        struct series *s = &b->series[b->n_series - 1];
        if (r->ok) {
            s->sample[s->n++] = r;
            samples++;
        } else {
            s->failed++;
        }
        last = r;
    }
    for (size_t i = 0; i < b->n_settings; i++)
        choose_state(&b->settings[i]);
    return 0;
}

int book_read(struct book *b, const char *results_dir, char *message, size_t message_size)
{
    *b = (struct book){0};
    char path[4200];
    snprintf(b->results_dir, sizeof b->results_dir, "%s", results_dir);
    size_t end = strlen(b->results_dir);
    while (end > 1 && b->results_dir[end - 1] == '/')
        b->results_dir[--end] = 0;
    const char *slash = strrchr(b->results_dir, '/');
    b->directory = slash ? slash + 1 : b->results_dir;

    snprintf(path, sizeof path, "%s/env.json", b->results_dir);
    int error = env_read(path, &b->env, message, message_size);
    if (error)
        return error;
    b->cpus = b->env.cpus ? b->env.cpus : 1;
    snprintf(path, sizeof path, "%s/runs.jsonl", b->results_dir);
    error = record_read(path, &b->records, &b->n_records, &b->torn, message, message_size);
    if (error)
        return error;
    if (b->n_records == 0) {
        snprintf(message, message_size, "%s holds no record: run a measurement first", path);
        return ENODATA;
    }
    if ((error = book_sort(b)) != 0)
        snprintf(message, message_size, "no memory to sort %zu records", b->n_records);
    return error;
}

void book_free(struct book *b)
{
    if (b->series)
        free(b->series[0].sample);
    free(b->series);
    free(b->settings);
    free(b->sorted);
    record_free_all(b->records, b->n_records);
    *b = (struct book){0};
}

/* ---- finding ------------------------------------------------------------------------------- */

size_t book_base(const struct book *b, const char *workload, const char *mode,
                 const struct setting **out, size_t most)
{
    unsigned payload = 0;
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < b->n_settings; i++) {
            const struct record *k = b->settings[i].key;
            if (strcmp(k->workload, workload) != 0 || (mode && strcmp(k->mode, mode) != 0) ||
                k->batch > 1)
                continue;
            if (pass == 0)
                payload = payload == 0 || k->payload_bytes < payload ? k->payload_bytes : payload;
            else if (k->payload_bytes == payload && n < most)
                out[n++] = &b->settings[i];
        }
    return n;
}

size_t book_usual(const struct book *b, const char *workload, const char *mode,
                  const struct setting **out, size_t most)
{
    const struct setting *all[SETTINGS_MOST];
    const size_t n = book_base(b, workload, mode, all, SETTINGS_MOST);
    uint64_t usual = 0;
    size_t votes = 0, kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t count = 0;
        for (size_t j = 0; j < n; j++)
            count += all[j]->key->capacity == all[i]->key->capacity ? all[j]->n : 0;
        if (count > votes) {
            votes = count;
            usual = all[i]->key->capacity;
        }
    }
    for (size_t i = 0; i < n && kept < most; i++)
        if (all[i]->key->capacity == usual)
            out[kept++] = all[i];
    return kept;
}

unsigned setting_rivals(const struct setting *s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += series_ranked(&s->series[i]) && s->series[i].n > 0;
    return n;
}

const struct setting *book_widest(const struct book *b, const struct setting *const *s, size_t n,
                                  bool over)
{
    const struct setting *best = NULL, *narrowest = NULL;
    bool rivals =
        false; /* a setting in which one queue ran alone shows nothing, if there is another */
    for (size_t i = 0; i < n; i++)
        rivals = rivals || setting_rivals(s[i]) > 1;
    for (size_t i = 0; i < n; i++) {
        if (rivals && setting_rivals(s[i]) < 2)
            continue;
        const unsigned threads = record_threads(s[i]->key);
        if (!narrowest || threads < record_threads(narrowest->key))
            narrowest = s[i];
        if ((threads > b->cpus) != over)
            continue;
        const unsigned now = best ? record_threads(best->key) : 0;
        const bool balanced = s[i]->key->producers == s[i]->key->consumers;
        if (threads > now || (threads == now && balanced))
            best = s[i];
    }
    return best || over ? best : narrowest;
}

const struct setting *book_variant(const struct book *b, const struct setting *s, unsigned batch,
                                   unsigned payload)
{
    struct record want = *s->key;
    want.batch = batch;
    want.payload_bytes = payload;
    for (size_t i = 0; i < b->n_settings; i++)
        if (by_setting(b->settings[i].key, &want) == 0)
            return &b->settings[i];
    return NULL;
}

const struct series *setting_find(const struct setting *s, const char *queue, const char *call)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->series[i].key->queue, queue) == 0 &&
            strcmp(s->series[i].key->call, call) == 0)
            return &s->series[i];
    return NULL;
}

const char *series_error(const struct book *b, const struct series *s)
{
    for (size_t i = 0; i < b->n_records; i++)
        if (!b->sorted[i]->ok && by_setting(b->sorted[i], s->key) == 0 &&
            by_series(b->sorted[i], s->key) == 0)
            return b->sorted[i]->error;
    return "";
}

const struct series *book_limit(const struct book *b, const char *name)
{
    for (size_t i = 0; i < b->n_settings; i++)
        if (strcmp(b->settings[i].key->workload, "limit") == 0)
            for (size_t j = 0; j < b->settings[i].n; j++)
                if (strcmp(b->settings[i].series[j].key->queue, name) == 0)
                    return &b->settings[i].series[j];
    return NULL;
}

const struct series *book_stream(const struct book *b, unsigned payload)
{
    static const char small[] = "stream_", large[] = "stream_64";
    const struct series *best = NULL;
    double fastest = INFINITY;
    for (size_t i = 0; i < limits_count; i++) {
        const char *const name = limits[i].name;
        const bool is_large = strncmp(name, large, strlen(large)) == 0;
        const struct series *l = NULL;
        if (strncmp(name, small, strlen(small)) == 0 && is_large == (payload == 64) &&
            (payload == 8 || payload == 64))
            l = book_limit(b, name);
        const double ns = l && l->n ? series_median(l, NULL, figure_ns).mid : NAN;
        if (ns < fastest) {
            fastest = ns;
            best = l;
        }
    }
    return best;
}

/* ---- figures ------------------------------------------------------------------------------- */

static double per_item(uint64_t count, const struct record *r)
{
    return r->items ? (double)count / (double)r->items : NAN;
}

double figure_mitems(const struct record *r) { return r->items_per_s / 1e6; }
double figure_ns(const struct record *r) { return r->ns_per_item; }
double figure_ns_per_operation(const struct record *r)
{
    return r->ns_per_item / 2; /* a push and a pop */
}
double figure_bytes(const struct record *r) { return (double)r->bytes_peak; }
double figure_bytes_per_item(const struct record *r)
{
    return r->bytes_per_item > 0 ? r->bytes_per_item : NAN;
}
double figure_bytes_left(const struct record *r) { return (double)r->bytes_left; }
double figure_stopped_share(const struct record *r) { return r->stops ? r->stopped_share : NAN; }
double figure_cas_failed(const struct record *r) { return per_item(r->cas_failed, r); }
double figure_retries(const struct record *r) { return per_item(r->retries, r); }
double figure_full(const struct record *r) { return per_item(r->full, r); }
double figure_empty(const struct record *r) { return per_item(r->empty, r); }
double figure_parks(const struct record *r) { return per_item(r->parks, r); }
double figure_voluntary(const struct record *r) { return per_item(r->ctx_voluntary, r); }
double figure_involuntary(const struct record *r) { return per_item(r->ctx_involuntary, r); }
double figure_fair_push(const struct record *r) { return r->fair_push; }
double figure_fair_pop(const struct record *r) { return r->fair_pop; }

struct interval series_median(const struct series *s, const char *state, figure *f)
{
    double *v = calloc(s->n + 1, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; v && i < s->n; i++) {
        const double x = f(s->sample[i]);
        if (!isnan(x) && (!state || strcmp(s->sample[i]->state, state) == 0))
            v[n++] = x;
    }
    struct interval result = {NAN, NAN, NAN, 0, 0};
    if (n > 0)
        result = stats_median_interval(v, n, REPORT_CONFIDENCE);
    free(v);
    return result;
}

struct interval series_ratio(const struct series *a, const struct series *b, const char *state,
                             figure *f)
{
    struct interval result = {NAN, NAN, NAN, 0, 0};
    double *x = calloc(a->n + 1, sizeof *x), *y = calloc(a->n + 1, sizeof *y);
    size_t n = 0;
    if (x && y)
        for (size_t i = 0, j = 0; i < a->n; i++) {
            while (j < b->n && b->sample[j]->round < a->sample[i]->round)
                j++;
            if (j == b->n)
                break;
            if (b->sample[j]->round != a->sample[i]->round)
                continue;
            if (strcmp(a->sample[i]->state, state) != 0 || strcmp(b->sample[j]->state, state) != 0)
                continue;
            const double fx = f(a->sample[i]), fy = f(b->sample[j]);
            if (fx > 0 && fy > 0) {
                x[n] = fx;
                y[n++] = fy;
            }
            j++; /* a sample is paired once */
        }
    if (n > 0)
        result = stats_ratio(x, y, n, REPORT_CONFIDENCE);
    free(x);
    free(y);
    return result;
}

bool ratio_is_tie(const struct interval *r)
{
    return r->n > 0 && r->low <= REPORT_TIE && r->high >= 1 / REPORT_TIE;
}

bool series_ranked(const struct series *s)
{
    return !s->key->floor && strcmp(s->key->call, "inline") == 0;
}

bool series_in_one_order(const struct series *s)
{
    return series_ranked(s) && strcmp(s->key->class_name, class_names[CLASS_RELAXED]) != 0;
}

const struct series *setting_fastest_of(const struct setting *s,
                                        bool (*among)(const struct series *s),
                                        struct interval *against)
{
    const struct series *reference = setting_find(s, REPORT_REFERENCE, "inline"), *best = NULL;
    double best_is = 0;
    *against = (struct interval){NAN, NAN, NAN, 0, 0};
    for (size_t i = 0; i < s->n; i++) {
        const struct series *q = &s->series[i];
        if (!among(q) || q->n == 0)
            continue;
        struct interval r = {1, 1, 1, q->n, 1};
        if (reference && q != reference)
            r = series_ratio(q, reference, s->state, figure_mitems);
        else if (!reference)
            r = series_median(q, s->state, figure_mitems);
        if (r.n > 0 && r.mid > best_is) {
            best_is = r.mid;
            best = q;
            *against = reference ? r : *against;
        }
    }
    return best;
}

const struct series *setting_fastest(const struct setting *s, struct interval *against, bool *tied)
{
    const struct series *const best = setting_fastest_of(s, series_ranked, against);
    for (size_t i = 0; best && tied && i < s->n; i++) {
        const struct series *q = &s->series[i];
        tied[i] = q == best;
        if (q == best || !series_ranked(q))
            continue;
        const struct interval r = series_ratio(q, best, s->state, figure_mitems);
        tied[i] = ratio_is_tie(&r);
    }
    return best;
}

struct histogram *const *part_push(const struct record *r) { return &r->push; }
struct histogram *const *part_pop(const struct record *r) { return &r->pop; }
struct histogram *const *part_sojourn(const struct record *r) { return &r->sojourn; }

/* A resumed run calibrates its clock again, some parts in a million apart: one length of tick does
 * for all. */
struct histogram *series_merge(const struct series *s, const char *state,
                               struct histogram *const *(*part)(const struct record *r),
                               double *tick_ns)
{
    struct histogram *sum = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct histogram *h = *part(s->sample[i]);
        if (!h || h->total == 0 || strcmp(s->sample[i]->state, state) != 0)
            continue;
        if (!sum) {
            if (!(sum = malloc(sizeof *sum)))
                return NULL;
            histogram_clear(sum);
            *tick_ns = s->sample[i]->tick_ns;
        }
        histogram_merge(sum, h);
    }
    return sum;
}

/* ---- tables of one workload: queues down, threads across ----------------------------------- */

const struct book_kind book_kinds[BOOK_KINDS] = {
    {"spsc", "one producer, one consumer", "items"},
    {"mpsc", "several producers, one consumer", "items"},
    {"mpmc", "several producers, several consumers", "items"},
    {"pairs", "every thread pushes one item, then pops one", "items"},
    {"waiting", "several producers and consumers that sleep when they cannot go on", "items"},
    {"fill_drain", "one thread fills the queue, then drains it", "items"},
    {"ping_pong", "one item to and fro through two queues; an item is a round trip", "round trips"},
};

static bool has_ranked(const struct setting *const *s, size_t n, const char *queue)
{
    for (size_t i = 0; i < n; i++) {
        const struct series *q = setting_find(s[i], queue, "inline");
        if (q && !q->key->floor)
            return true;
    }
    return false;
}

size_t book_queues(const struct book *b, const struct setting *const *s, size_t n, bool floors,
                   bool peers, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < b->n_series; i++) {
        const struct record *k = b->series[i].key;
        bool known = strcmp(k->call, "inline") != 0 || k->floor != floors || count == BOOK_QUEUES ||
                     (k->peer[0] && !peers);
        for (size_t j = 0; j < count && !known; j++)
            known = strcmp(names[j], k->queue) == 0;
        bool here = has_ranked(s, n, k->queue);
        for (size_t j = 0; floors && j < n && !here; j++)
            here = setting_find(s[j], k->queue, "inline") != NULL;
        if (!known && here)
            names[count++] = k->queue;
    }
    return count;
}

size_t book_columns(const struct book *b, const char *workload, const struct setting **s)
{
    if (strcmp(workload, "fill_drain") == 0)
        return book_base(b, workload, "throughput", s, BOOK_COLUMNS);
    return book_usual(b, workload, "throughput", s, BOOK_COLUMNS);
}
