/* check_progress.c: what a stopped thread does to the others, in every queue, against what the
 * traits promise and models/progress.tsv.
 *
 * Blocking is seen: some thread, stopped after some step, keeps an operation of another from ending,
 * or makes it answer EMPTY or FULL for ever though that is not so. Where it is not seen, an operation
 * that had to begin again in some execution counts as lock-free, one that never had to as wait-free,
 * in as many steps as the longest one took: a bound seen, not proved. */
#include "harness/check_cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/check_tsv.h"
#include "harness/json.h"

static const char heading[] = "# queue\toperation\tpromised\tfound\tscenario\tfile\tline\ttext";
enum { QUEUE, OPERATION, PROMISED, FOUND, SCENARIO, FILE_, LINE, TEXT };

/* Without waiting operations, small ones first: a queue in which all has been seen to block that
 * promises no more is done with. */
static const char *const scenario_order[] = {"publish_one",
                                             "publish",
                                             "full_empty",
                                             "exact_empty",
                                             "wrap_around",
                                             "two_producers",
                                             "two_consumers",
                                             "mpsc_2x1",
                                             "mpmc_2x2x1",
                                             "exact_empty_link",
                                             "link_then_push",
                                             "link_given_back",
                                             "link_follow_one",
                                             "two_producers_link",
                                             "two_consumers_link",
                                             "reuse",
                                             "reuse_passed",
                                             "drop_newest",
                                             "drop_oldest_races_take",
                                             "drop_oldest_two",
                                             "depth_never_underflows",
                                             "reclaim",
                                             "mpmc_2x2"};
enum { SMALL = 22 }; /* the others only where something that was promised is missing */

enum { PUSH, POP, OPERATIONS };
static const char *const operations[OPERATIONS] = {"push", "pop"};

/* An operation of a queue. */
struct promise {
    const struct q_driver *driver;
    enum q_progress promised;
    bool blocks, retried, open;
    unsigned longest;                /* steps */
    const struct scenario *scenario; /* where it blocks; where it was longest */
    char file[128], text[TSV_WORD];
    unsigned line;
    bool refuses; /* it answers, but wrongly */
};

struct promises {
    const struct check_options *o;
    struct promise (*queue)[OPERATIONS];
    size_t n;
    struct check_table expected;
    struct tsv found, committed;
    size_t now; /* of scenario_order: the one that runs */
    int status;
};

static const char *progress_name(enum q_progress p)
{
    static const char *const name[] = {[Q_BLOCKING] = "blocking",
                                       [Q_OBSTRUCTION_FREE] = "obstruction-free",
                                       [Q_LOCK_FREE] = "lock-free",
                                       [Q_WAIT_FREE] = "wait-free"};
    return name[p];
}

static struct promise *promises_of(struct promises *c, const struct q_driver *d)
{
    size_t i = 0;
    while (i < c->n && c->queue[i][PUSH].driver != d)
        i++;
    if (i == c->n) {
        c->queue[i][PUSH] = (struct promise){.driver = d, .promised = d->traits->push};
        c->queue[i][POP] = (struct promise){.driver = d, .promised = d->traits->pop};
        c->n++;
    }
    return c->queue[i];
}

/* ---- what the checker says ----------------------------------------------------------------- */

static bool names(const char *json, const char *key, const char *operation)
{
    char list[64], word[16];
    const char *const value = check_value(json, key);
    snprintf(list, sizeof list, "%.*s", value ? (int)strcspn(value, "]") : 0, value ? value : "");
    snprintf(word, sizeof word, "\"%s\"", operation);
    return strstr(list, word) != NULL;
}

static void take_freeze(struct promises *c, const struct check_cell *cell, struct promise *p,
                        const char *line)
{
    char verdict[32];
    check_text(line, "verdict", verdict, sizeof verdict);
    const bool unknown = strcmp(verdict, "out_of_budget") == 0 || strcmp(verdict, "unbounded") == 0;
    if (!unknown && strcmp(verdict, "no_violation") != 0 && strcmp(verdict, "deadlock") != 0 &&
        strcmp(verdict, "livelock") != 0 && strcmp(verdict, "lost_wakeup") != 0) {
        char text[256];
        check_text(line, "fault", text, sizeof text);
        fprintf(stderr,
                "queuelab: %s %s, thread %" PRIu64 " stopped after step %" PRIu64 ": %s: %s\n",
                cell->driver->name, cell->scenario->name, check_number(line, "thread"),
                check_number(line, "after"), verdict, text);
        c->status = EXIT_DIFFERS;
    }
    for (unsigned i = 0; i < OPERATIONS; i++) {
        const bool waits = names(line, "waits", operations[i]);
        p[i].open |= unknown;
        if (p[i].blocks || !(waits || names(line, "refused", operations[i])))
            continue;
        p[i].blocks = true;
        p[i].refuses = !waits;
        p[i].scenario = cell->scenario;
        p[i].line = (unsigned)check_number(line, "line");
        check_text(line, "file", p[i].file, sizeof p[i].file);
        check_text(line, "text", p[i].text, sizeof p[i].text);
    }
}

static void take_steps(const struct check_cell *cell, struct promise *p)
{
    const char *const longest = check_value(cell->answer, "longest");
    for (unsigned i = 0; longest && i < OPERATIONS; i++) {
        const unsigned steps = (unsigned)check_number(longest, operations[i]);
        if (steps == 0)
            continue;
        p[i].retried |= names(longest, "retried", operations[i]) || cell->found.blocked > 0;
        if (steps > p[i].longest) {
            p[i].longest = steps;
            if (!p[i].blocks)
                p[i].scenario = cell->scenario;
        }
    }
}

static void each(struct check_cell *cell, void *arg)
{
    static char line[1 << 14];
    struct promises *const c = arg;
    struct promise *const p = promises_of(c, cell->driver);
    const char *json = cell->answer ? strchr(cell->answer, '\n') : NULL;
    if (check_unfinished(&cell->found)) {
        p[PUSH].open = p[POP].open = true;
    } else if (strcmp(cell->found.verdict, "ok") != 0) {
        fprintf(stderr, "queuelab: %s %s: as written: %s%s%s\n", cell->driver->name,
                cell->scenario->name, cell->found.verdict, cell->said[0] ? ": " : "", cell->said);
        c->status = EXIT_DIFFERS;
    }
    for (json = json ? json + 1 : NULL; check_next_line(&json, line, sizeof line);)
        take_freeze(c, cell, p, line);
    take_steps(cell, p);
    free(cell->answer);
    cell->answer = NULL;
}

/* ---- verdicts --------------------------------------------------------------------------------- */

static void verdict_of(const struct promise *p, char *text, size_t size)
{
    if (p->blocks)
        snprintf(text, size, "blocking");
    else if (p->open || p->longest == 0)
        snprintf(text, size, "unfinished");
    else if (p->retried)
        snprintf(text, size, "lock-free");
    else
        snprintf(text, size, "wait-free in %u steps", p->longest);
}

static int make_rows(struct promises *c)
{
    int error = 0;
    tsv_begin(&c->found, heading);
    for (size_t i = 0; error == 0 && i < c->n; i++)
        for (unsigned k = 0; error == 0 && k < OPERATIONS; k++) {
            const struct promise *const p = &c->queue[i][k];
            char found[48], line[16];
            verdict_of(p, found, sizeof found);
            snprintf(line, sizeof line, "%u", p->line);
            const char *const word[] = {p->driver->name,
                                        operations[k],
                                        progress_name(p->promised),
                                        found,
                                        p->scenario ? p->scenario->name : "-",
                                        p->blocks ? p->file : "-",
                                        p->blocks ? line : "-",
                                        p->blocks ? p->text : "-"};
            error = tsv_add(&c->found, word);
        }
    tsv_sort(&c->found);
    return error;
}

static char (*row_of(struct tsv *t, char (*row)[TSV_WORD]))[TSV_WORD]
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->row[i][QUEUE], row[QUEUE]) == 0 &&
            strcmp(t->row[i][OPERATION], row[OPERATION]) == 0)
            return t->row[i];
    return NULL;
}

static bool begins_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Has it been shown to be less than promised? */
static bool breaks(char (*row)[TSV_WORD])
{
    return strcmp(row[FOUND], "blocking") == 0 && strcmp(row[PROMISED], "blocking") != 0;
}

/* Is it not what was promised, though not shown to be less? */
static bool doubtful(char (*row)[TSV_WORD])
{
    return !breaks(row) && !begins_with(row[FOUND], row[PROMISED]) &&
           !(begins_with(row[FOUND], "wait-free") && strcmp(row[PROMISED], "blocking") != 0);
}

static void judge(struct promises *c)
{
    bool violated = c->status == EXIT_DIFFERS; /* then there is nothing to commit */
    for (size_t i = 0; i < c->found.n; i++)
        violated |= breaks(c->found.row[i]);
    fflush(stdout);
    for (size_t i = 0; i < c->found.n; i++) {
        char(*const row)[TSV_WORD] = c->found.row[i];
        char(*const other)[TSV_WORD] = row_of(&c->committed, row);
        const bool open = strcmp(row[FOUND], "unfinished") == 0;
        const bool same = other && strcmp(row[FOUND], other[FOUND]) == 0 &&
                          strcmp(row[PROMISED], other[PROMISED]) == 0;
        if (breaks(row))
            fprintf(stderr, "queuelab: %s %s: promised %s, but blocking: %s:%s in %s: %s\n",
                    row[QUEUE], row[OPERATION], row[PROMISED], row[FILE_], row[LINE], row[SCENARIO],
                    row[TEXT]);
        else if (same || c->o->scenario || (!open && violated) ||
                 (!open && (c->o->update || !tsv_has(&c->committed, row[QUEUE])) && !doubtful(row)))
            continue;
        else if (open)
            fprintf(stderr,
                    "queuelab: %s %s: not finished in %g s: give it more by --max-seconds\n",
                    row[QUEUE], row[OPERATION], c->o->max_seconds);
        else {
            fprintf(stderr,
                    "queuelab: %s %s: promised %s, found %s, committed: %s: correct the traits in "
                    "the queue's header, or:\n",
                    row[QUEUE], row[OPERATION], row[PROMISED], row[FOUND],
                    other ? other[FOUND] : "nothing");
            check_say_update(row[QUEUE], "--progress ", "", c->o->table);
        }
        if (!open || breaks(row))
            c->status = EXIT_DIFFERS;
        else if (c->status == 0)
            c->status = EXIT_BUDGET;
    }
    if (c->status == EXIT_DIFFERS || c->o->update || c->o->scenario)
        return;
    for (size_t i = 0; i < c->found.n; i++)
        if ((i == 0 || strcmp(c->found.row[i][QUEUE], c->found.row[i - 1][QUEUE]) != 0) &&
            !tsv_has(&c->committed, c->found.row[i][QUEUE]))
            check_say_new(c->found.row[i][QUEUE], "--progress ", c->o->table);
}

static int update(struct promises *c)
{
    for (size_t i = c->committed.n; i-- > 0;)
        if (row_of(&c->found, c->committed.row[i]))
            tsv_drop(&c->committed, i);
    const int error = tsv_append(&c->committed, &c->found);
    return error ? error : tsv_write(&c->committed, c->o->table);
}

/* ---- output ------------------------------------------------------------------------------------ */

static void print(struct promises *c)
{
    printf("%-24s %-5s %-17s %-22s %-24s %s\n", "queue", "", "promised", "found", "in scenario",
           "a thread that stops here holds it up");
    for (size_t i = 0; i < c->found.n; i++) {
        char(*const row)[TSV_WORD] = c->found.row[i];
        printf("%-24s %-5s %-17s %-22s %-24s ", row[QUEUE], row[OPERATION], row[PROMISED],
               row[FOUND], row[SCENARIO]);
        if (strcmp(row[FILE_], "-") == 0)
            printf("-\n");
        else
            printf("%s:%s: %s\n", row[FILE_], row[LINE], row[TEXT]);
    }
}

static void print_json(struct promises *c)
{
    static const char *const key[] = {"queue",    "operation", "promised", "found",
                                      "scenario", "file",      "line",     "text"};
    printf("{\"model\":\"%s\",\"progress\":[", c->o->model);
    for (size_t i = 0; i < c->found.n; i++) {
        printf("%s\n {", i ? "," : "");
        for (size_t k = 0; k < c->found.columns; k++) {
            const char *const word = c->found.row[i][k];
            printf("%s\"%s\":", k ? "," : "", key[k]);
            if (strcmp(word, "-") == 0)
                printf("null");
            else if (k == LINE)
                printf("%s", word);
            else
                json_put_string(stdout, word);
        }
        putchar('}');
    }
    printf("\n]}\n");
}

/* ---- all of it --------------------------------------------------------------------------------- */

/* Does this operation leave open what the scenario that runs now could show? */
static bool is_open(const struct promises *c, const struct promise *p)
{
    return !p->blocks && (p->promised == Q_BLOCKING || c->now < SMALL);
}

/* Not known to be too large: one exploration for each step of it must come to an end. */
static bool is_small(const struct promises *c, const struct check_cell *cell)
{
    const struct check_row *const row =
        check_table_find(&c->expected, cell->driver->name, cell->scenario->name, c->o->model);
    return !row || c->o->most == 0 ||
           (!check_unfinished(row) && row->complete + row->blocked <= c->o->most);
}

static bool is_next(const struct check_cell *cell, void *arg)
{
    struct promises *const c = arg;
    const struct promise *const p = promises_of(c, cell->driver);
    return strcmp(cell->scenario->name, scenario_order[c->now]) == 0 &&
           (c->now >= SMALL || is_small(c, cell)) && (is_open(c, &p[PUSH]) || is_open(c, &p[POP]));
}

static int run(struct promises *c)
{
    struct check_cells cells;
    int status = check_plan(&cells, c->o);
    if (status == 0 && !c->queue && !(c->queue = calloc(cells.n, sizeof *c->queue))) {
        fprintf(stderr, "queuelab: no memory\n");
        status = EXIT_DIFFERS;
    }
    if (status == 0) {
        check_keep(&cells, is_next, c);
        status = check_run(&cells, each, c);
    }
    check_forget(&cells);
    return status;
}

static int read_committed(struct promises *c)
{
    unsigned line;
    const int error = tsv_read(&c->committed, heading, c->o->table, &line);
    if (error == 0 || (error == ENOENT && (c->o->update || c->o->scenario)))
        return 0;
    tsv_complain(error, c->o->table, line, "check --progress --update");
    return EXIT_USAGE;
}

int check_progress(const struct check_options *o)
{
    struct promises c = {.o = o};
    int status = check_expected(&c.expected, o, true);
    if (status == 0)
        status = read_committed(&c);
    for (; status == 0 && c.now < sizeof scenario_order / sizeof *scenario_order; c.now++)
        status = run(&c);
    int error = status == 0 ? make_rows(&c) : 0;
    if (status == 0 && error == 0) {
        if (o->json)
            print_json(&c);
        else
            print(&c);
        judge(&c);
        error = o->update ? update(&c) : 0;
        status = c.status;
    }
    if (error) {
        fprintf(stderr, "queuelab: cannot write %s: %s\n", o->table, strerror(error));
        status = EXIT_DIFFERS;
    }
    check_table_release(&c.expected);
    tsv_release(&c.found);
    tsv_release(&c.committed);
    free(c.queue);
    return status;
}
