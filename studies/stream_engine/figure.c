/* figure.c: the figure's table: each step, its throughput and its switches with 1, 4 and 8 threads, and
 * what the document expects of it. */
#include "studies/stream_engine/judging.h"

static const struct {
    const char *variant, *label;
    double expected; /* records a second; 0: the document has no figure */
    int kind;        /* 0: the document's steps, 1: the same start with other locks, 2: ours */
} rows[] = {
    {"current, mutex", "current, with a mutex", 0, 1},
    {"current", "current: lock per record", 16600, 0},
    {"+ map", "+ sharded map", 35000, 0},
    {"+ DashMap", "   (DashMap)", 35000, 0},
    {"+ batch lock", "+ lock per batch", 50000, 0},
    {"+ counted records", "+ counted records", 70000, 0},
    {"+ atomic metrics", "+ atomic metrics", 142000, 0},
    {"ours: partitioned", "ours: partitioned", 0, 2},
    {"ours: partial sums", "ours: partial sums", 0, 2},
    {"ours: own tables", "ours: own tables", 0, 2},
};

static void put(FILE *table, struct interval v)
{
    if (v.n)
        fprintf(table, "\t%.6g\t%.6g\t%.6g", v.mid, v.low, v.high);
    else
        fputs("\tNaN\tNaN\tNaN", table);
}

void stream_engine_figure(const struct study_judge *j, FILE *table)
{
    static const unsigned threads[] = {1, 4, 8};
    unsigned row = 0;
    fputs("step\trow\tkind\texpected", table);
    for (unsigned t = 0; t < 3; t++)
        fprintf(table, "\trate%u\tlow%u\thigh%u\tswitches%u\tfew%u\tmany%u", threads[t], threads[t],
                threads[t], threads[t], threads[t], threads[t]);
    fputc('\n', table);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const four = flow_setting(j, "steps", "group by", 4, "1 K groups", 0);
        if (!four || study_count(j, "steps", rows[i].variant, four, NULL) == 0)
            continue;
        fprintf(table, "%s\t%u\t%d\t", rows[i].label, row++, rows[i].kind);
        if (rows[i].expected > 0)
            fprintf(table, "%.6g", rows[i].expected);
        else
            fputs("NaN", table);
        for (unsigned t = 0; t < 3; t++) {
            const char *const s = flow_setting(j, "steps", "group by", threads[t], "1 K groups", 0);
            put(table, study_median(j, "steps", rows[i].variant, s, "records_per_s"));
            put(table, study_median(j, "steps", rows[i].variant, s, "switches_per_batch"));
        }
        fputc('\n', table);
    }
}
