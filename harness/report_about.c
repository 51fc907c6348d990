/* report_about.c: where the figures come from and how far they carry: machine, what it cannot tell,
 * records. */
#include "harness/report_book.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/plan_file.h"
#include "harness/report.h"
#include "harness/topology.h"

/* ---- machine ------------------------------------------------------------------------------- */

static void say(void *arg, const char *sentence) { fprintf(arg, "- %s\n", sentence); }

static void put_row(FILE *f, const char *what, const char *text)
{
    if (text[0])
        fprintf(f, "| %s | %s |\n", what, text);
}

int section_machine(FILE *f, const struct book *b)
{
    const struct env *e = &b->env;
    char text[512];
    fputs("| | |\n|:--|:--|\n", f);
    put_row(f, "processor", e->cpu_model);
    snprintf(text, sizeof text, "%u processors, %u cores, SMT %s, %u NUMA node%s, %lu MiB memory",
             e->cpus, e->cores, e->smt[0] ? e->smt : "unknown", e->numa_nodes,
             e->numa_nodes == 1 ? "" : "s", e->memory_mib);
    put_row(f, "usable here", text);
    snprintf(text, sizeof text, "L1d %s, L2 %s, L3 %s", e->cache_l1d[0] ? e->cache_l1d : "?",
             e->cache_l2[0] ? e->cache_l2 : "?", e->cache_l3[0] ? e->cache_l3 : "?");
    put_row(f, "caches", text);
    put_row(f, "hypervisor", e->hypervisor);
    put_row(f, "system", e->os);
    put_row(f, "kernel", e->kernel);
    snprintf(text, sizeof text, "%s, build %s", e->compiler, e->build_type);
    put_row(f, "compiler", text);
    snprintf(text, sizeof text, "`%s`", e->flags);
    put_row(f, "flags", e->flags[0] ? text : "");
    put_row(f, "commit", e->commit);
    put_row(f, "frequency governor", e->governor);
    put_row(f, "clock source", e->clocksource);
    put_row(f, "transparent huge pages", e->thp);
    snprintf(text, sizeof text, "load %.2f when the run began, %.1f %% of time stolen since boot",
             e->load_1min, e->steal_percent);
    put_row(f, "company", text);
    snprintf(text, sizeof text, "back-off up to %u pauses, %u spins before a yield", e->backoff_max,
             e->spins_max);
    put_row(f, "waiting", text);
    if (e->peers[0] || e->peers_absent[0]) { /* records from before there were peers say nothing */
        put_row(f, "peers", e->peers[0] ? e->peers : "none");
        put_row(f, "peers not in the build", e->peers_absent[0] ? e->peers_absent : "none");
    }
    put_row(f, "measured", e->date);
    put_row(f, "fingerprint", e->id);
    fputc('\n', f);

    char *warnings = NULL;
    size_t size = 0;
    FILE *m = open_memstream(&warnings, &size);
    if (!m)
        return -1;
    env_warnings(e, say, m);
    fclose(m);
    if (size > 0)
        fprintf(f, "Before you believe a number:\n\n%s\n", warnings);
    free(warnings);
    return 0;
}

/* ---- what cannot be told ------------------------------------------------------------------- */

static void probes(FILE *f, const struct book *b)
{
    size_t n = 0;
    double *v = calloc(2 * b->n_records + 1, sizeof *v);
    for (size_t i = 0; v && i < b->n_records; i++) {
        const struct record *r = &b->records[i];
        if (!r->ok)
            continue;
        if (r->rtt_before_ns > 0)
            v[n++] = r->rtt_before_ns;
        if (r->rtt_after_ns > 0)
            v[n++] = r->rtt_after_ns;
    }
    if (n > 0) {
        fputs("- **Placement.** A cache line took ", f);
        put_number(f, stats_median(v, n));
        fputs(" ns to the other processor and back (median of the probes around every sample; "
              "fastest tenth ",
              f);
        put_number(f, stats_quantile(v, n, 0.1));
        fputs(", slowest tenth ", f);
        put_number(f, stats_quantile(v, n, 0.9));
        fputs("). Samples were taken on processors ", f);
        put_states(f, b);
        fprintf(
            f,
            ": *shared* is a round trip below %.0f ns, *near* below %.0f. Each figure is of one "
            "state, the one most samples of its setting saw.\n",
            TOPOLOGY_NEAR_NS, TOPOLOGY_FAR_NS);
    }
    free(v);
}

/* Series whose figures follow each other in time with a trend. */
static void drift(FILE *f, const struct book *b)
{
    size_t tested = 0, found = 0;
    char *list = NULL;
    size_t size = 0;
    FILE *m = open_memstream(&list, &size);
    if (!m)
        return;
    for (size_t i = 0; i < b->n_settings; i++)
        for (size_t j = 0; j < b->settings[i].n; j++) {
            const struct series *s = &b->settings[i].series[j];
            double *v = calloc(s->n + 1, sizeof *v);
            size_t n = 0;
            for (size_t k = 0; v && k < s->n; k++)
                if (strcmp(s->sample[k]->state, b->settings[i].state) == 0 &&
                    s->sample[k]->ns_per_item > 0)
                    v[n++] = s->sample[k]->ns_per_item;
            if (n >= 9) {
                const double x = stats_drift(v, n);
                char name[160];
                tested++;
                if (fabs(x) > 3) {
                    record_cell_name(s->key, name, sizeof name);
                    if (found++ < 8)
                        fprintf(m, "%s`%s`", found > 1 ? ", " : "", name);
                }
            }
            free(v);
        }
    fclose(m);
    if (tested > 0)
        fprintf(f,
                "- **Drift.** %zu of %zu cells with nine samples or more got steadily faster or "
                "slower while the run went on%s%s%s.\n",
                found, tested, found ? ": " : "", list, found > 8 ? " and others" : "");
    free(list);
}

struct wide {
    const struct series *series;
    double width;
};

static int by_width(const void *pa, const void *pb)
{
    const struct wide *a = pa, *b = pb;
    if (a->width != b->width)
        return a->width > b->width ? -1 : 1;
    return a->series < b->series ? -1 : a->series > b->series;
}

static void wide(FILE *f, const struct book *b)
{
    struct wide *w = calloc(b->n_series + 1, sizeof *w);
    size_t n = 0, few = 0, all = 0;
    for (size_t i = 0; w && i < b->n_settings; i++)
        for (size_t j = 0; j < b->settings[i].n; j++) {
            const struct series *s = &b->settings[i].series[j];
            const struct interval m = series_median(s, b->settings[i].state, figure_ns);
            all++;
            if (m.coverage <= 0)
                few++;
            else if (m.high > 1.5 * m.low)
                w[n++] = (struct wide){s, m.high / m.low};
        }
    if (!w)
        return;
    qsort(w, n, sizeof *w, by_width);
    fprintf(f,
            "- **Wide intervals.** In %zu of %zu cells the ends of the interval of the median "
            "lie more than 1.5x apart; %zu cells have too few samples in one state for an "
            "interval.",
            n, all, few);
    for (size_t i = 0; i < n && i < 8; i++) {
        char name[160];
        record_cell_name(w[i].series->key, name, sizeof name);
        fprintf(f, "%s`%s` (", i ? ", " : " Widest: ", name);
        put_number(f, w[i].width);
        fputs("x)", f);
    }
    fputs(n ? ".\n" : "\n", f);
    free(w);
}

static void suppressed(FILE *f, const struct book *b)
{
    static const double q[] = {0.99, 0.999, 0.9999};
    struct histogram *const *(*const parts[])(const struct record *) = {part_push, part_pop,
                                                                        part_sojourn};
    size_t all = 0, hidden[3] = {0};
    for (size_t i = 0; i < b->n_settings; i++)
        for (size_t j = 0; j < b->settings[i].n; j++)
            for (size_t p = 0; p < 3; p++) {
                double tick;
                struct histogram *h =
                    series_merge(&b->settings[i].series[j], b->settings[i].state, parts[p], &tick);
                if (!h)
                    continue;
                all++;
                for (size_t k = 0; k < 3; k++)
                    hidden[k] += !histogram_supports(h, q[k]);
                free(h);
            }
    if (all > 0)
        fprintf(f,
                "- **Quantiles kept back** for want of samples, of %zu distributions: p99 in "
                "%zu, p99.9 in %zu, p99.99 in %zu.\n",
                all, hidden[0], hidden[1], hidden[2]);
}

int section_cannot_tell(FILE *f, const struct book *b)
{
    size_t crowded = 0, failed = 0;
    for (size_t i = 0; i < b->n_series; i++) {
        crowded += record_threads(b->series[i].key) > b->cpus;
        failed += b->series[i].failed > 0;
    }
    probes(f, b);
    drift(f, b);
    wide(f, b);
    suppressed(f, b);
    if (failed)
        fprintf(f,
                "- **Failed runs.** %zu of %zu cells have at least one: see the records below.\n",
                failed, b->n_series);
    else
        fprintf(f, "- **Failed runs.** None in %zu cells.\n", b->n_series);
    fprintf(f,
            "- **Scaling.** %zu of %zu cells ran more threads than the %u processor%s: they "
            "tell how a queue lives with a scheduler, not how it scales.\n",
            crowded, b->n_series, b->cpus, b->cpus == 1 ? "" : "s");
    return 0;
}

/* ---- records ------------------------------------------------------------------------------- */

static void failures(FILE *f, const struct book *b)
{
    const char *const titles[] = {"rounds"};
    bool head = false;
    for (size_t i = 0; i < b->n_records; i++) { /* sorted: samples of a cell stand together */
        const struct record *r = b->sorted[i];
        if (r->ok)
            continue;
        size_t same = 0;
        bool first = true;
        char name[160], other[160];
        record_cell_name(r, name, sizeof name);
        for (size_t j = 0; j < b->n_records; j++) {
            const struct record *o = b->sorted[j];
            if (o->ok || strcmp(o->error, r->error) != 0)
                continue;
            record_cell_name(o, other, sizeof other);
            if (strcmp(name, other) != 0 || strcmp(o->mode, r->mode) != 0)
                continue;
            same++;
            first &= j >= i;
        }
        if (!first)
            continue;
        if (!head)
            put_table_head(f, "failed cell: why", titles, 1);
        head = true;
        fprintf(f, "| `%s`: ", name);
        for (const char *c = r->error; *c; c++)
            fputc(*c == '|' || *c == '\n' ? ' ' : *c, f);
        fprintf(f, " | %zu |\n", same);
    }
    if (head)
        fputc('\n', f);
}

int section_records(FILE *f, const struct book *b)
{
    size_t failed = 0;
    for (size_t i = 0; i < b->n_records; i++)
        failed += !b->records[i].ok;
    fprintf(f,
            "`results/%s`: %zu samples of %zu cells in %u rounds, %zu failed. A failed sample has "
            "no number.%s\n\n",
            b->directory, b->n_records, b->n_series, b->rounds, failed,
            b->torn ? " The run was cut off while it wrote; the torn last line is left out." : "");
    failures(f, b);

    char path[4200], message[512];
    struct stat st;
    struct plan_file p;
    snprintf(path, sizeof path, "%s/plan.json", b->results_dir);
    if (stat(path, &st) != 0)
        return 0;
    if (plan_file_read(path, &p, message, sizeof message) != 0) {
        fputs("`plan.json` cannot be read: the way to repeat this run is not known.\n\n", f);
        return 0;
    }
    fprintf(f, "Plan `%s`: %zu cells, %u rounds, ", p.name, p.cells, p.rounds);
    put_number(f, p.sample_ms);
    fputs(" ms a sample, budget ", f);
    put_number(f, p.budget_s);
    fputs(" s", f);
    if (p.dropped)
        fprintf(f, "; %zu cells were left out because the budget was too short", p.dropped);
    fprintf(f, ". Seed %llu.", (unsigned long long)p.seed);
    fprintf(
        f,
        " To take the same samples in the same order (into a directory of your own):\n\n```\n"
        "build/release/queuelab bench --plan %s --seed %llu --rounds %u --sample-ms %g --pin %s",
        p.name, (unsigned long long)p.seed, p.rounds, p.sample_ms, p.pin);
    const char *const words[][2] = {{"--only", p.only},
                                    {"--class", p.class_name},
                                    {"--queue", p.queue},
                                    {"--workload", p.workload}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i][1][0])
            fprintf(f, " %s '%s'", words[i][0], words[i][1]);
    if (p.peers)
        fputs(" --peers", f);
    fputs(" --out DIR\n```\n\n", f);
    return 0;
}
