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
    struct env env;
    double stolen, ticks; /* while samples were taken */
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

static void take_once(const struct study_run *run, const struct study_cell *cell,
                      struct study_sample *s)
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

/* What the host gave to others meanwhile is told and no more: a sample that is taken again for it would favour
 * who sleeps, and lose what only happens to those who are disturbed. */
static void take(struct study_run *run, const struct study_cell *cell, struct study_sample *s)
{
    double stolen[2], all[2];
    env_processor_time(&stolen[0], &all[0]);
    take_once(run, cell, s);
    env_processor_time(&stolen[1], &all[1]);
    const double ticks = stolen[1] - stolen[0], of = all[1] - all[0];
    s->stolen = of > 0 ? ticks / of : 0;
    run->stolen += ticks, run->ticks += of;
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

/* A round takes what is compared, cells of one experiment and setting, close together, for machines and
 * disks have their moods: which block comes when, and which cell in it, is drawn anew for each round. */
struct turn {
    size_t cell, block; /* block: the first cell of the same experiment and setting */
    uint64_t block_key, key;
};

static int by_turn(const void *a, const void *b)
{
    const struct turn *const x = a, *const y = b;
    const uint64_t left[] = {x->block_key, x->block, x->key, x->cell},
                   right[] = {y->block_key, y->block, y->key, y->cell};
    for (unsigned i = 0; i < 4; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static size_t block_of(const struct study_cell *cells, size_t cell)
{
    size_t first = 0;
    while (strcmp(cells[first].experiment, cells[cell].experiment) != 0 ||
           strcmp(cells[first].setting, cells[cell].setting) != 0)
        first++;
    return first;
}

static void draw_turns(struct stats_random *random, struct turn *turn, size_t n)
{
    const uint64_t round = stats_random_next(random);
    for (size_t i = 0; i < n; i++) {
        struct stats_random of_block;
        stats_random_seed(&of_block, round ^ turn[i].block);
        turn[i].block_key = stats_random_next(&of_block);
        turn[i].key = stats_random_next(random);
    }
    qsort(turn, n, sizeof *turn, by_turn);
}

/* Among words with commas between them. */
static bool named(const char *list, const char *word)
{
    for (size_t n; *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        if (strlen(word) == n && strncmp(list, word, n) == 0)
            return true;
    }
    return false;
}

static bool wanted(const struct study_run *run, const struct study_cell *cell)
{
    return !run->options->only || named(run->options->only, cell->experiment);
}

/* Whether each word of --only names an experiment; a line on stderr that says which there are. */
static bool known(const struct study_run *run, const struct study_cell *cells, size_t n)
{
    const char *list = run->options->only;
    for (bool more = list != NULL; more;) {
        const size_t length = strcspn(list, ",");
        bool found = false;
        for (size_t i = 0; i < n && !found; i++)
            found = strlen(cells[i].experiment) == length &&
                    strncmp(list, cells[i].experiment, length) == 0;
        if (found) {
            more = list[length] == ',';
            list += length + more;
            continue;
        }
        fprintf(stderr, "queuelab: study %s: there is no experiment '%.*s'; there are:",
                run->options->study->name, (int)length, list);
        for (size_t i = 0; i < n; i++) {
            size_t k = 0;
            while (strcmp(cells[k].experiment, cells[i].experiment) != 0)
                k++;
            if (k == i)
                fprintf(stderr, "%s '%s'", i ? "," : "", cells[i].experiment);
        }
        fputc('\n', stderr);
        return false;
    }
    return true;
}

static void note(void *arg, const char *sentence)
{
    (void)arg;
    fprintf(stderr, "queuelab: note: %s\n", sentence);
}

int study_measure(struct study_run *run, const struct study_cell *cells, size_t n)
{
    struct turn *const turn = calloc(n ? n : 1, sizeof *turn);
    size_t total = 0, chosen = 0;
    unsigned *const failed = calloc(n ? n : 1, sizeof *failed);
    struct progress progress;
    struct stats_random random;
    int status = turn && failed ? 0 : 3;
    char why[STUDY_ERROR] = "";
    size_t broken = 0;
    for (size_t i = 0; status == 0 && i < n; i++)
        if (wanted(run, &cells[i])) {
            total += rounds_of(run, &cells[i]);
            turn[chosen++] = (struct turn){.cell = i, .block = block_of(cells, i)};
        }
    if (status == 0 && (!known(run, cells, n) || chosen == 0))
        status = 2;
    const int begun = status ? 0 : study_begin(&run->file, run->options, run->rounds, &run->env);
    if (begun)
        status = complain(run, begun);
    if (status == 0)
        env_warnings(&run->env, note, NULL);
    progress_begin(&progress, total);
    stats_random_seed(&random, run->options->seed);
    for (unsigned round = 0; round < run->rounds && status < 2; round++) {
        draw_turns(&random, turn, chosen);
        for (size_t i = 0; i < chosen && status < 2; i++) {
            const size_t number = turn[i].cell;
            const struct study_cell *const cell = &cells[number];
            struct study_sample s = {.cell = (unsigned)number, .round = round};
            char what[256];
            if (round >= rounds_of(run, cell))
                continue;
            if (failed[number] == FAILURES_MOST) {
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
                if (failed[number]++ == 0 && broken++ == 0)
                    snprintf(why, sizeof why, "%s", s.error);
                progress_say(&progress, "queuelab: %s: %s%s", what, s.error,
                             failed[number] == FAILURES_MOST ? "; it is not tried again" : "");
            }
            const int error = study_write(run->file, run->options->study, &s);
            if (error)
                status = complain(run, error);
        }
    }
    progress_end(&progress);
    if (run->stolen > 0.01 * run->ticks)
        fprintf(
            stderr,
            "queuelab: note: the host gave %.1f %% of the processors to others while samples were "
            "taken\n",
            100 * run->stolen / run->ticks);
    if (broken)
        fprintf(stderr,
                "queuelab: %zu of %zu cells failed and have fewer numbers or none; the first: %s\n",
                broken, chosen, why);
    if (broken && status == 0)
        status = 1;
    free(turn);
    free(failed);
    return status;
}

/* The directory, and the machine in it. *made: it was not there. */
static int prepare(const struct study_options *o, struct env *env, bool *made)
{
    char path[4096];
    struct topology topology;
    *made = mkdir(o->out, 0777) == 0;
    if (!*made && errno != EEXIST) {
        fprintf(stderr, "queuelab: cannot make directory %s: %s\n", o->out, strerror(errno));
        return 3;
    }
    snprintf(path, sizeof path, "%s/env.json", o->out);
    int error = topology_load(&topology);
    if (!error)
        error = env_collect(env, &topology, clock_calibrate());
    if (!error && access(path, F_OK) != 0)
        error = env_write(path, env);
    if (error) {
        fprintf(stderr, "queuelab: cannot write %s: %s\n", path, strerror(error));
        return 3;
    }
    return 0;
}

/* A request that made no sense leaves nothing behind. */
static void take_back(const struct study_options *o)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/env.json", o->out);
    unlink(path);
    rmdir(o->out);
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
    bool made;
    int status = prepare(o, &run.env, &made);
    if (status)
        return status;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    status = s->run(&run);
    if (run.file && fclose(run.file) != 0 && status < 2)
        status = complain(&run, errno);
    if (status == 2 && made)
        take_back(o);
    if (interrupted)
        fprintf(stderr,
                "queuelab: interrupted: what was measured is in %s; `queuelab study %s --judge %s` "
                "says what it shows\n",
                o->out, s->name, o->out);
    return status;
}
