/* run.c: rounds of samples, each in a process of its own. See study.h. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/env.h"
#include "harness/progress.h"
#include "studies/study_file.h"

enum { LIMIT_S = 60, FAILURES_MOST = 3 }; /* of one cell, before it is given up */

struct study_run {
    const struct study_options *options;
    unsigned rounds;
    uint64_t seed; /* of the sample that is being taken */
    FILE *file;
    uint64_t sequence;
};

static volatile sig_atomic_t interrupted;
static void on_signal(int number) { interrupted = number; }

/* ---- what a study asks of its run -------------------------------------------------------------- */

static size_t parameter_of(const struct study_run *run, const char *name)
{
    const struct study *const s = run->options->study;
    for (size_t i = 0; s->parameters && s->parameters[i].name; i++)
        if (strcmp(s->parameters[i].name, name) == 0)
            return i;
    fprintf(stderr, "queuelab: the study %s asks for '%s', which is none of its parameters\n",
            s->name, name);
    abort();
}

const char *study_text(const struct study_run *run, const char *name)
{
    return study_value(run->options, parameter_of(run, name));
}

double study_number(const struct study_run *run, const char *name)
{
    return strtod(study_text(run, name), NULL);
}

bool study_given(const struct study_run *run, const char *name)
{
    const size_t i = parameter_of(run, name);
    return run->options->value && run->options->value[i];
}

bool study_quick(const struct study_run *run) { return run->options->quick; }
uint64_t study_seed(const struct study_run *run) { return run->seed; }
const char *study_directory(const struct study_run *run) { return run->options->out; }

void study_put(struct study_sample *s, const char *metric, double value)
{
    if (!isfinite(value)) {
        study_fail(s, "%s is not a finite number", metric);
    } else if (s->n == STUDY_METRICS) {
        study_fail(s, "more than %d metrics", STUDY_METRICS);
    } else {
        struct study_metric *const m = &s->metric[s->n++];
        snprintf(m->name, sizeof m->name, "%s", metric);
        m->value = value;
    }
}

void study_fail(struct study_sample *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!s->error[0])
        vsnprintf(s->error, sizeof s->error, format, args);
    va_end(args);
}

/* ---- one sample -------------------------------------------------------------------------------- */

static void child(const struct study_run *run, const struct study_cell *cell,
                  struct study_sample *s, int to)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    cell->measure(run, cell, s);
    const char *from = (const char *)s;
    for (size_t left = sizeof *s; left > 0;) {
        const ssize_t n = write(to, from, left);
        if (n < 0 && errno != EINTR)
            _exit(1);
        from += n > 0 ? n : 0, left -= n > 0 ? (size_t)n : 0;
    }
    _exit(0);
}

/* All of the sample, or why it does not come. */
static void receive(int from, double limit_s, struct study_sample *s)
{
    const uint64_t end = clock_monotonic_ns() + (uint64_t)(limit_s * 1e9);
    struct study_sample got;
    char *to = (char *)&got;
    size_t left = sizeof got;
    while (left > 0) {
        const uint64_t now = clock_monotonic_ns();
        struct pollfd p = {.fd = from, .events = POLLIN};
        if (now >= end) {
            study_fail(s, "did not end within %.3g s: killed", limit_s);
            return;
        }
        const int ready = poll(&p, 1, (int)((end - now) / 1000000 + 1));
        if (ready < 0 && errno == EINTR && interrupted)
            return;
        if (ready <= 0)
            continue;
        const ssize_t n = read(from, to, left);
        if (n == 0)
            return; /* it died: its status says of what */
        if (n > 0)
            to += n, left -= (size_t)n;
    }
    *s = got;
}

static void take(const struct study_run *run, const struct study_cell *cell, struct study_sample *s)
{
    const struct study_sample before = *s;
    int pipes[2];
    if (pipe(pipes) != 0) {
        study_fail(s, "no pipe: %s", strerror(errno));
        return;
    }
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        child(run, cell, s, pipes[1]);
    }
    close(pipes[1]);
    if (pid < 0) {
        study_fail(s, "no process: %s", strerror(errno));
    } else {
        int status = 0;
        setpgid(pid, pid); /* whoever is first */
        s->n = UINT32_MAX; /* nothing has come */
        receive(pipes[0], cell->limit_s > 0 ? cell->limit_s : LIMIT_S, s);
        const bool came = s->n != UINT32_MAX;
        if (!came) {
            const struct study_sample why = *s;
            kill(-pid, SIGKILL);
            *s = before;
            memcpy(s->error, why.error, sizeof s->error);
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        kill(-pid, SIGKILL); /* what it may have started */
        if (!came && WIFSIGNALED(status))
            study_fail(s, "died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
        else if (!came)
            study_fail(s, "ended with status %d and no numbers", WEXITSTATUS(status));
    }
    close(pipes[0]);
}

/* ---- all of them ------------------------------------------------------------------------------- */

static int complain(const struct study_run *run, int error)
{
    fprintf(stderr, "queuelab: cannot write %s/samples.jsonl: %s%s\n", run->options->out,
            strerror(error), error == ENOSPC ? "; make room and run the study again" : "");
    return 3;
}

static unsigned rounds_of(const struct study_run *run, const struct study_cell *cell)
{
    return cell->rounds && cell->rounds < run->rounds ? cell->rounds : run->rounds;
}

int study_measure(struct study_run *run, const struct study_cell *cells, size_t n)
{
    size_t *const order = calloc(n ? n : 1, sizeof *order), total = 0;
    unsigned *const failed = calloc(n ? n : 1, sizeof *failed);
    struct progress progress;
    struct stats_random random;
    int status = order && failed ? 0 : 3;
    char why[STUDY_ERROR] = "";
    size_t broken = 0;
    for (size_t i = 0; i < n; i++)
        total += rounds_of(run, &cells[i]);
    progress_begin(&progress, total);
    stats_random_seed(&random, run->options->seed);
    for (unsigned round = 0; round < run->rounds && status < 2; round++) {
        for (size_t i = 0; i < n; i++)
            order[i] = i;
        stats_shuffle(&random, order, n, sizeof *order);
        for (size_t i = 0; i < n && status < 2; i++) {
            const struct study_cell *const cell = &cells[order[i]];
            struct study_sample s = {.cell = (unsigned)order[i], .round = round};
            char what[256];
            if (round >= rounds_of(run, cell))
                continue;
            if (failed[order[i]] == FAILURES_MOST) {
                progress.total--;
                continue;
            }
            snprintf(s.experiment, sizeof s.experiment, "%s", cell->experiment);
            snprintf(s.variant, sizeof s.variant, "%s", cell->variant);
            snprintf(s.setting, sizeof s.setting, "%s", cell->setting);
            snprintf(what, sizeof what, "%s: %s%s%s", cell->experiment, cell->variant,
                     cell->setting[0] ? ", " : "", cell->setting);
            progress_step(&progress, what, "");
            run->seed = run->options->seed ^ ++run->sequence << 20;
            take(run, cell, &s);
            if (interrupted) {
                status = 128 + interrupted;
                break;
            }
            if (s.error[0]) {
                if (failed[order[i]]++ == 0 && broken++ == 0)
                    snprintf(why, sizeof why, "%s", s.error);
                progress_say(&progress, "queuelab: %s: %s%s", what, s.error,
                             failed[order[i]] == FAILURES_MOST ? "; it is not tried again" : "");
            }
            const int error = study_write(run->file, run->options->study, &s);
            if (error)
                status = complain(run, error);
        }
    }
    progress_end(&progress);
    if (broken)
        fprintf(stderr,
                "queuelab: %zu of %zu cells failed and have fewer numbers or none; the first: %s\n",
                broken, n, why);
    if (broken && status == 0)
        status = 1;
    free(order);
    free(failed);
    return status;
}

static void note(void *arg, const char *sentence)
{
    (void)arg;
    fprintf(stderr, "queuelab: note: %s\n", sentence);
}

/* The directory, and the machine in it. */
static int prepare(const struct study_options *o)
{
    char path[4096];
    struct topology topology;
    struct env env;
    if (mkdir(o->out, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "queuelab: cannot make directory %s: %s\n", o->out, strerror(errno));
        return 3;
    }
    snprintf(path, sizeof path, "%s/env.json", o->out);
    int error = topology_load(&topology);
    if (!error)
        error = env_collect(&env, &topology, clock_calibrate());
    if (!error && access(path, F_OK) != 0)
        error = env_write(path, &env);
    if (error) {
        fprintf(stderr, "queuelab: cannot write %s: %s\n", path, strerror(error));
        return 3;
    }
    env_warnings(&env, note, NULL);
    return 0;
}

int study_carry_out(const struct study_options *o)
{
    const struct sigaction act = {.sa_handler = on_signal};
    const struct study *const s = o->study;
    struct study_run run = {
        .options = o,
        .rounds = o->rounds  ? o->rounds
                  : o->quick ? s->quick_rounds
                             : s->rounds,
    };
    int status = prepare(o);
    if (status)
        return status;
    const int error = study_begin(&run.file, o, run.rounds);
    if (error)
        return complain(&run, error);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    status = s->run(&run);
    if (fclose(run.file) != 0 && status < 2)
        status = complain(&run, errno);
    if (interrupted)
        fprintf(stderr,
                "queuelab: interrupted: what was measured is in %s; `queuelab study %s --judge %s` "
                "says what it shows\n",
                o->out, s->name, o->out);
    return status;
}
