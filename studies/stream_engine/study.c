/* study.c: the stream engine of "Phase 6 Implementation Roadmap", built and put to its own claims. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "studies/stream_engine/cells.h"

static const struct study_parameter parameters[] = {
    {"input", "a file of records, a line each in the order of time: TIME KEY NUMBER [TEXT...]", "",
     NULL, 0, 0},
    {"queue", "between producers and workers: bounded, for many of both", "array_mpmc", NULL, 0, 0},
    {"batch", "records of one", "1000", NULL, 1, 65536},
    {"depth", "batches that wait", "32", NULL, 1, 256},
    {"producers", "threads that push batches", "1", NULL, 1, 8},
    {"records", "that are drawn, and gone through again and again", "100000", "50000", 1000, 1e7},
    {"window", "units of time; a drawn record comes every unit", "20000", NULL, 1, 1e12},
    {"rows", "of the window of rows", "10", NULL, 1, 10000},
    {"zipf", "exponent of the skewed groups", "0.99", NULL, 0.01, 4},
    {"ms", "how long a sample lasts", "40", "16", 1, 1e5},
    {"pace", "records a second of the slow source", "16600", NULL, 100, 1e7},
    {"turns", "of a sample of counters; a tenth of it of records passed on", "4000000", "1000000",
     1000, 1e9},
    {"groups", "that are made by threads at once, where the document looks first and inserts then",
     "100000", "30000", 100, 1e8},
    {0},
};

struct stream given_stream;

struct study_cell *cell_add(struct cells *c, const char *experiment, const char *variant,
                            const char *format, ...)
{
    if (c->n == CELLS_MOST)
        abort(); /* a mistake of this study */
    struct study_cell *const cell = &c->cell[c->n++];
    *cell = (struct study_cell){.experiment = experiment, .variant = variant};
    va_list args;
    va_start(args, format);
    vsnprintf(cell->setting, sizeof cell->setting, format, args);
    va_end(args);
    return cell;
}

int sample_stream(const struct study_run *run, struct study_sample *sample, size_t groups,
                  double zipf, struct stream *s)
{
    *s = given_stream;
    int error = 0;
    if (!s->n)
        error = stream_draw(s, (size_t)study_number(run, "records"), groups, zipf, study_seed(run));
    if (error)
        study_fail(sample, "no memory for the records");
    return error;
}

/* 0 or an exit status. */
static int take_input(const struct study_run *run)
{
    char message[512];
    const char *const path = study_text(run, "input");
    int error = engine_queue_will_do(study_text(run, "queue"), message, sizeof message);
    if (!error && path[0])
        error = stream_read(&given_stream, path, message, sizeof message);
    if (error)
        fprintf(stderr, "queuelab: study stream_engine: %s\n", message);
    return error == ENOMEM ? 3 : error ? 2 : 0;
}

static int run_study(struct study_run *run)
{
    static struct cells c;
    int status = take_input(run);
    if (status)
        return status;
    const size_t batch = (size_t)study_number(run, "batch");
    if (given_stream.n &&
        stream_cut(&given_stream, (uint64_t)study_number(run, "window"), batch) > PANES - 1) {
        fprintf(
            stderr,
            "queuelab: study stream_engine: a batch of %zu records is in more than %d windows of "
            "time: a larger --window or a smaller --batch\n",
            batch, PANES - 1);
        stream_free(&given_stream);
        return 2;
    }
    c.n = 0;
    stream_engine_flows(&c, run);
    stream_engine_parts(&c, run);
    stream_engine_bugs(&c, run);
    if (!store_has_dashmap())
        fprintf(stderr, "queuelab: LEFT OUT: DashMap, which the document is about "
                        "(`cmake --preset peers`)\n");
    status = study_measure(run, c.cell, c.n);
    stream_free(&given_stream);
    return status;
}

const struct study study_stream_engine = {
    .name = "stream_engine",
    .source = "004",
    .title = "groups and windows over batches of records: locks, maps, copies, metrics",
    .parameters = parameters,
    .rounds = 9,
    .quick_rounds = 6,
    .run = run_study,
    .judge = stream_engine_judge,
    .figure = stream_engine_figure,
};
