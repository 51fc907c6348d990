/* check_cell.c: which queues and scenarios are run: see check_cell.h. */
#include "harness/check_cell.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/check_tsv.h"

/* The queue's scenarios as build_subject.sh made them: a dot in a name is "_over_" (an inner queue)
 * or "_with_" (a part) in a file's. */
void check_subject(const char *build, const struct q_driver *d, char *path)
{
    const char *const dot = strchr(d->name, '.');
    const int stem = dot ? (int)(dot - d->name) : (int)strlen(d->name);
    snprintf(path, PATH_ROOM, "%.3500s/models/scenarios/%.*s%s%s.so", build, stem, d->name,
             !dot          ? ""
             : d->inner[0] ? "_over_"
                           : "_with_",
             dot ? dot + 1 : "");
}

const char *check_from_here(const char *path, char *text)
{
    char here[PATH_ROOM];
    const size_t n = getcwd(here, sizeof here) ? strlen(here) : 0;
    if (n > 1 && strncmp(path, here, n) == 0 && path[n] == '/')
        path += n + 1;
    snprintf(text, PATH_ROOM, "%s%.4000s", strchr(path, '/') ? "" : "./", path);
    return text;
}

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

static int nothing_to_do(const struct check_options *o, size_t queues, size_t matching)
{
    if (queues == 0)
        fprintf(stderr, "queuelab: --queue '%s' matches no queue: `queuelab list` names them\n",
                o->queue);
    else if (matching == 0)
        fprintf(stderr,
                "queuelab: --scenario '%s' matches no scenario: models/scenarios/table.h names "
                "them\n",
                o->scenario);
    else if (!o->queue)
        fprintf(stderr, "queuelab: no queue's traits allow a scenario that matches '%s'\n",
                o->scenario);
    else
        fprintf(stderr, "queuelab: the traits of --queue '%s' allow no scenario%s%s%s\n", o->queue,
                o->scenario ? " that matches '" : "", o->scenario ? o->scenario : "",
                o->scenario ? "'" : "");
    return EXIT_USAGE;
}

static int choose(struct check_cells *c)
{
    regex_t queue, scenario;
    if (!compile_regex(&queue, "--queue", c->o->queue))
        return EXIT_USAGE;
    if (!compile_regex(&scenario, "--scenario", c->o->scenario)) {
        regfree(&queue);
        return EXIT_USAGE;
    }
    size_t drivers = 0, queues = 0, matching = 0;
    while (q_drivers[drivers])
        drivers++;
    for (size_t k = 0; k < SCENARIOS; k++)
        matching += regexec(&scenario, scenarios[k].name, 0, NULL, 0) == 0;
    c->cell = calloc(drivers * SCENARIOS + 1, sizeof *c->cell);
    for (size_t i = 0; c->cell && i < drivers; i++) {
        const struct q_driver *const d = q_drivers[i];
        if (d->traits->peer || d->item_bytes != 8 || strcmp(d->call, "inline") != 0 ||
            regexec(&queue, d->name, 0, NULL, 0))
            continue;
        queues++;
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
    return c->n ? 0 : nothing_to_do(c->o, queues, matching);
}

int check_plan(struct check_cells *c, const struct check_options *o)
{
    *c = (struct check_cells){.o = o};
    const ssize_t n = readlink("/proc/self/exe", c->build, sizeof c->build - 1);
    if (n <= 0) {
        fprintf(stderr, "queuelab: cannot find this program's directory: %s\n", strerror(errno));
        return EXIT_DIFFERS;
    }
    *strrchr(c->build, '/') = '\0';
    return choose(c);
}

void check_keep(struct check_cells *c, bool (*wanted)(const struct check_cell *cell, void *arg),
                void *arg)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->n; i++)
        if (wanted(&c->cell[i], arg))
            c->cell[kept++] = c->cell[i];
    c->n = kept;
}

void check_forget(struct check_cells *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->cell[i].answer);
    free(c->cell);
    c->cell = NULL;
    c->n = 0;
}

int check_expected(struct check_table *t, const struct check_options *o, bool may_begin)
{
    unsigned line;
    const int error = check_table_read(t, o->expected, &line);
    if (error == 0 || (error == ENOENT && may_begin))
        return 0;
    tsv_complain(error, o->expected, line, "check --update");
    return EXIT_USAGE;
}

void check_say_new(const char *queue, const char *mode, const char *table)
{
    fflush(stdout);
    fprintf(stderr,
            "queuelab: %s: nothing is committed in %s to compare with; `queuelab check %s--update "
            "--queue %s` adds its lines\n",
            queue, table, mode, queue);
}

void check_say_update(const char *queue, const char *mode, const char *more, const char *table)
{
    fprintf(stderr,
            "queuelab: %s: explain it in the commit; `queuelab check %s--update --queue %s%s` "
            "regenerates %s\n",
            queue, mode, queue, more, table);
}
