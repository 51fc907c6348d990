/* check_cell.c: see check_cell.h. */
#include "harness/check_cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The queue's scenarios as build_subject.sh made them: a dot in a name is "_over_" in a file's. */
void check_subject(const char *build, const struct q_driver *d, char *path)
{
    const char *const dot = strchr(d->name, '.');
    const int stem = dot ? (int)(dot - d->name) : (int)strlen(d->name);
    snprintf(path, PATH_ROOM, "%.3500s/models/scenarios/%.*s%s%s.so", build, stem, d->name,
             dot ? "_over_" : "", dot ? dot + 1 : "");
}

/* Beside this program, or in the directory of models/. */
void check_checker(const char *build, char *path)
{
    snprintf(path, PATH_ROOM, "%.3500s/queuelab-model", build);
    if (access(path, X_OK))
        snprintf(path, PATH_ROOM, "%.3500s/models/queuelab-model", build);
}

int check_start(struct check_cell *cell, const char *build, const struct check_options *o)
{
    char checker[PATH_ROOM], subject[PATH_ROOM], function[128], budget[64];
    check_checker(build, checker);
    check_subject(build, cell->driver, subject);
    snprintf(function, sizeof function, "scenario_%s", cell->scenario->name);
    snprintf(budget, sizeof budget, "%.17g", o->max_seconds);
    const char *argv[12] = {checker, "--json", "--model", o->model, "--function", function};
    unsigned n = 6;
    if (o->max_seconds > 0) {
        argv[n++] = "--max-seconds";
        argv[n++] = budget;
    }
    argv[n++] = subject;
    argv[n] = NULL;
    cell->out = tmpfile();
    cell->err = tmpfile();
    if (!cell->out || !cell->err)
        return errno;
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
    return 0;
}

/* All of a file, at most `size` - 1 bytes. */
static void read_back(FILE *f, char *text, size_t size)
{
    rewind(f);
    text[fread(text, 1, size - 1, f)] = '\0';
    fclose(f);
}

/* What follows "key": in the checker's JSON. A quote inside one of its strings is escaped, so that
 * the pattern is only found where it is a key. */
static const char *value_of(const char *json, const char *key)
{
    char pattern[48];
    const int n = snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *const at = json ? strstr(json, pattern) : NULL;
    return at ? at + n : NULL;
}

/* A JSON string, without what is escaped in it, as far as there is room. */
static void text_of(const char *value, char *text, size_t size)
{
    size_t n = 0;
    if (value && *value == '"')
        for (value++; *value && *value != '"' && n + 1 < size; value++) {
            if (*value == '\\' && *++value == '\0')
                break;
            text[n++] = *value;
        }
    text[n] = '\0';
}

static void failed(struct check_cell *cell, int status)
{
    snprintf(cell->found.verdict, sizeof cell->found.verdict, "failed");
    cell->exit = EXIT_DIFFERS;
    if (WIFSIGNALED(status))
        snprintf(cell->said, sizeof cell->said, "the checker was ended by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (!cell->said[0])
        snprintf(cell->said, sizeof cell->said, "the checker ended with status %d",
                 WEXITSTATUS(status));
}

void check_collect(struct check_cell *cell, int status, const char *model)
{
    static char out[1 << 20], err[1 << 12];
    struct check_row *const r = &cell->found;
    read_back(cell->out, out, sizeof out);
    read_back(cell->err, err, sizeof err);
    cell->done = true;
    snprintf(r->queue, sizeof r->queue, "%s", cell->driver->name);
    snprintf(r->scenario, sizeof r->scenario, "%s", cell->scenario->name);
    snprintf(r->model, sizeof r->model, "%s", model);
    snprintf(cell->said, sizeof cell->said, "%.*s", (int)strcspn(err, "\n"), err);

    const char *const complete = value_of(out, "complete"), *blocked = value_of(out, "blocked");
    const char *const seconds = value_of(out, "seconds"), *report = value_of(out, "report");
    if (!WIFEXITED(status) || !complete || !blocked || !report) {
        failed(cell, status);
        return;
    }
    r->complete = strtoull(complete, NULL, 10);
    r->blocked = strtoull(blocked, NULL, 10);
    cell->seconds = seconds ? strtod(seconds, NULL) : 0;
    cell->exit = WEXITSTATUS(status);
    if (*report == '{') {
        text_of(value_of(report, "kind"), r->verdict, sizeof r->verdict);
        text_of(value_of(report, "sentence"), cell->said, sizeof cell->said);
    } else if (cell->exit == 0 || cell->exit == EXIT_BUDGET) {
        snprintf(r->verdict, sizeof r->verdict, cell->exit == 0 ? "ok" : "unfinished");
    }
    if (!r->verdict[0])
        failed(cell, status);
}
