/* figure.c: the table of the figure: each map's throughput with 8 threads, a column of panels for each
 * mix; the fastest of the read-heavy mix on top. */
#include <stdlib.h>
#include <string.h>

#include "studies/indexing/indexing.h"

static const char *const settings[] = {"read-only, zipf, 8 threads", "read-heavy, zipf, 8 threads",
                                       "write-heavy, zipf, 8 threads"};
enum { PANELS = sizeof settings / sizeof *settings, FIRST = 1 };

struct row {
    const char *map;
    struct interval panel[PANELS];
};

static int by_speed(const void *a, const void *b)
{
    const double x = ((const struct row *)a)->panel[FIRST].mid,
                 y = ((const struct row *)b)->panel[FIRST].mid;
    return x < y ? -1 : x > y; /* rows are drawn upwards */
}

void indexing_figure(const struct study_judge *j, FILE *table)
{
    struct row rows[64];
    size_t n = 0;
    for (; n < 64 && study_variant(j, "throughput", settings[FIRST], n); n++) {
        rows[n].map = study_variant(j, "throughput", settings[FIRST], n);
        for (unsigned p = 0; p < PANELS; p++)
            rows[n].panel[p] = study_median(j, "throughput", rows[n].map, settings[p], "ops_per_s");
    }
    qsort(rows, n, sizeof *rows, by_speed);
    fputs("map\trow\tkind", table);
    for (unsigned p = 0; p < PANELS; p++)
        fprintf(table, "\tmid%u\tlow%u\thigh%u", p, p, p);
    fputc('\n', table);
    for (size_t i = 0; i < n; i++) {
        const bool ours = strncmp(rows[i].map, "map_", 4) == 0;
        /* 0: the study's own; 1: with locks; 2: other people's */
        fprintf(table, "%s\t%zu\t%d", rows[i].map, i,
                !ours ? 2
                : strcmp(rows[i].map, "map_lockfree") == 0 || strcmp(rows[i].map, "map_list") == 0
                    ? 0
                    : 1);
        for (unsigned p = 0; p < PANELS; p++)
            if (rows[i].panel[p].n)
                fprintf(table, "\t%.6g\t%.6g\t%.6g", rows[i].panel[p].mid, rows[i].panel[p].low,
                        rows[i].panel[p].high);
            else
                fputs("\tNaN\tNaN\tNaN", table);
        fputc('\n', table);
    }
}
