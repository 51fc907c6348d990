/* check_run.c: one process of the model checker (queuelab-model, beside this program in the build
 * tree) for each queue and scenario, several at a time. */
#include "harness/check_cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/progress.h"

bool check_find(const char *build, char *path)
{
    snprintf(path, PATH_ROOM, "%.3500s/queuelab-model", build);
    if (access(path, X_OK))
        snprintf(path, PATH_ROOM, "%.3500s/models/queuelab-model", build);
    if (access(path, X_OK) == 0)
        return true;
    fprintf(stderr, "queuelab: there is no checker %s: build the target queuelab-model\n", path);
    return false;
}

static int start(const struct check_cells *c, struct check_cell *cell, const char *checker)
{
    char subject[PATH_ROOM], function[128], budget[64], most[32];
    check_subject(c->build, cell->driver, subject);
    snprintf(function, sizeof function, "scenario_%s", cell->scenario->name);
    snprintf(budget, sizeof budget, "%.17g", c->o->max_seconds);
    snprintf(most, sizeof most, "%" PRIu64, c->o->most + 1);
    const char *argv[16] = {checker, "--json", "--model", c->o->model, "--function", function};
    unsigned n = 6;
    if (c->o->max_seconds > 0) {
        argv[n++] = "--max-seconds";
        argv[n++] = budget;
    }
    if (c->o->mode != CHECK_SCENARIOS) {
        argv[n++] = c->o->mode == CHECK_WEAKEN ? "--weaken" : "--freeze";
        argv[n++] = c->o->mode == CHECK_WEAKEN ? "all" : "any";
    }
    if (c->o->mode == CHECK_WEAKEN && c->o->most) {
        argv[n++] = "--max-executions";
        argv[n++] = most;
    }
    if (cell->known[0]) {
        argv[n++] = "--known";
        argv[n++] = cell->known;
    }
    argv[n++] = subject;
    argv[n] = NULL;
    cell->out = tmpfile();
    cell->err = tmpfile();
    if (!cell->out || !cell->err)
        return errno;
    fflush(stdout);
    cell->pid = fork();
    if (cell->pid < 0)
        return errno;
    if (cell->pid == 0) {
        if (dup2(fileno(cell->out), STDOUT_FILENO) >= 0 &&
            dup2(fileno(cell->err), STDERR_FILENO) >= 0)
            execv(checker, (char *const *)argv);
        dprintf(STDERR_FILENO, "cannot run %s: %s\n", checker, strerror(errno));
        _exit(127);
    }
    cell->started = true;
    return 0;
}

static struct check_cell *ended(struct check_cells *c, pid_t pid)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->cell[i].started && c->cell[i].pid == pid && !c->cell[i].done)
            return &c->cell[i];
    return NULL;
}

/* Waits for one that ends. NULL: none of ours did. */
static struct check_cell *next_ended(struct check_cells *c, int *error)
{
    int status;
    const pid_t pid = waitpid(-1, &status, 0);
    *error = pid < 0 && errno != EINTR ? errno : 0;
    struct check_cell *const cell = pid < 0 ? NULL : ended(c, pid);
    if (cell)
        check_collect(cell, status, c->o);
    return cell;
}

int check_run(struct check_cells *c, void (*each)(struct check_cell *cell, void *arg), void *arg)
{
    struct progress progress;
    char checker[PATH_ROOM];
    size_t started = 0, finished = 0, told = 0;
    if (!check_find(c->build, checker))
        return EXIT_DIFFERS;
    progress_begin(&progress, c->n);
    while (finished < c->n) {
        while (started < c->n && started - finished < c->o->jobs) {
            char name[160];
            struct check_cell *const next = &c->cell[started];
            snprintf(name, sizeof name, "%s %s", next->driver->name, next->scenario->name);
            progress_step(&progress, name, "");
            const int error = start(c, next, checker);
            if (error) {
                fprintf(stderr, "queuelab: cannot start the checker: %s\n", strerror(error));
                return EXIT_DIFFERS;
            }
            started++;
        }
        int error;
        if (next_ended(c, &error))
            finished++;
        if (error) {
            fprintf(stderr, "queuelab: the checker is gone: %s\n", strerror(error));
            return EXIT_DIFFERS;
        }
        for (; told < c->n && c->cell[told].done; told++) {
            progress_end(&progress);
            each(&c->cell[told], arg);
        }
    }
    progress_end(&progress);
    return 0;
}
