/* check.c: see check.h. One process of the checker (queuelab-model, beside this program in the
 * build tree) for each queue and scenario, several at a time. */
#include "harness/check_cell.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/driver.h"
#include "harness/json.h"
#include "harness/progress.h"
#include "models/scenarios/table.h"

struct campaign {
    const struct check_options *o;
    char build[PATH_ROOM]; /* the directory of this program */
    struct check_cell *cell;
    size_t n;
    struct check_table table;
    struct progress progress;
};

/* ---- which ------------------------------------------------------------------------------------ */

static bool compile_regex(regex_t *re, const char *option, const char *text)
{
    char whole[512];
    if (snprintf(whole, sizeof whole, "^(%s)$", text ? text : ".*") >= (int)sizeof whole ||
        regcomp(re, whole, REG_EXTENDED | REG_NOSUB)) {
        fprintf(stderr, "queuelab: %s '%s' is no regular expression\n", option, text);
        return false;
    }
    return true;
}

static int plan(struct campaign *c)
{
    regex_t queue, scenario;
    if (!compile_regex(&queue, "--queue", c->o->queue))
        return EXIT_USAGE;
    if (!compile_regex(&scenario, "--scenario", c->o->scenario)) {
        regfree(&queue);
        return EXIT_USAGE;
    }
    size_t drivers = 0;
    while (q_drivers[drivers])
        drivers++;
    c->cell = calloc(drivers * SCENARIOS, sizeof *c->cell);
    for (size_t i = 0; c->cell && i < drivers; i++) {
        const struct q_driver *const d = q_drivers[i];
        if (d->item_bytes != 8 || strcmp(d->call, "inline") != 0 ||
            regexec(&queue, d->name, 0, NULL, 0))
            continue;
        for (size_t k = 0; k < SCENARIOS; k++)
            if (!scenario_why_not(&scenarios[k], d->traits) &&
                regexec(&scenario, scenarios[k].name, 0, NULL, 0) == 0)
                c->cell[c->n++] = (struct check_cell){.driver = d, .scenario = &scenarios[k]};
    }
    regfree(&queue);
    regfree(&scenario);
    if (!c->cell) {
        fprintf(stderr, "queuelab: no memory\n");
        return EXIT_DIFFERS;
    }
    if (c->n == 0) {
        fprintf(stderr,
                "queuelab: no scenario '%s' applies to a queue '%s'; queues: `queuelab "
                "list`, scenarios: models/scenarios/table.h\n",
                c->o->scenario ? c->o->scenario : ".*", c->o->queue ? c->o->queue : ".*");
        return EXIT_USAGE;
    }
    return 0;
}

/* ---- all of them --------------------------------------------------------------------------------- */

static void compare(const struct campaign *c, struct check_cell *cell)
{
    const struct check_row *const found = &cell->found;
    const struct check_row *const expected =
        check_table_find(&c->table, found->queue, found->scenario, found->model);
    if (strcmp(found->verdict, "failed") == 0 || cell->exit == EXIT_UNSUPPORTED)
        cell->compared = NO_VERDICT;
    else if (!expected)
        cell->compared = NOT_COMMITTED;
    else if (strcmp(found->verdict, "unfinished") == 0) /* how far it got is the machine's speed */
        cell->compared = strcmp(expected->verdict, "unfinished") ? NO_VERDICT : AS_COMMITTED;
    else
        cell->compared = strcmp(found->verdict, expected->verdict) == 0 &&
                                 found->complete == expected->complete &&
                                 found->blocked == expected->blocked
                             ? AS_COMMITTED
                             : DIFFERS;
}

static void print_heading(void)
{
    printf("%-24s %-28s %-20s %12s %12s %9s  %s\n", "queue", "scenario", "verdict", "executions",
           "blocked", "time", "committed");
}

static void print_cell(const struct campaign *c, const struct check_cell *cell)
{
    const struct check_row *const r = &cell->found;
    const struct check_row *const e = check_table_find(&c->table, r->queue, r->scenario, r->model);
    printf("%-24s %-28s %-20s %12" PRIu64 " %12" PRIu64 " %8.2fs  ", r->queue, r->scenario,
           r->verdict, r->complete, r->blocked, cell->seconds);
    if (cell->compared == AS_COMMITTED)
        printf("same\n");
    else if (cell->compared == NO_VERDICT || !e)
        printf("-\n");
    else
        printf("%s %" PRIu64 " %" PRIu64 "\n", e->verdict, e->complete, e->blocked);
    fflush(stdout);
}

static struct check_cell *ended(struct campaign *c, pid_t pid)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->cell[i].pid == pid && !c->cell[i].done)
            return &c->cell[i];
    return NULL;
}

/* Runs all cells, `jobs` at a time, and prints each as soon as those before it have been. */
static int run_all(struct campaign *c)
{
    size_t started = 0, finished = 0, printed = 0;
    progress_begin(&c->progress, c->n);
    while (finished < c->n) {
        while (started < c->n && started - finished < c->o->jobs) {
            char name[160];
            struct check_cell *const next = &c->cell[started];
            snprintf(name, sizeof name, "%s %s", next->driver->name, next->scenario->name);
            progress_step(&c->progress, name, "");
            const int error = check_start(next, c->build, c->o);
            if (error) {
                fprintf(stderr, "queuelab: cannot start the checker: %s\n", strerror(error));
                return EXIT_DIFFERS;
            }
            started++;
        }
        int status;
        const pid_t pid = waitpid(-1, &status, 0);
        if (pid < 0 && errno == EINTR)
            continue;
        struct check_cell *const cell = pid < 0 ? NULL : ended(c, pid);
        if (pid < 0) {
            fprintf(stderr, "queuelab: the checker is gone: %s\n", strerror(errno));
            return EXIT_DIFFERS;
        }
        if (!cell)
            continue;
        check_collect(cell, status, c->o->model);
        compare(c, cell);
        finished++;
        while (!c->o->json && printed < c->n && c->cell[printed].done) {
            progress_end(&c->progress);
            print_cell(c, &c->cell[printed++]);
        }
    }
    progress_end(&c->progress);
    return 0;
}

static void print_json(const struct campaign *c)
{
    static const char *const compared[] = {"same", "differs", "not committed", "no verdict"};
    printf("{\"model\":\"%s\",\"cells\":[", c->o->model);
    for (size_t i = 0; i < c->n; i++) {
        const struct check_cell *const cell = &c->cell[i];
        const struct check_row *const r = &cell->found;
        printf("%s\n {\"queue\":\"%s\",\"scenario\":\"%s\",\"claim\":", i ? "," : "", r->queue,
               r->scenario);
        json_put_string(stdout, cell->scenario->claim);
        printf(",\"verdict\":\"%s\",\"complete\":%" PRIu64 ",\"blocked\":%" PRIu64 ",\"seconds\":",
               r->verdict, r->complete, r->blocked);
        json_put_number(stdout, cell->seconds);
        printf(",\"committed\":\"%s\",\"said\":", compared[cell->compared]);
        json_put_string(stdout, cell->said);
        putchar('}');
    }
    printf("\n]}\n");
}

/* What is not as it should be, and how to see it; the exit status. */
static int judge(const struct campaign *c)
{
    int status = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct check_cell *const cell = &c->cell[i];
        const struct check_row *const r = &cell->found;
        const bool unfinished = strcmp(r->verdict, "unfinished") == 0;
        const bool violated = cell->exit == EXIT_DIFFERS;
        if (cell->compared == AS_COMMITTED && !violated)
            continue;
        char subject[PATH_ROOM];
        check_subject(c->build, cell->driver, subject);
        if (cell->exit != 0 && !unfinished)
            fprintf(stderr,
                    "queuelab: %s %s: %s%s%s\n  queuelab-model --model %s --function "
                    "scenario_%s %s\n",
                    r->queue, r->scenario, r->verdict, cell->said[0] ? ": " : "", cell->said,
                    r->model, r->scenario, subject);
        else if (unfinished)
            fprintf(stderr,
                    "queuelab: %s %s: not finished in %g s: give it more by "
                    "--max-seconds\n",
                    r->queue, r->scenario, c->o->max_seconds);
        else if (!c->o->update)
            fprintf(stderr,
                    "queuelab: %s %s: %s in %s: explain it in the commit, then "
                    "--update\n",
                    r->queue, r->scenario,
                    cell->compared == DIFFERS ? "not as committed" : "not yet committed",
                    c->o->expected);
        else
            continue;
        if (cell->exit == EXIT_UNSUPPORTED)
            status = status == EXIT_DIFFERS ? status : EXIT_UNSUPPORTED;
        else if (cell->exit == EXIT_BUDGET && cell->compared != DIFFERS)
            status = status ? status : EXIT_BUDGET;
        else
            status = EXIT_DIFFERS;
    }
    return status;
}

static int update(struct campaign *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->cell[i].found.verdict, "failed") != 0 &&
            c->cell[i].exit != EXIT_UNSUPPORTED) {
            struct check_row row = c->cell[i].found;
            if (strcmp(row.verdict, "unfinished") == 0)
                row.complete = row.blocked = 0;
            if (check_table_set(&c->table, &row))
                return ENOMEM;
        }
    return check_table_write(&c->table, c->o->expected);
}

static int read_table(struct campaign *c)
{
    unsigned line;
    const char *const path = c->o->expected;
    const int error = check_table_read(&c->table, path, &line);
    if (error == 0 || (error == ENOENT && c->o->update))
        return 0;
    if (error == EBADMSG)
        fprintf(stderr,
                "queuelab: %s:%u is no row of the table: write six fields separated by "
                "tabs, or restore the file from git\n",
                path, line);
    else
        fprintf(stderr,
                "queuelab: cannot read %s: %s; run this in the project's root, name the "
                "table by --expected, or begin one by --update\n",
                path, strerror(error));
    return EXIT_USAGE;
}

int check(const struct check_options *o)
{
    struct campaign c = {.o = o};
    const ssize_t n = readlink("/proc/self/exe", c.build, sizeof c.build - 1);
    char path[PATH_ROOM];
    if (n > 0)
        *strrchr(c.build, '/') = '\0';
    check_checker(c.build, path);
    if (n <= 0 || access(path, X_OK)) {
        fprintf(stderr, "queuelab: there is no checker %s: build the target queuelab-model\n",
                path);
        return EXIT_DIFFERS;
    }
    int status = plan(&c);
    if (status == 0)
        status = read_table(&c);
    if (status == 0 && !o->json)
        print_heading();
    if (status == 0 && (status = run_all(&c)) == 0) {
        if (o->json)
            print_json(&c);
        status = judge(&c);
        const int error = o->update ? update(&c) : 0;
        if (error) {
            fprintf(stderr, "queuelab: cannot write %s: %s\n", o->expected, strerror(error));
            status = EXIT_DIFFERS;
        }
    }
    free(c.cell);
    check_table_release(&c.table);
    return status;
}
