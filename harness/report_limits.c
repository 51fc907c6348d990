/* report_limits.c: the limits of the machine, how near each queue comes to them, and where the rest
 * goes: instructions as counted one by one, lines that travel, what a family pays for its promise. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/limits.h"

enum { COLUMNS_MOST = 12, QUEUES_MOST = 256 };

static const char *meaning(const char *name)
{
    const struct limit *l = limit_find(name);
    return l ? l->what : "";
}

/* The bound of a setting: what queues of the kind pay at least. */
static const struct series *bound_of(const struct book *b, const struct setting *s)
{
    const char *const w = s->key->workload;
    const bool one_way = s->key->producers == 1 && s->key->consumers == 1;
    if (strcmp(w, "ping_pong") == 0)
        return book_limit(b, "line_round_trip");
    if (strcmp(w, "fill_drain") == 0 || (strcmp(w, "pairs") == 0 && s->key->producers == 1))
        return s->key->payload_bytes == 8 ? book_limit(b, "faa_pair_one") : NULL;
    if (strcmp(w, "pairs") == 0)
        return setting_find(s, "null_faa", "inline");
    if (one_way)
        return book_stream(b, s->key->payload_bytes);
    return s->key->payload_bytes == 8 && s->key->batch == 1 ? book_limit(b, "faa_shared_2") : NULL;
}

static void put_share(FILE *f, const struct setting *s, const struct series *bound,
                      const struct series *q)
{
    struct interval r = series_ratio(bound, q, s->state, figure_ns);
    const bool paired = r.n > 0;
    if (!paired) { /* the limit was taken in other rounds */
        const double limit = series_median(bound, s->state, figure_ns).mid;
        r.mid = limit / series_median(q, s->state, figure_ns).mid;
        if (isnan(r.mid)) {
            fputs("–", f);
            return;
        }
    }
    put_number(f, 100 * r.mid);
    fputs(" %", f);
    if (!paired)
        fputs(" (unpaired)", f);
    else if (r.n > 1) {
        fputs(r.coverage > 0 ? " [" : " (", f);
        put_number(f, 100 * r.low);
        fputs(r.coverage > 0 ? ", " : " to ", f);
        put_number(f, 100 * r.high);
        if (r.coverage > 0)
            fputc(']', f);
        else
            fprintf(f, ", n=%zu)", r.n);
    }
}

static void put_limits(FILE *f, const struct book *b)
{
    bool head = false;
    for (size_t i = 0; i < b->n_settings; i++)
        for (size_t j = 0; j < b->settings[i].n; j++) {
            const struct setting *s = &b->settings[i];
            const struct series *q = &s->series[j];
            if (strcmp(s->key->workload, "limit") != 0 || q->n == 0)
                continue;
            if (!head)
                fputs("| limit | what | ns | state |\n|:--|:--|--:|:--|\n", f);
            head = true;
            const struct interval m = series_median(q, s->state, figure_ns);
            fprintf(f, "| %s | %s | ", q->key->queue, meaning(q->key->queue));
            put_interval(f, &m);
            fprintf(f, " | %s |\n", s->state);
        }
    if (!head)
        fputs("Not measured: there is no record of a limit.\n", f);
    fputc('\n', f);
}

/* ---- shares -------------------------------------------------------------------------------- */

/* The settings of a workload that have a bound: the usual capacity, items of any size, batches. */
static size_t bounded(const struct book *b, const char *workload, const struct setting **out)
{
    const struct setting *usual[SETTINGS_MOST];
    const size_t usual_n = book_usual(b, workload, "throughput", usual, SETTINGS_MOST);
    size_t n = 0;
    for (size_t i = 0; usual_n && i < b->n_settings && n < COLUMNS_MOST; i++) {
        const struct setting *const s = &b->settings[i];
        const struct series *bound;
        if (strcmp(s->key->workload, workload) != 0 || strcmp(s->key->mode, "throughput") != 0 ||
            s->key->capacity != usual[0]->key->capacity)
            continue;
        bound = bound_of(b, s);
        if (bound && bound->n > 0)
            out[n++] = s;
    }
    return n;
}

static void put_title(FILE *f, const struct book *b, const struct setting *s)
{
    char threads[32];
    fprintf(f, " %s", setting_threads(s, threads, sizeof threads));
    if (s->key->batch > 1)
        fprintf(f, ", batch %u", s->key->batch);
    if (s->key->payload_bytes != 8)
        fprintf(f, ", %u B", s->key->payload_bytes);
    fprintf(f, "%s, against `%s` (%s) |", record_threads(s->key) > b->cpus ? " †" : "",
            bound_of(b, s)->key->queue, s->state);
}

static void put_shares(FILE *f, const struct book *b, const char *workload)
{
    const struct setting *s[COLUMNS_MOST];
    const size_t n = bounded(b, workload, s);
    if (n == 0)
        return;
    fprintf(f, "| %s |", workload);
    for (size_t i = 0; i < n; i++)
        put_title(f, b, s[i]);
    fputs("\n|:--|", f);
    for (size_t i = 0; i < n; i++)
        fputs("--:|", f);
    fputc('\n', f);
    const char *names[QUEUES_MOST];
    size_t queues = 0;
    for (size_t i = 0; i < b->n_series && queues < QUEUES_MOST; i++) {
        const struct series *const q = &b->series[i];
        bool here = false, known = !series_ranked(q);
        for (size_t k = 0; k < n && !here; k++) {
            const struct series *const x = setting_find(s[k], q->key->queue, "inline");
            here = x && x->n > 0;
        }
        for (size_t k = 0; k < queues && !known; k++)
            known = strcmp(names[k], q->key->queue) == 0;
        if (known || !here)
            continue;
        names[queues++] = q->key->queue;
        const char *const mark = q->key->peer[0] ? "*" : "";
        fprintf(f, "| %s%s%s |", mark, q->key->queue, mark);
        for (size_t k = 0; k < n; k++) {
            const struct series *const x = setting_find(s[k], q->key->queue, "inline");
            fputc(' ', f);
            if (x && x->n > 0)
                put_share(f, s[k], bound_of(b, s[k]), x);
            fputs(" |", f);
        }
        fputc('\n', f);
    }
    fputc('\n', f);
}

/* ---- where the rest goes ------------------------------------------------------------------- */

static double figure_locked(const struct record *r)
{
    return r->items ? r->locked_push + r->locked_pop : NAN;
}
static double figure_fences(const struct record *r)
{
    return r->items ? r->fences_push + r->fences_pop : NAN;
}
static double figure_instructions(const struct record *r)
{
    return r->items ? r->instructions_push + r->instructions_pop : NAN;
}

static const struct setting *cell(const struct book *b, const char *workload, unsigned producers)
{
    const struct setting *s[SETTINGS_MOST];
    const size_t n = book_usual(b, workload, "throughput", s, SETTINGS_MOST);
    for (size_t i = 0; i < n; i++)
        if (s[i]->key->producers == producers)
            return s[i];
    return NULL;
}

static double median_in(const struct setting *s, const char *queue, figure *what)
{
    const struct series *const q = s ? setting_find(s, queue, "inline") : NULL;
    return q && q->n ? series_median(q, s->state, what).mid : NAN;
}

static double limit_ns(const struct book *b, const char *name)
{
    const struct series *const l = book_limit(b, name);
    return l && l->n ? series_median(l, NULL, figure_ns).mid : NAN;
}

/* One item of one queue, taken apart. */
struct parts {
    const struct record *key;
    double locked, fences, instructions;
    double alone_ns, ordered_ns; /* pairs 1; what its locked instructions and fences take of it */
    double one_way_ns, lines;    /* spsc 1:1, and in hand-overs of a line */
    double rivals_ns, rival_lines, cas_failed; /* pairs 2 */
};

static struct parts take_apart(const struct book *b, const struct setting *census,
                               const struct record *key)
{
    const struct setting *const one = cell(b, "pairs", 1), *const two = cell(b, "pairs", 2),
                                *const way = cell(b, "spsc", 1);
    const double locked_ns = limit_ns(b, "faa_one"), line_ns = limit_ns(b, "line_round_trip") / 2;
    const double fence_ns = limit_ns(b, "fence_one") - limit_ns(b, "store_line");
    struct parts p = {.key = key};
    p.locked = median_in(census, key->queue, figure_locked);
    p.fences = median_in(census, key->queue, figure_fences);
    p.instructions = median_in(census, key->queue, figure_instructions);
    p.alone_ns = median_in(one, key->queue, figure_ns);
    p.ordered_ns = p.locked * locked_ns + (p.fences > 0 ? p.fences * fence_ns : 0);
    p.one_way_ns = median_in(way, key->queue, figure_ns);
    p.lines = p.one_way_ns / line_ns;
    p.rivals_ns = median_in(two, key->queue, figure_ns);
    p.rival_lines = p.rivals_ns / line_ns;
    p.cas_failed = 1000 * median_in(two, key->queue, figure_cas_failed);
    return p;
}

static void put_parts(FILE *f, const struct parts *p)
{
    const char *const mark = p->key->peer[0] ? "*" : "";
    const double shown[] = {p->locked,
                            p->fences,
                            p->instructions,
                            p->alone_ns,
                            100 * p->ordered_ns / p->alone_ns,
                            p->one_way_ns,
                            p->lines,
                            p->rivals_ns,
                            p->rival_lines,
                            p->cas_failed};
    fprintf(f, "| %s%s%s |", mark, p->key->queue, mark);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        fputc(' ', f);
        put_number(f, shown[i]);
        fputs(i == 4 && !isnan(shown[i]) ? " % |" : " |", f);
    }
    fputc('\n', f);
}

/* What a family pays for, in words; the figures beside it are of the run. */
static const struct {
    const char *family, *why;
} families[] = {
    {"mutex", "each lock and each unlock is a locked instruction, alone or not. With rivals the "
              "lock's line and the data's lines travel together, and whoever loses its processor "
              "or sleeps inside makes all others wait"},
    {"array",
     "a compare-and-swap for each ticket, on a line that all of one side share. With rivals "
     "that line travels, and a swap that is lost was a journey for nothing: back-off lets "
     "one thread keep the line, which is fast and less fair. Then each cell travels once"},
    {"segment",
     "as an array, and the cells are new ones: a line that was never in this cache before "
     "comes from far, and a drained segment must go round before it is used again"},
    {"ring",
     "without rivals on a side nothing must be locked. What is left is the travelling of the "
     "lines of slots, as many items to a line as fit, and of the indices or flags that say "
     "how far the other side is"},
    {"list",
     "an exchange for each push, one line for each node, and the consumer follows pointers: "
     "it cannot ask for the next line before it has this one"},
    {"lanes", "every operation keeps the count of what is inside beside the lane's own work: one "
              "more locked instruction on one more shared line"},
    {"combining", "one thread does the work of all while it holds the lock: the data stays in one "
                  "cache, and each request and answer is a line that travels"},
};

static void put_family(FILE *f, const struct parts *p, size_t n, const char *family)
{
    const struct parts *alone = NULL, *way = NULL, *rivals = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(p[i].key->family, family) != 0 || p[i].key->peer[0])
            continue;
        if (p[i].alone_ns > 0 && (!alone || p[i].alone_ns < alone->alone_ns))
            alone = &p[i];
        if (p[i].one_way_ns > 0 && (!way || p[i].one_way_ns < way->one_way_ns))
            way = &p[i];
        if (p[i].rivals_ns > 0 && (!rivals || p[i].rivals_ns < rivals->rivals_ns))
            rivals = &p[i];
    }
    if (!alone && !way && !rivals)
        return;
    fprintf(f, "**%s.** ", family);
    if (alone) {
        fprintf(f, "Alone, `%s` takes ", alone->key->queue);
        put_number(f, alone->alone_ns);
        fputs(" ns for an item", f);
        if (!isnan(alone->locked)) {
            fputs("; its ", f);
            put_number(f, alone->locked);
            fputs(" locked instructions and ", f);
            put_number(f, alone->fences);
            fputs(" fences by themselves would take ", f);
            put_number(f, alone->ordered_ns);
            fputs(" of them. There are ", f);
            put_number(f, alone->instructions - alone->locked - alone->fences);
            fputs(" other instructions, some of them of the measuring loop", f);
        }
        fputs(". ", f);
    }
    if (way) {
        fprintf(f, "From one thread to another, `%s` takes ", way->key->queue);
        put_number(f, way->one_way_ns);
        fputs(" ns, as long as ", f);
        put_number(f, way->lines);
        fputs(" hand-overs of a line. ", f);
    }
    if (rivals) {
        fprintf(f, "With two rivals (pairs 2), `%s` takes ", rivals->key->queue);
        put_number(f, rivals->rivals_ns);
        fputs(" ns: ", f);
        put_number(f, rivals->rival_lines);
        fputs(" hand-overs", f);
        if (rivals->cas_failed > 0) {
            fputs(", and ", f);
            put_number(f, rivals->cas_failed);
            fputs(" of 1000 items lost a compare-and-swap", f);
        }
        fputs(". ", f);
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i].family, family) == 0)
            fprintf(f, "What it pays for: %s.", families[i].why);
    fputs("\n\n", f);
}

static void put_rest(FILE *f, const struct book *b)
{
    static const char *const titles[] = {"locked, push and pop",
                                         "fences",
                                         "instructions",
                                         "alone, ns",
                                         "locked and fences of it",
                                         "1:1, ns",
                                         "hand-overs",
                                         "pairs 2, ns",
                                         "hand-overs",
                                         "CAS lost / 1000"};
    const struct setting *census = NULL;
    for (size_t i = 0; i < b->n_settings; i++)
        if (strcmp(b->settings[i].key->workload, "census") == 0)
            census = &b->settings[i];
    fputs("#### Where the rest goes\n\n", f);
    if (!census) {
        fputs("Not measured: there is no record of `census`.\n\n", f);
        return;
    }
    struct parts *const p = calloc(census->n + 1, sizeof *p);
    size_t n = 0;
    put_table_head(f, "queue", titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; p && i < census->n; i++)
        if (series_ranked(&census->series[i]) && census->series[i].n > 0) {
            p[n] = take_apart(b, census, census->series[i].key);
            put_parts(f, &p[n++]);
        }
    fputs(
        "\nLocked instructions, fences and all instructions of one push and one pop, counted while "
        "one thread executed them step by step (`harness/census.h`); the loop that calls them is "
        "in the count. What locked ones and fences take is reckoned with `faa_one` and "
        "`fence_one`, a hand-over is half of `line_round_trip`. Medians, each in the state that "
        "most samples of its setting saw.\n\n",
        f);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (strcmp(p[k].key->family, p[i].key->family) != 0 || p[k].key->peer[0])
            if (k++ == i)
                break;
        if (k == i)
            put_family(f, p, n, p[i].key->family);
    }
    free(p);
}

int section_limits(FILE *f, const struct book *b)
{
    static const char *const workloads[] = {"spsc",  "mpsc",       "mpmc",
                                            "pairs", "fill_drain", "ping_pong"};
    put_limits(f, b);
    fputs(
        "#### Share of the limit\n\nTime of the limit over time of the queue, pair by pair: "
        "100 % would be a queue that costs nothing beyond what the machine must do. A bound made "
        "of fetch-and-adds holds for queues that need one on each side for each item; those that "
        "need none, and those that let one thread keep the line for a while, may pass 100 %. "
        "`faa_shared_2`: both sides at once, each on its line. † more threads than processors.\n\n",
        f);
    for (size_t k = 0; k < sizeof workloads / sizeof *workloads; k++)
        put_shares(f, b, workloads[k]);
    put_rest(f, b);
    return 0;
}
