/* check.c: see check.h. Each queue in each scenario explored once, against the committed table. */
#include "harness/check_cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/json.h"

struct campaign {
    const struct check_options *o;
    struct check_cells cells;
    struct check_table table;
    struct check_cell *left; /* cells that are known not to finish: not run */
    size_t n_left;
};

static const struct check_row *committed(const struct campaign *c, const struct check_cell *cell)
{
    return check_table_find(&c->table, cell->driver->name, cell->scenario->name, c->o->model);
}

/* ---- which ------------------------------------------------------------------------------------ */

static bool is_wanted(const struct check_cell *cell, void *arg)
{
    struct campaign *const c = arg;
    const struct check_row *const row = committed(c, cell);
    if (!row ||
        (!check_unfinished(row) && (c->o->most == 0 || row->complete + row->blocked <= c->o->most)))
        return true;
    c->left[c->n_left++] = *cell;
    return false;
}

static int plan(struct campaign *c)
{
    int status = check_plan(&c->cells, c->o);
    if (status == 0)
        status = check_expected(&c->table, c->o, c->o->update);
    if (status || c->o->all)
        return status;
    c->left = calloc(c->cells.n, sizeof *c->left);
    if (!c->left) {
        fprintf(stderr, "queuelab: no memory\n");
        return EXIT_DIFFERS;
    }
    check_keep(&c->cells, is_wanted, c);
    return 0;
}

/* ---- one of them --------------------------------------------------------------------------------- */

static void compare(const struct campaign *c, struct check_cell *cell)
{
    const struct check_row *const found = &cell->found, *const expected = committed(c, cell);
    if (strcmp(found->verdict, "failed") == 0 || cell->exit == EXIT_UNSUPPORTED)
        cell->compared = NO_VERDICT;
    else if (!expected)
        cell->compared = NOT_COMMITTED;
    else if (check_unfinished(found)) /* how far it got is the machine's speed */
        cell->compared = check_unfinished(expected) ? AS_COMMITTED : NO_VERDICT;
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
    const struct check_row *const r = &cell->found, *const e = committed(c, cell);
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

static void each(struct check_cell *cell, void *arg)
{
    const struct campaign *const c = arg;
    compare(c, cell);
    if (!c->o->json)
        print_cell(c, cell);
}

static void print_left(const struct campaign *c)
{
    if (c->n_left)
        printf("\nNot run now (--all runs them):\n");
    for (size_t i = 0; i < c->n_left; i++) {
        const struct check_row *const e = committed(c, &c->left[i]);
        printf("%-24s %-28s ", e->queue, e->scenario);
        if (check_unfinished(e))
            printf("(unfinished: %" PRIu64 " executions, of about %" PRIu64 ")\n",
                   e->complete + e->blocked, e->estimate);
        else
            printf("(%s, %" PRIu64 " executions)\n", e->verdict, e->complete + e->blocked);
    }
}

static void print_json(const struct campaign *c)
{
    static const char *const compared[] = {"same", "differs", "not committed", "no verdict"};
    printf("{\"model\":\"%s\",\"cells\":[", c->o->model);
    for (size_t i = 0; i < c->cells.n; i++) {
        const struct check_cell *const cell = &c->cells.cell[i];
        const struct check_row *const r = &cell->found;
        printf("%s\n {\"queue\":\"%s\",\"scenario\":\"%s\",\"claim\":", i ? "," : "", r->queue,
               r->scenario);
        json_put_string(stdout, cell->scenario->claim);
        printf(",\"verdict\":\"%s\",\"complete\":%" PRIu64 ",\"blocked\":%" PRIu64
               ",\"estimate\":%" PRIu64 ",\"seconds\":",
               r->verdict, r->complete, r->blocked, r->estimate);
        json_put_number(stdout, cell->seconds);
        printf(",\"committed\":\"%s\",\"said\":", compared[cell->compared]);
        json_put_string(stdout, cell->said);
        putchar('}');
    }
    printf("\n],\"not_run\":[");
    for (size_t i = 0; i < c->n_left; i++) {
        const struct check_row *const e = committed(c, &c->left[i]);
        printf("%s\n {\"queue\":\"%s\",\"scenario\":\"%s\",\"verdict\":\"%s\",\"complete\":%" PRIu64
               ",\"blocked\":%" PRIu64 ",\"estimate\":%" PRIu64 "}",
               i ? "," : "", e->queue, e->scenario, e->verdict, e->complete, e->blocked,
               e->estimate);
    }
    printf("\n]}\n");
}

/* ---- all of them --------------------------------------------------------------------------------- */

static void say_violation(const struct campaign *c, const struct check_cell *cell)
{
    const struct check_row *const r = &cell->found;
    char path[PATH_ROOM], checker[PATH_ROOM], subject[PATH_ROOM];
    fprintf(stderr, "queuelab: %s %s: %s%s%s\n", r->queue, r->scenario, r->verdict,
            cell->said[0] ? ": " : "", cell->said);
    if (!check_find(c->cells.build, path))
        return;
    check_from_here(path, checker);
    check_subject(c->cells.build, cell->driver, path);
    fprintf(stderr,
            "  the counterexample (--svg FILE: also as a picture):\n"
            "  %s --model %s --function scenario_%s %s\n",
            checker, r->model, r->scenario, check_from_here(path, subject));
}

static void say_difference(const struct campaign *c, const struct check_cell *cell)
{
    const struct check_row *const e = committed(c, cell);
    fprintf(stderr, "queuelab: %s %s: %s in %s\n", cell->found.queue, cell->found.scenario,
            !e                    ? "not yet committed"
            : check_unfinished(e) ? "finished now, not as committed"
                                  : "not as committed",
            c->o->expected);
}

/* Nothing at all is committed of this queue. */
static bool is_new(const struct campaign *c, const struct check_cell *cell)
{
    for (size_t i = 0; i < c->table.n; i++)
        if (strcmp(c->table.row[i].queue, cell->driver->name) == 0)
            return false;
    return true;
}

static bool is_violated(const struct check_cell *cell)
{
    return cell->exit != 0 && !check_unfinished(&cell->found);
}

/* Says how a queue's lines are begun, once it has no violation: none is to be committed. */
static void say_new(const struct campaign *c)
{
    const struct check_cell *const cell = c->cells.cell;
    for (size_t i = 0, next; i < c->cells.n; i = next) {
        bool violated = false;
        for (next = i; next < c->cells.n && cell[next].driver == cell[i].driver; next++)
            violated |= is_violated(&cell[next]);
        if (!violated && is_new(c, &cell[i]))
            check_say_new(cell[i].driver->name, "", c->o->expected);
    }
}

static bool is_different(const struct campaign *c, const struct check_cell *cell)
{
    return (cell->compared == DIFFERS || cell->compared == NOT_COMMITTED) && !is_new(c, cell) &&
           !is_violated(cell) && !c->o->update;
}

/* What to do about a queue's differences, once for all of them. */
static void say_update(const struct campaign *c)
{
    const struct check_cell *const cell = c->cells.cell;
    for (size_t i = 0, next; i < c->cells.n; i = next) {
        size_t differing = 0;
        bool finished = false;
        const char *scenario = "";
        for (next = i; next < c->cells.n && cell[next].driver == cell[i].driver; next++) {
            if (!is_different(c, &cell[next]))
                continue;
            const struct check_row *const e = committed(c, &cell[next]);
            differing++;
            finished |= e && check_unfinished(e);
            scenario = cell[next].found.scenario;
        }
        char more[128] = "";
        if (differing == 1)
            snprintf(more, sizeof more, " --scenario %s", scenario);
        if (strcmp(c->o->model, "rc11") != 0)
            snprintf(more + strlen(more), sizeof more - strlen(more), " --model %s", c->o->model);
        if (differing > 0)
            check_say_update(cell[i].driver->name, finished ? "--all " : "", more, c->o->expected);
    }
}

/* What is not as it should be, and how to see it; the exit status. */
static int judge(const struct campaign *c)
{
    int status = 0;
    fflush(stdout);
    for (size_t i = 0; i < c->cells.n; i++) {
        const struct check_cell *const cell = &c->cells.cell[i];
        const struct check_row *const r = &cell->found;
        const bool begun = !is_new(c, cell);
        const bool violated = is_violated(cell);
        if (cell->compared == AS_COMMITTED && cell->exit != EXIT_DIFFERS)
            continue;
        if (violated)
            say_violation(c, cell);
        else if (check_unfinished(r))
            fprintf(stderr,
                    "queuelab: %s %s: not finished in %g s: give it more by --max-seconds\n",
                    r->queue, r->scenario, c->o->max_seconds);
        if (is_different(c, cell))
            say_difference(c, cell);
        if (cell->exit == 0 && (!begun || c->o->update))
            continue;
        if (cell->exit == EXIT_UNSUPPORTED)
            status = status == EXIT_DIFFERS ? status : EXIT_UNSUPPORTED;
        else if (cell->exit == EXIT_BUDGET && cell->compared != DIFFERS)
            status = status ? status : EXIT_BUDGET;
        else
            status = EXIT_DIFFERS;
    }
    say_update(c);
    if (!c->o->update)
        say_new(c);
    return status;
}

static int update(struct campaign *c)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < c->cells.n; i++)
        if (strcmp(c->cells.cell[i].found.verdict, "failed") != 0 &&
            c->cells.cell[i].exit != EXIT_UNSUPPORTED)
            error = check_table_set(&c->table, &c->cells.cell[i].found);
    if (error == 0)
        error = check_table_write(&c->table, c->o->expected);
    if (error)
        fprintf(stderr, "queuelab: cannot write %s: %s\n", c->o->expected, strerror(error));
    return error;
}

static int check_scenarios(const struct check_options *o)
{
    struct campaign c = {.o = o};
    int status = plan(&c);
    if (status == 0 && !o->json)
        print_heading();
    if (status == 0 && (status = check_run(&c.cells, each, &c)) == 0) {
        if (o->json)
            print_json(&c);
        else
            print_left(&c);
        status = judge(&c);
        if (o->update && update(&c))
            status = EXIT_DIFFERS;
    }
    check_forget(&c.cells);
    free(c.left);
    check_table_release(&c.table);
    return status;
}

int check(const struct check_options *o)
{
    switch (o->mode) {
    case CHECK_WEAKEN:
        return check_weaken(o);
    case CHECK_PROGRESS:
        return check_progress(o);
    default:
        return check_scenarios(o);
    }
}
