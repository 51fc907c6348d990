/* report_data.c: the same figures as tab-separated tables, for gnuplot and for whoever wants them.
 *
 * First line: names of the columns, units in the names. Lines are sorted by queue, so that a curve
 * is a run of lines. What gnuplot cannot choose is chosen here (which setting a figure shows, the
 * order of a ranking, captions); how it looks is chosen in plots/. */
#include "harness/report_book.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/report.h"
#include "harness/report_rank.h"

enum { PANELS = 4, CURVES_MOST = 12 }; /* more curves than that nobody can tell apart */

typedef void table(FILE *f, const struct book *b);

static const char *number(double v, char *text, size_t size)
{
    if (isnan(v) || isinf(v))
        snprintf(text, size, "NaN");
    else
        snprintf(text, size, "%.6g", v);
    return text;
}

static void put(FILE *f, double v)
{
    char text[40];
    fprintf(f, "\t%s", number(v, text, sizeof text));
}

/* ---- queues: their names and the style each keeps in every figure --------------------------- */

static size_t queue_list(const struct book *b, bool floors, const char **names, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n_series; i++) {
        const struct record *k = b->series[i].key;
        bool known = n == most || k->floor != floors || strcmp(k->workload, "limit") == 0 ||
                     strcmp(k->call, "inline") != 0;
        for (size_t j = 0; j < n && !known; j++)
            known = strcmp(names[j], k->queue) == 0;
        if (!known)
            names[n++] = k->queue;
    }
    return n;
}

static const char *family_of(const struct book *b, const char *queue)
{
    for (size_t i = 0; i < b->n_series; i++)
        if (strcmp(b->series[i].key->queue, queue) == 0)
            return b->series[i].key->family;
    return "";
}

static int family_rank(const char *family)
{
    static const char *const order[] = {"mutex",   "spin", "combining", "array", "segment",
                                        "relaxed", "list", "ring",      "lanes"};
    enum { FAMILIES = sizeof order / sizeof *order };
    for (int i = 0; i < FAMILIES; i++)
        if (strcmp(order[i], family) == 0)
            return i;
    return FAMILIES;
}

static size_t queues_sorted(const struct book *b, const char **names, size_t most)
{
    const size_t n = queue_list(b, false, names, most);
    for (size_t i = 1; i < n; i++) /* few, and already nearly sorted */
        for (size_t j = i; j > 0; j--) {
            const int a = family_rank(family_of(b, names[j - 1]));
            const int z = family_rank(family_of(b, names[j]));
            if (a < z || (a == z && strcmp(names[j - 1], names[j]) <= 0))
                break;
            const char *swap = names[j];
            names[j] = names[j - 1];
            names[j - 1] = swap;
        }
    return n;
}

static void queues(FILE *f, const struct book *b)
{
    const char *names[256];
    const size_t n = queues_sorted(b, names, 256);
    const char *drawn[CURVES_MOST];
    const size_t drawn_n = n > CURVES_MOST ? ranking_heads(b, drawn, CURVES_MOST) : 0;
    fputs("queue\tstyle\tfloor\tfamily\tcurve\n", f);
    for (size_t i = 0; i < n; i++) {
        bool curve = drawn_n == 0;
        for (size_t k = 0; k < drawn_n; k++)
            curve |= strcmp(drawn[k], names[i]) == 0;
        fprintf(f, "%s\t%zu\t0\t%s\t%d\n", names[i], i + 1, family_of(b, names[i]), curve);
    }
    const size_t floors = queue_list(b, true, names, 256);
    for (size_t i = 0; i < floors; i++)
        fprintf(f, "%s\t%zu\t1\t%s\t1\n", names[i], n + i + 1, family_of(b, names[i]));
}

static void machine(FILE *f, const struct book *b)
{
    fprintf(f, "cpus\trounds\tsamples\treference\n%u\t%u\t%zu\t%s\n", b->cpus, b->rounds,
            b->n_records, REPORT_REFERENCE);
}

/* Calls visit for every queue, floors last, in each of the settings. */
typedef void visit(FILE *f, const struct book *b, const struct setting *s, const struct series *q);

static void each_queue(FILE *f, const struct book *b, const struct setting *const *s, size_t n,
                       visit *v)
{
    const char *names[256];
    for (int floors = 0; floors < 2; floors++) {
        const size_t queues_n =
            floors ? queue_list(b, true, names, 256) : queues_sorted(b, names, 256);
        for (size_t i = 0; i < queues_n; i++)
            for (size_t j = 0; j < n; j++) {
                const struct series *q = setting_find(s[j], names[i], "inline");
                if (q && q->n > 0)
                    v(f, b, s[j], q);
            }
    }
}

/* ---- throughput against threads ------------------------------------------------------------ */

static void throughput_line(FILE *f, const struct book *b, const struct setting *s,
                            const struct series *q)
{
    const struct record *k = q->key;
    const struct interval m = series_median(q, s->state, figure_mitems);
    const bool balanced = k->consumers == 0 || k->consumers == k->producers;
    if (m.n == 0)
        return;
    fprintf(f, "%s\t%s\t%u\t%u\t%u\t%llu\t%d\t%d\t%d", k->queue, k->workload, k->producers,
            k->consumers, record_threads(k), (unsigned long long)k->capacity, balanced,
            record_threads(k) > b->cpus, k->floor);
    put(f, m.mid);
    put(f, m.low);
    put(f, m.high);
    fprintf(f, "\t%zu\t%s\n", m.n, s->state);
}

static void throughput(FILE *f, const struct book *b)
{
    static const char *const workloads[] = {"pairs", "spsc", "mpsc", "mpmc"};
    fputs("queue\tworkload\tproducers\tconsumers\tthreads\tcapacity\tbalanced\tover\tfloor\t"
          "mitems_per_s\tlow\thigh\tn\tstate\n",
          f);
    for (size_t i = 0; i < 4; i++) {
        const struct setting *s[SETTINGS_MOST];
        const size_t n = book_usual(b, workloads[i], "throughput", s, SETTINGS_MOST);
        each_queue(f, b, s, n, throughput_line);
    }
}

/* ---- ratio to the reference: four panels, each sorted --------------------------------------- */

struct dot {
    const char *queue;
    struct interval r;
    bool tie;
};

static int by_mid(const void *pa, const void *pb)
{
    const struct dot *a = pa, *b = pb;
    if (a->r.mid != b->r.mid)
        return a->r.mid < b->r.mid ? -1 : 1;
    return strcmp(a->queue, b->queue);
}

static void ratio(FILE *f, const struct book *b)
{
    static const struct {
        const char *workload;
        bool over;
    } panels[PANELS] = {{"spsc", false}, {"mpsc", true}, {"mpmc", true}, {"pairs", false}};
    fputs("panel\ttitle\trow\tqueue\tratio\tlow\thigh\tn\ttie\n", f);
    for (int p = 0; p < PANELS; p++) {
        const struct setting *s[SETTINGS_MOST];
        const size_t n = book_usual(b, panels[p].workload, "throughput", s, SETTINGS_MOST);
        const struct setting *w = book_widest(b, s, n, panels[p].over);
        if (!w)
            w = book_widest(b, s, n, !panels[p].over);
        const struct series *reference = w ? setting_find(w, REPORT_REFERENCE, "inline") : NULL;
        struct dot *dots = w ? calloc(w->n + 1, sizeof *dots) : NULL;
        size_t count = 0;
        char threads[32];
        if (!reference || !dots) {
            free(dots);
            continue;
        }
        for (size_t i = 0; i < w->n; i++) {
            const struct series *q = &w->series[i];
            if (q == reference || !series_ranked(q) || q->n == 0 || q->key->peer[0])
                continue;
            const struct interval r = series_ratio(q, reference, w->state, figure_mitems);
            if (r.n > 0)
                dots[count++] = (struct dot){q->key->queue, r, ratio_is_tie(&r)};
        }
        dots[count++] = (struct dot){REPORT_REFERENCE, {1, 1, 1, reference->n, 1}, true};
        qsort(dots, count, sizeof *dots, by_mid);
        setting_threads(w, threads, sizeof threads);
        for (size_t i = 0; i < count; i++) {
            fprintf(f, "%d\t%s %s%s, %s\t%zu\t%s", p + 1, panels[p].workload, threads,
                    w->key->consumers        ? ""
                    : w->key->producers == 1 ? " thread"
                                             : " threads",
                    w->state, i, dots[i].queue);
            put(f, dots[i].r.mid);
            put(f, dots[i].r.low);
            put(f, dots[i].r.high);
            fprintf(f, "\t%zu\t%d\n", dots[i].r.n, dots[i].tie);
        }
        free(dots);
    }
}

/* ---- latency ------------------------------------------------------------------------------- */

static void curve(FILE *f, const struct setting *s, const struct series *q, const char *part_name,
                  struct histogram *const *(*part)(const struct record *))
{
    double tick = 0;
    char threads[32];
    struct histogram *h = series_merge(q, s->state, part, &tick);
    if (!h)
        return;
    /* Twelve points to a decade of 1/(1-p), from the median's half to the last supported one. */
    for (int i = 0; i <= 12 * 7; i++) {
        const double x = pow(10, i / 12.0), p = 1 - 1 / x;
        if (!histogram_supports(h, p))
            break;
        fprintf(f, "%s\t%s\t%s %s", q->key->queue, part_name, s->key->workload,
                setting_threads(s, threads, sizeof threads));
        put(f, p);
        put(f, x);
        put(f, (double)histogram_quantile(h, p) * tick);
        fprintf(f, "\t%llu\t%d\n", (unsigned long long)h->total, q->key->floor);
    }
    free(h);
}

static void curve_push(FILE *f, const struct book *b, const struct setting *s,
                       const struct series *q)
{
    (void)b;
    curve(f, s, q, "push", part_push);
}
static void curve_pop(FILE *f, const struct book *b, const struct setting *s,
                      const struct series *q)
{
    (void)b;
    curve(f, s, q, "pop", part_pop);
}
static void curve_sojourn(FILE *f, const struct book *b, const struct setting *s,
                          const struct series *q)
{
    (void)b;
    curve(f, s, q, "sojourn", part_sojourn);
}

/* The closed setting with most queues that has this part, within the processors if there is one. */
static const struct setting *richest(const struct book *b,
                                     struct histogram *const *(*part)(const struct record *))
{
    const struct setting *best = NULL;
    size_t most = 0;
    for (int over = 0; over < 2 && !best; over++)
        for (size_t i = 0; i < b->n_settings; i++) {
            const struct setting *s = &b->settings[i];
            size_t with = 0;
            if (strcmp(s->key->mode, "latency") != 0 || s->key->rate > 0 || s->key->batch > 1 ||
                strcmp(s->key->workload, "backoff") == 0 ||
                (record_threads(s->key) > b->cpus) != over)
                continue;
            for (size_t j = 0; j < s->n; j++)
                with += !s->series[j].key->floor && s->series[j].n > 0 &&
                        *part(s->series[j].sample[0]) != NULL;
            if (with > most || (best && with == most && with > 0 &&
                                record_threads(s->key) > record_threads(best->key))) {
                most = with;
                best = s;
            }
        }
    return best;
}

static void percentiles(FILE *f, const struct book *b)
{
    const struct setting *push = richest(b, part_push), *sojourn = richest(b, part_sojourn);
    fputs("queue\tpart\tsetting\tp\tinverse\tns\tsamples\tfloor\n", f);
    if (push) {
        each_queue(f, b, &push, 1, curve_push);
        each_queue(f, b, &push, 1, curve_pop);
    }
    if (sojourn)
        each_queue(f, b, &sojourn, 1, curve_sojourn);
}

static void load_line(FILE *f, const struct book *b, const struct setting *s,
                      const struct series *q)
{
    static const double quantiles[] = {0.5, 0.99, 0.999};
    double tick = 0;
    struct histogram *h = series_merge(q, s->state, part_sojourn, &tick);
    (void)b;
    if (!h)
        return;
    const double carried = series_median(q, s->state, figure_mitems).mid;
    char threads[32];
    fprintf(f, "%s\t%s", q->key->queue, setting_threads(s, threads, sizeof threads));
    put(f, s->key->rate / 1e6);
    put(f, carried);
    for (size_t i = 0; i < 3; i++)
        put(f, histogram_supports(h, quantiles[i])
                   ? (double)histogram_quantile(h, quantiles[i]) * tick
                   : NAN);
    fprintf(f, "\t%d\t%s\n", carried < 0.95 * s->key->rate / 1e6, s->state);
    free(h);
}

static void load(FILE *f, const struct book *b)
{
    const struct setting *all[SETTINGS_MOST], *s[SETTINGS_MOST];
    const size_t n = book_usual(b, "open", "latency", all, SETTINGS_MOST);
    size_t most = 0, kept = 0;
    unsigned p = 0, c = 0;
    for (size_t i = 0; i < n; i++) { /* the team that was tried at most rates */
        size_t rates = 0;
        for (size_t j = 0; j < n; j++)
            rates += all[j]->key->producers == all[i]->key->producers &&
                     all[j]->key->consumers == all[i]->key->consumers;
        if (rates > most) {
            most = rates;
            p = all[i]->key->producers;
            c = all[i]->key->consumers;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (all[i]->key->producers == p && all[i]->key->consumers == c)
            s[kept++] = all[i];
    fputs("queue\tthreads\toffered_m_per_s\tcarried_m_per_s\tp50_ns\tp99_ns\tp999_ns\tsaturated\t"
          "state\n",
          f);
    each_queue(f, b, s, kept, load_line);
}

/* ---- contention and memory ----------------------------------------------------------------- */

static void contention(FILE *f, const struct book *b)
{
    static figure *const figures[] = {figure_cas_failed, figure_retries,   figure_full,
                                      figure_empty,      figure_voluntary, figure_involuntary};
    const struct setting *s[SETTINGS_MOST];
    size_t n = book_usual(b, "mpmc", "throughput", s, SETTINGS_MOST);
    const struct setting *w = book_widest(b, s, n, true);
    const char *names[256];
    char threads[32];
    if (!w)
        w = book_widest(b, s, n, false);
    fputs("queue\trow\tsetting\tcas_failed\tretries\tfull\tempty\tvoluntary\tinvoluntary\n", f);
    const size_t count = queues_sorted(b, names, 256);
    size_t row = 0;
    for (size_t i = count; w && i-- > 0;) {
        const struct series *q = setting_find(w, names[i], "inline");
        if (!q || q->n == 0 || q->key->peer[0]) /* those of others count nothing */
            continue;
        fprintf(f, "%s\t%zu\tmpmc %s, %s", names[i], row++,
                setting_threads(w, threads, sizeof threads), w->state);
        for (size_t k = 0; k < 6; k++)
            put(f, series_median(q, w->state, figures[k]).mid);
        fputc('\n', f);
    }
}

static void memory(FILE *f, const struct book *b)
{
    const struct setting *s[SETTINGS_MOST];
    const size_t n = book_usual(b, "fill_drain", "throughput", s, SETTINGS_MOST);
    const char *names[256];
    const size_t count = n ? queues_sorted(b, names, 256) : 0;
    size_t row = 0;
    fputs("queue\trow\tpayload_bytes\tcapacity\tbytes_per_item\tlow\thigh\n", f);
    for (size_t i = count; i-- > 0;) {
        size_t lines = 0;
        for (size_t k = 0; k < b->n_settings; k++) {
            const struct setting *v = &b->settings[k];
            const struct series *q = setting_find(v, names[i], "inline");
            if (strcmp(v->key->workload, "fill_drain") != 0 || v->key->batch > 1 ||
                v->key->capacity != s[0]->key->capacity || !q || q->n == 0)
                continue;
            const struct interval m = series_median(q, NULL, figure_bytes_per_item);
            if (m.n == 0)
                continue;
            fprintf(f, "%s\t%zu\t%u\t%llu", names[i], row, v->key->payload_bytes,
                    (unsigned long long)v->key->capacity);
            put(f, m.mid);
            put(f, m.low);
            put(f, m.high);
            fputc('\n', f);
            lines++;
        }
        row += lines > 0;
    }
}

/* ---- all ----------------------------------------------------------------------------------- */

int report_data(const struct book *b, const char *data_dir, char *message, size_t message_size)
{
    static const struct {
        const char *name;
        table *write;
    } tables[] = {
        {"queues", queues},         {"machine", machine},         {"throughput", throughput},
        {"ratio", ratio},           {"percentiles", percentiles}, {"load", load},
        {"contention", contention}, {"memory", memory},           {"order", order_data},
        {"backoff", backoff_data},  {"segment", segment_data},    {"held", held_data},
    };
    if (mkdir(data_dir, 0777) != 0 && errno != EEXIST) {
        const int error = errno;
        snprintf(message, message_size, "cannot create %s: %s", data_dir, strerror(error));
        return error;
    }
    int error = 0;
    const size_t n = sizeof tables / sizeof *tables;
    for (size_t i = 0; i < n + CLASSES && !error; i++) {
        char *text = NULL, path[4200], name[32];
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        if (!f)
            return ENOMEM;
        if (i < n) {
            snprintf(name, sizeof name, "%s", tables[i].name);
            tables[i].write(f, b);
        } else {
            snprintf(name, sizeof name, "rank_%s", class_names[i - n]);
            ranking_data(f, b, (enum q_class)(i - n));
        }
        if (fclose(f) != 0) {
            free(text);
            snprintf(message, message_size, "no memory for the data of %s", name);
            return ENOMEM;
        }
        snprintf(path, sizeof path, "%s/%s.tsv", data_dir, name);
        error = write_whole(path, text, size, message, message_size);
        free(text);
    }
    return error;
}
