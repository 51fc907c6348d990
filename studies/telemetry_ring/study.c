/* study.c: the telemetry ring: its parameters, its log, its cells. README.md says what it is about. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/whole_file.h"
#include "studies/telemetry_ring/cells.h"
#include "studies/telemetry_ring/log.h"

static const struct study_parameter parameters[] = {
    {"input", "a log of your own; none: one is made of this project's build and test logs", "",
     NULL, 0, 0},
    {"lines", "of the log that is made", "300000", "100000", 1000, 1e8},
    {"seconds", "each flow of events lasts", "0.4", "0.06", 0.01, 60},
    {"capacity", "of the ring", "4096", NULL, 2, 1e8},
    {"pushes", "of the document's own benchmark", "1000000", "200000", 2000, 1e9},
    {"kills", "of a process that writes, in each sample", "10", "3", 1, 1000},
    {0},
};

struct telemetry_input telemetry_input;

void telemetry_path(char *path, size_t size, const struct study_run *run, const char *suffix)
{
    snprintf(path, size, "%s/telemetry_ring.%ld.%s", study_directory(run), (long)getpid(), suffix);
}

/* ---- the log ----------------------------------------------------------------------------------- */

static int refuse(const char *what, const char *path, const char *why)
{
    fprintf(stderr, "queuelab: study telemetry_ring: %s %s: %s\n", what, path, why);
    return 2;
}

enum { LINES_LEAST = 64 };

/* As many events as are a power of two, so that a flow goes round in them cheaply. */
static int parse(struct telemetry_input *in, const char *path)
{
    const size_t most = sizeof in->event / sizeof *in->event;
    struct log_reader r = log_reader(in->text, in->text_bytes);
    size_t n = 0;
    while (n < most && log_next(&r, &in->event[n]))
        n++;
    if (n == 0)
        return refuse("no lines of text in", path,
                      r.counts.binary ? "it is binary" : "it is empty");
    if (r.counts.binary > n)
        return refuse("more than half of the lines are no text in", path, "it is binary");
    if (n < LINES_LEAST)
        return refuse("too few lines of text to measure with (at least 64) in", path,
                      "it is short");
    if (r.counts.binary > 0)
        fprintf(stderr,
                "queuelab: note: %llu of the first %llu lines of %s are no text and are passed "
                "over\n",
                (unsigned long long)r.counts.binary, (unsigned long long)r.counts.lines, path);
    for (in->n_events = 1; in->n_events * 2 <= n;)
        in->n_events *= 2;
    return 0;
}

int telemetry_load(const struct study_run *run)
{
    struct telemetry_input *const in = &telemetry_input;
    const char *path = study_text(run, "input");
    char made[512], message[512];
    struct stat st;
    const bool own = path[0] == '\0';
    if (own) {
        telemetry_path(made, sizeof made, run, "log");
        path = made;
        const int error =
            log_make(path, ".", (uint64_t)study_number(run, "lines"), message, sizeof message);
        if (error) {
            unlink(path);
            fprintf(stderr, "queuelab: study telemetry_ring: %s\n", message);
            return error == ENOENT ? 2 : 3;
        }
    } else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return refuse("cannot read", path, "it is no regular file");
    }
    const int error = whole_read(path, &in->text, &in->text_bytes);
    const int status = error ? refuse("cannot read", path, strerror(error))
                             : parse(in, own ? "the made log" : path);
    snprintf(in->name, sizeof in->name, "%.60s", own ? "made of build logs" : "given");
    if (own)
        unlink(path);
    if (status) {
        free(in->text);
        in->text = NULL;
    }
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------- */

static int run_all(struct study_run *run)
{
    static struct study_cell cell[CELLS_MOST];
    size_t n = 0;
    const int status = telemetry_load(run);
    if (status)
        return status;
    add_flows(run, cell, &n);
    add_parts(run, cell, &n);
    add_disk(run, cell, &n);
    add_proof(run, cell, &n);
    return study_measure(run, cell, n);
}

const struct study study_telemetry_ring = {
    .name = "telemetry_ring",
    .source = "003",
    .title = "many producers, one consumer: a ring for telemetry, as printed and as promised",
    .parameters = parameters,
    .rounds = 9,
    .quick_rounds = 6,
    .run = run_all,
    .judge = telemetry_judge,
    .figure = telemetry_figure,
};
