/* report_cost.c: what queues pay and in which coin: memory, contention, the interface. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory -------------------------------------------------------------------------------- */

int section_memory(FILE *f, const struct book *b)
{
    const char *const titles[] = {"bytes per item", "beyond the item", "high water, KiB",
                                  "left when drained, KiB", "n"};
    bool any = false;
    for (unsigned payload = 1; payload <= 1024; payload++) /* sizes that occur, smallest first */
        for (size_t i = 0; i < b->n_settings; i++) {
            const struct setting *s = &b->settings[i];
            if (strcmp(s->key->workload, "fill_drain") != 0 || s->key->payload_bytes != payload ||
                s->key->batch > 1)
                continue;
            fprintf(f, "#### %u-byte items, filled to %llu\n\n", payload,
                    (unsigned long long)s->key->capacity);
            put_table_head(f, "queue", titles, 5);
            for (size_t j = 0; j < s->n; j++) {
                const struct series *q = &s->series[j];
                if (!series_ranked(q) || q->n == 0)
                    continue;
                const struct interval item = series_median(q, NULL, figure_bytes_per_item);
                const struct interval peak = series_median(q, NULL, figure_bytes);
                fprintf(f, "| %s | ", q->key->queue);
                put_number(f, item.mid);
                fputs(" | ", f);
                put_number(f, item.mid - payload);
                fputs(" | ", f);
                put_number(f, peak.mid / 1024);
                fputs(" | ", f);
                const struct interval left = series_median(q, NULL, figure_bytes_left);
                put_number(f, left.mid > 0 ? left.mid / 1024 : NAN); /* older records have none */
                fprintf(f, " | %zu |\n", peak.n);
            }
            fputc('\n', f);
            any = true;
        }
    if (any)
        fputs("Bytes are counted by the queues themselves (`N_bytes`), the struct included, the "
              "allocator's own overhead not. Bytes per item: high water over the most items that "
              "were inside at once.\n\n",
              f);
    else
        fputs("Not measured: there is no record of `fill_drain`.\n\n", f);
    return 0;
}

/* ---- contention ---------------------------------------------------------------------------- */

int section_contention(FILE *f, const struct book *b)
{
    static const char *const workloads[] = {"spsc", "mpsc", "mpmc", "pairs"};
    static const char *const titles[] = {"failed CAS", "retries", "answers full", "answers empty",
                                         "parks",      "slept",   "preempted"};
    static figure *const figures[] = {figure_cas_failed, figure_retries, figure_full,
                                      figure_empty,      figure_parks,   figure_voluntary,
                                      figure_involuntary};
    fputs("Per 1000 items that went through, medians over the rounds in the state in brackets. A "
          "fast queue may answer "
          "*full* or *empty* often: it is the other side that is slow. *Slept* and *preempted* are "
          "context switches, voluntary and not.\n\n",
          f);
    for (size_t k = 0; k < sizeof workloads / sizeof *workloads; k++) {
        const struct setting *all[SETTINGS_MOST], *shown[2];
        const size_t n = book_usual(b, workloads[k], "throughput", all, SETTINGS_MOST);
        shown[0] = book_widest(b, all, n, false);
        shown[1] = book_widest(b, all, n, true);
        for (size_t i = 0; i < 2; i++) {
            const struct setting *s = shown[i];
            char threads[32];
            if (!s || record_threads(s->key) < 2 || (i == 1 && s == shown[0]))
                continue;
            fprintf(f, "#### %s %s%s (%s)\n\n", workloads[k],
                    setting_threads(s, threads, sizeof threads),
                    record_threads(s->key) > b->cpus ? " †" : "", s->state);
            put_table_head(f, "queue", titles, 7);
            for (size_t j = 0; j < s->n; j++) {
                const struct series *q = &s->series[j];
                if (!series_ranked(q) || q->n == 0)
                    continue;
                fprintf(f, "| %s |", q->key->queue);
                for (size_t c = 0; c < 7; c++) {
                    fputc(' ', f);
                    put_number(f, 1000 * series_median(q, s->state, figures[c]).mid);
                    fputs(" |", f);
                }
                fputc('\n', f);
            }
            fputc('\n', f);
        }
    }
    return 0;
}

/* ---- interface ----------------------------------------------------------------------------- */

int section_interface(FILE *f, const struct book *b)
{
    put_targets(f, b);
    bool head = false;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *s = &b->settings[i];
        for (size_t j = 0; j < s->n; j++) {
            const struct series *q = &s->series[j];
            const struct series *in = setting_find(s, q->key->queue, "inline");
            char threads[32];
            if (strcmp(q->key->call, "indirect") != 0 || !in || q->n == 0)
                continue;
            if (!head)
                fputs("#### Calls through a table of function pointers\n\nEvery figure elsewhere "
                      "is of operations inlined into the loop. A program that picks its queue at "
                      "run time pays for the call:\n\n| queue | workload, state | time, indirect "
                      "over "
                      "inline |\n|:--|:--|--:|\n",
                      f);
            head = true;
            const struct interval r = series_ratio(q, in, s->state, figure_ns);
            fprintf(f, "| %s%s | %s %s, %s | ", q->key->queue, q->key->floor ? " (floor)" : "",
                    s->key->workload, setting_threads(s, threads, sizeof threads), s->state);
            put_ratio(f, &r);
            fputs(" |\n", f);
        }
    }
    if (head)
        fputc('\n', f);
    return 0;
}
