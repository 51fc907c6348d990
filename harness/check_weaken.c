/* check_weaken.c: which memory orders are needed: every weaker order of every operation, in every
 * scenario of a queue that is small enough, against models/necessity.tsv. */
#include "harness/check_cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/check_tags.h"
#include "harness/check_tsv.h"
#include "harness/json.h"

static const char heading[] = "# queue\tfile\tline\toperation\tfrom\tto\tverdict\tscenario\ttext";
enum { QUEUE, FILE_, LINE, OPERATION, FROM, TO, VERDICT, SCENARIO, TEXT };

/* One weaker order of one operation, over all scenarios of its queue. */
struct weaker {
    const struct q_driver *driver;
    char file[128], text[TSV_WORD], operation[24], from[24], to[24];
    unsigned line;
    bool found;          /* a scenario finds a fault */
    bool open, cut;      /* one was out of time; one was cut short after so many executions */
    uint64_t executions; /* in which nothing was found */
    char verdict[32];
    const struct scenario *scenario; /* the smallest one that finds one */
};

struct necessity {
    const struct check_options *o;
    struct check_cells cells;
    struct check_table expected;
    struct tsv found, committed;
    struct weaker *weaker;
    size_t n, room;
    const struct q_driver **partial; /* queues with scenarios that are not small */
    size_t n_partial, left;          /* left: undecided ones that were not tried */
    int status;
};

/* ---- what the checker says ----------------------------------------------------------------- */

static bool same_place(const struct weaker *a, const struct weaker *b)
{
    return a->driver == b->driver && a->line == b->line && strcmp(a->file, b->file) == 0 &&
           strcmp(a->operation, b->operation) == 0 && strcmp(a->from, b->from) == 0 &&
           strcmp(a->to, b->to) == 0;
}

static struct weaker *place(struct necessity *c, const struct weaker *w)
{
    for (size_t i = 0; i < c->n; i++)
        if (same_place(&c->weaker[i], w))
            return &c->weaker[i];
    if (c->n == c->room) {
        const size_t room = c->room ? 2 * c->room : 128;
        struct weaker *const more = realloc(c->weaker, room * sizeof *more);
        if (!more)
            return NULL;
        c->weaker = more;
        c->room = room;
    }
    c->weaker[c->n] = *w;
    return &c->weaker[c->n++];
}

/* A loop that has no bound any more, or a call that cannot be modelled, is no fault. */
static bool is_fault(const char *verdict)
{
    static const char *const none[] = {"no_violation", "out_of_budget", "unbounded", "unsupported",
                                       "nondeterminism"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (strcmp(verdict, none[i]) == 0)
            return false;
    return verdict[0] != '\0';
}

static bool take(struct necessity *c, const struct check_cell *cell, const char *line)
{
    struct weaker w = {.driver = cell->driver, .line = (unsigned)check_number(line, "line")};
    char verdict[32];
    check_text(line, "file", w.file, sizeof w.file);
    check_text(line, "text", w.text, sizeof w.text);
    check_text(line, "operation", w.operation, sizeof w.operation);
    check_text(line, "from", w.from, sizeof w.from);
    check_text(line, "to", w.to, sizeof w.to);
    check_text(line, "verdict", verdict, sizeof verdict);
    struct weaker *const at = place(c, &w);
    if (!at)
        return false;
    if (!is_fault(verdict)) {
        const uint64_t executions = check_number(line, "executions");
        const bool ended = strcmp(verdict, "no_violation") == 0;
        const bool in_time =
            strcmp(verdict, "out_of_budget") != 0 || (c->o->most > 0 && executions > c->o->most);
        at->open |= !ended && !in_time;
        at->cut |= !ended && in_time;
        at->executions += executions;
    } else if (!at->found) {
        at->found = true;
        at->scenario = cell->scenario;
        snprintf(at->verdict, sizeof at->verdict, "%s", verdict);
    }
    return true;
}

static void each(struct check_cell *cell, void *arg)
{
    static char line[1 << 14];
    struct necessity *const c = arg;
    const char *json = cell->answer ? strchr(cell->answer, '\n') : NULL;
    if (strcmp(cell->found.verdict, "ok") != 0) {
        fprintf(stderr, "queuelab: %s %s: as written: %s%s%s\n", cell->driver->name,
                cell->scenario->name, cell->found.verdict, cell->said[0] ? ": " : "", cell->said);
        if (!check_unfinished(&cell->found))
            c->status = EXIT_DIFFERS;
        else if (!c->status)
            c->status = EXIT_BUDGET;
    }
    for (json = json ? json + 1 : NULL; check_next_line(&json, line, sizeof line);)
        if (!take(c, cell, line))
            c->status = EXIT_DIFFERS;
    free(cell->answer);
    cell->answer = NULL;
}

/* A scenario that did not come to its end even as written may need any of the queue's orders. */
static bool is_open(const struct necessity *c, const struct weaker *w)
{
    bool open = w->open;
    for (size_t i = 0; i < c->cells.n; i++)
        open |= c->cells.cell[i].driver == w->driver && check_unfinished(&c->cells.cell[i].found);
    return open;
}

/* Scenarios of this queue were left out: any of them may need what no other does. */
static bool is_partial(const struct necessity *c, const struct q_driver *driver)
{
    for (size_t i = 0; i < c->n_partial; i++)
        if (c->partial[i] == driver)
            return true;
    return false;
}

static const char *verdict_of(const struct necessity *c, const struct weaker *w)
{
    return w->found                             ? w->verdict
           : is_open(c, w)                      ? "unfinished"
           : w->cut || is_partial(c, w->driver) ? "undecided"
                                                : "ok";
}

/* The scenario that finds it; undecided: how many executions have not, to two digits. */
static void where_found(const struct weaker *w, const char *verdict, char *text, size_t size)
{
    uint64_t unit = 1;
    while (w->executions / unit >= 100)
        unit *= 10;
    if (w->found)
        snprintf(text, size, "%s", w->scenario->name);
    else if (strcmp(verdict, "undecided") == 0)
        snprintf(text, size, "none of %" PRIu64, w->executions / unit * unit);
    else
        snprintf(text, size, "-");
}

static int make_rows(struct necessity *c)
{
    int error = 0;
    tsv_begin(&c->found, heading);
    for (size_t i = 0; error == 0 && i < c->n; i++) {
        const struct weaker *const w = &c->weaker[i];
        char line[16], where[64];
        const char *const verdict = verdict_of(c, w);
        where_found(w, verdict, where, sizeof where);
        snprintf(line, sizeof line, "%u", w->line);
        const char *const word[] = {w->driver->name, w->file, line,  w->operation, w->from,
                                    w->to,           verdict, where, w->text};
        error = tsv_add(&c->found, word);
    }
    tsv_sort(&c->found);
    return error;
}

/* ---- against the committed table ------------------------------------------------------------- */

/* The same operation, wherever its line is now. */
static bool same_key(char (*a)[TSV_WORD], char (*b)[TSV_WORD])
{
    static const int key[] = {QUEUE, FILE_, OPERATION, FROM, TO, TEXT};
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        if (strcmp(a[key[i]], b[key[i]]) != 0)
            return false;
    return true;
}

/* The row of `in` that is what row i of `t` is: lines of the same text are told apart by their
 * order. */
static char (*counterpart(struct tsv *in, struct tsv *t, size_t i))[TSV_WORD]
{
    size_t before = 0;
    for (size_t k = 0; k < i; k++)
        before += same_key(t->row[k], t->row[i]);
    for (size_t k = 0; k < in->n; k++)
        if (same_key(in->row[k], t->row[i]) && before-- == 0)
            return in->row[k];
    return NULL;
}

static bool was_run(const struct necessity *c, const char *queue)
{
    for (size_t i = 0; i < c->cells.n; i++)
        if (strcmp(c->cells.cell[i].driver->name, queue) == 0)
            return true;
    return false;
}

/* How many rows that is to be explained by. */
static size_t differs(struct necessity *c, char (*row)[TSV_WORD], const char *found, const char *is)
{
    const bool slow = strcmp(found, "unfinished") == 0;
    fprintf(stderr, "queuelab: %s %s:%s %s %s -> %s: %s, committed: %s%s\n", row[QUEUE], row[FILE_],
            row[LINE], row[OPERATION], row[FROM], row[TO], found, is,
            slow ? ": give it more by --max-seconds" : "");
    if (!slow || c->status == 0)
        c->status = slow ? EXIT_BUDGET : EXIT_DIFFERS;
    return !slow;
}

/* As it is written: it was said already, and what its weaker orders do is not to be committed. */
static bool is_violated(const struct necessity *c, const char *queue)
{
    for (const struct check_cell *cell = c->cells.cell; cell < c->cells.cell + c->cells.n; cell++)
        if (strcmp(cell->driver->name, queue) == 0 && strcmp(cell->found.verdict, "ok") != 0 &&
            !check_unfinished(&cell->found))
            return true;
    return false;
}

static void compare_queue(struct necessity *c, const char *queue)
{
    const bool begun = tsv_has(&c->committed, queue);
    size_t differing = 0;
    if (is_violated(c, queue))
        return;
    for (size_t i = 0; i < c->found.n; i++) {
        char(*const row)[TSV_WORD] = c->found.row[i];
        char(*const other)[TSV_WORD] = counterpart(&c->committed, &c->found, i);
        if (strcmp(row[QUEUE], queue) == 0 &&
            (begun ? !other || strcmp(row[VERDICT], other[VERDICT])
                   : !strcmp(row[VERDICT], "unfinished")))
            differing += differs(c, row, row[VERDICT], other ? other[VERDICT] : "nothing");
    }
    for (size_t i = 0; i < c->committed.n; i++) {
        char(*const row)[TSV_WORD] = c->committed.row[i];
        if (strcmp(row[QUEUE], queue) == 0 && !counterpart(&c->found, &c->committed, i))
            differing += differs(c, row, "nothing", row[VERDICT]);
    }
    if (differing > 0)
        check_say_update(queue, "--weaken ", "", c->o->table);
    else if (!begun && tsv_has(&c->found, queue))
        check_say_new(queue, "--weaken ", c->o->table);
}

static void compare(struct necessity *c)
{
    const struct check_cell *const cell = c->cells.cell; /* those of a queue stand together */
    fflush(stdout);
    for (size_t i = 0; i < c->cells.n; i++)
        if (i == 0 || cell[i].driver != cell[i - 1].driver)
            compare_queue(c, cell[i].driver->name);
}

/* ---- what nothing has decided -------------------------------------------------------------------- */

/* Committed as undecided, and not asked again: that would take all of the scenarios. */
static bool is_left(const struct necessity *c, char (*row)[TSV_WORD], const char *queue)
{
    return !c->o->update && !c->o->all && !c->o->scenario &&
           strcmp(row[VERDICT], "undecided") == 0 && strcmp(row[QUEUE], queue) == 0;
}

static size_t rows_of(const struct tsv *t, char (*row)[TSV_WORD])
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += same_key(t->row[i], row);
    return n;
}

/* Rows that were left out stay as they are, unless their operation has moved and was tried. */
static int keep_left(struct necessity *c)
{
    int error = 0;
    for (size_t i = 0; i < c->committed.n && error == 0; i++) {
        char(*const row)[TSV_WORD] = c->committed.row[i];
        const char *word[TSV_COLUMNS];
        if (!was_run(c, row[QUEUE]) || !is_left(c, row, row[QUEUE]) ||
            rows_of(&c->found, row) >= rows_of(&c->committed, row))
            continue;
        for (size_t k = 0; k < c->found.columns; k++)
            word[k] = row[k];
        error = tsv_add(&c->found, word);
        c->left++;
    }
    tsv_sort(&c->found);
    return error;
}

/* Rows of queues that were not run stay. */
static int update(struct necessity *c)
{
    for (size_t i = c->committed.n; i-- > 0;)
        if (was_run(c, c->committed.row[i][QUEUE]))
            tsv_drop(&c->committed, i);
    const int error = tsv_append(&c->committed, &c->found);
    return error ? error : tsv_write(&c->committed, c->o->table);
}

/* ---- output ------------------------------------------------------------------------------------ */

static void print_tags(const struct necessity *c, const struct q_driver *driver)
{
    struct check_tags tags;
    if (check_tags_read(&tags, driver->traits->name) && !c->o->json)
        return; /* not in the project's root: nothing to say */
    for (size_t i = 0; i < c->found.n; i++)
        if (strcmp(c->found.row[i][QUEUE], driver->name) == 0)
            check_tags_executed(&tags, c->found.row[i][FILE_],
                                (unsigned)strtoul(c->found.row[i][LINE], NULL, 10));
    if (c->o->json)
        check_tags_json(&tags, driver->name);
    else
        check_tags_print(&tags);
}

static void print_queue(const struct necessity *c, const char *queue)
{
    printf("\n%s\n", queue);
    for (size_t i = 0; i < c->found.n; i++) {
        char(*const row)[TSV_WORD] = c->found.row[i];
        char place[200], change[80];
        if (strcmp(row[QUEUE], queue) != 0)
            continue;
        snprintf(place, sizeof place, "%s:%s", row[FILE_], row[LINE]);
        snprintf(change, sizeof change, "%s -> %s", row[FROM], row[TO]);
        printf("  %-28s %-18s %-32s %-20s %-22s %s\n", place, row[OPERATION], change,
               strcmp(row[VERDICT], "ok") ? row[VERDICT] : "not needed", row[SCENARIO], row[TEXT]);
    }
}

static void print(const struct necessity *c)
{
    if (c->o->most)
        printf("One order weaker at a time, in each scenario with at most %" PRIu64
               " executions as written, and in as many of each\n",
               c->o->most);
    else
        printf("One order weaker at a time, in each scenario that holds as written\n");
    for (size_t i = 0; i < c->cells.n; i++) {
        const struct q_driver *const d = c->cells.cell[i].driver;
        if (i > 0 && c->cells.cell[i - 1].driver == d)
            continue;
        print_queue(c, d->name);
        print_tags(c, d);
    }
    if (c->left)
        printf("\n%zu undecided ones were not tried again (--all tries them)\n", c->left);
}

static void print_json(const struct necessity *c)
{
    static const char *const key[] = {"queue", "file",    "line",     "operation", "from",
                                      "to",    "verdict", "scenario", "text"};
    printf("{\"model\":\"%s\",\"executions_at_most\":%" PRIu64 ",\"weakened\":[", c->o->model,
           c->o->most);
    for (size_t i = 0; i < c->found.n; i++) {
        printf("%s\n {", i ? "," : "");
        for (size_t k = 0; k < c->found.columns; k++) {
            printf("%s\"%s\":", k ? "," : "", key[k]);
            if (k == LINE)
                printf("%s", c->found.row[i][k]);
            else
                json_put_string(stdout, c->found.row[i][k]);
        }
        putchar('}');
    }
    printf("\n],\"tagged\":[");
    for (size_t i = 0, n = 0; i < c->cells.n; i++)
        if (i == 0 || c->cells.cell[i - 1].driver != c->cells.cell[i].driver) {
            printf("%s", n++ ? ",\n " : "\n ");
            print_tags(c, c->cells.cell[i].driver);
        }
    printf("\n]}\n");
}

/* ---- all of it --------------------------------------------------------------------------------- */

static bool is_small(const struct check_cell *cell, void *arg)
{
    struct necessity *const c = arg;
    const struct check_row *const row =
        check_table_find(&c->expected, cell->driver->name, cell->scenario->name, c->o->model);
    const bool small = row && strcmp(row->verdict, "ok") == 0 &&
                       (c->o->most == 0 || row->complete + row->blocked <= c->o->most);
    if (!small && !is_partial(c, cell->driver))
        c->partial[c->n_partial++] = cell->driver;
    return small;
}

static int plan(struct necessity *c)
{
    int status = check_plan(&c->cells, c->o);
    if (status == 0)
        status = check_expected(&c->expected, c->o, false);
    if (status)
        return status;
    c->partial = calloc(c->cells.n + 1, sizeof *c->partial);
    if (!c->partial) {
        fprintf(stderr, "queuelab: no memory\n");
        return EXIT_DIFFERS;
    }
    check_keep(&c->cells, is_small, c);
    if (c->cells.n == 0) {
        const char *const queue = c->o->queue;
        fprintf(stderr, "queuelab: %s has no scenario of these with the verdict ok",
                c->o->expected);
        if (c->o->most)
            fprintf(stderr, " and at most %" PRIu64 " executions", c->o->most);
        fprintf(stderr, ": run `queuelab check --update%s%s%s` first\n", queue ? " --queue '" : "",
                queue ? queue : "", queue ? "'" : "");
        return EXIT_USAGE;
    }
    unsigned line;
    const int error = tsv_read(&c->committed, heading, c->o->table, &line);
    if (error && !(error == ENOENT && (c->o->update || c->o->scenario))) {
        tsv_complain(error, c->o->table, line, "check --weaken --update");
        return EXIT_USAGE;
    }
    return 0;
}

/* ---- one scenario of each queue after the other, small ones first: what one has shown to be needed
 * the next ones need not ask about again ---- */

static uint64_t executions_of(const struct necessity *c, const struct check_cell *cell)
{
    const struct check_row *const row =
        check_table_find(&c->expected, cell->driver->name, cell->scenario->name, c->o->model);
    return row ? row->complete + row->blocked : UINT64_MAX;
}

/* How many scenarios of its queue come before it. */
static size_t rank(const struct necessity *c, size_t at)
{
    const uint64_t mine = executions_of(c, &c->cells.cell[at]);
    size_t before = 0;
    for (size_t i = 0; i < c->cells.n; i++)
        if (c->cells.cell[i].driver == c->cells.cell[at].driver) {
            const uint64_t other = executions_of(c, &c->cells.cell[i]);
            before += other < mine || (other == mine && i < at);
        }
    return before;
}

/* What is known to be needed in this queue, for the checker to leave out. */
static int write_known(const struct necessity *c, struct check_cell *cell)
{
    snprintf(cell->known, sizeof cell->known, "/tmp/queuelab-known-XXXXXX");
    const int fd = mkstemp(cell->known);
    FILE *const f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f) {
        const int error = errno;
        cell->known[0] = '\0';
        return error;
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct weaker *const w = &c->weaker[i];
        if (w->found && w->driver == cell->driver)
            fprintf(f, "%s\t%u\t%s\t%s\t%s\n", w->file, w->line, w->operation, w->from, w->to);
    }
    for (size_t i = 0; i < c->committed.n; i++) {
        char(*const row)[TSV_WORD] = c->committed.row[i];
        if (is_left(c, row, cell->driver->name))
            fprintf(f, "%s\t%s\t%s\t%s\t%s\n", row[FILE_], row[LINE], row[OPERATION], row[FROM],
                    row[TO]);
    }
    return fclose(f) ? errno : 0;
}

static bool is_found(const struct necessity *c, const struct q_driver *driver,
                     char (*row)[TSV_WORD])
{
    for (size_t i = 0; i < c->n; i++) {
        const struct weaker *const w = &c->weaker[i];
        if (w->found && w->driver == driver && w->line == strtoul(row[LINE], NULL, 10) &&
            strcmp(w->file, row[FILE_]) == 0 && strcmp(w->operation, row[OPERATION]) == 0 &&
            strcmp(w->from, row[FROM]) == 0 && strcmp(w->to, row[TO]) == 0)
            return true;
    }
    return false;
}

/* All that is committed of this queue has been found again, and nothing else is open: what its larger
 * scenarios alone reach shows when the table is made anew. */
static bool is_done(const struct necessity *c, const struct q_driver *driver)
{
    bool any = false;
    for (size_t i = 0; i < c->n; i++)
        if (c->weaker[i].driver == driver && !c->weaker[i].found)
            return false;
    for (size_t i = 0; i < c->committed.n; i++) {
        char(*const row)[TSV_WORD] = c->committed.row[i];
        if (strcmp(row[QUEUE], driver->name) != 0)
            continue;
        if (c->o->update || c->o->all || c->o->scenario ||
            !(is_left(c, row, driver->name) || is_found(c, driver, row)))
            return false;
        any = true;
    }
    return any;
}

static int run_wave(struct necessity *c, size_t at, struct check_cells *wave, size_t *from)
{
    int error = 0, status = 0;
    wave->n = 0;
    for (size_t i = 0; i < c->cells.n && error == 0; i++)
        if (rank(c, i) == at && is_done(c, c->cells.cell[i].driver)) {
            snprintf(c->cells.cell[i].found.verdict, sizeof c->cells.cell[i].found.verdict, "ok");
        } else if (rank(c, i) == at) {
            from[wave->n] = i;
            wave->cell[wave->n] = c->cells.cell[i];
            error = write_known(c, &wave->cell[wave->n++]);
        }
    if (error) {
        fprintf(stderr, "queuelab: cannot write into /tmp: %s\n", strerror(error));
        status = EXIT_DIFFERS;
    } else if (wave->n > 0) {
        status = check_run(wave, each, c);
    }
    for (size_t i = 0; i < wave->n; i++) {
        if (wave->cell[i].known[0])
            unlink(wave->cell[i].known);
        c->cells.cell[from[i]] = wave->cell[i];
    }
    return status;
}

static int run(struct necessity *c)
{
    struct check_cells wave = c->cells;
    size_t *const from = calloc(c->cells.n + 1, sizeof *from);
    wave.cell = calloc(c->cells.n + 1, sizeof *wave.cell);
    int status = 0;
    if (!wave.cell || !from) {
        fprintf(stderr, "queuelab: no memory\n");
        status = EXIT_DIFFERS;
    }
    wave.n = 1;
    for (size_t at = 0; status == 0 && wave.n > 0; at++)
        status = run_wave(c, at, &wave, from);
    free(wave.cell);
    free(from);
    return status;
}

int check_weaken(const struct check_options *o)
{
    struct necessity c = {.o = o};
    int status = plan(&c);
    if (status == 0)
        status = run(&c);
    int error = status == 0 ? make_rows(&c) : 0;
    if (status == 0 && error == 0)
        error = keep_left(&c);
    if (status == 0 && error == 0) {
        if (o->json)
            print_json(&c);
        else
            print(&c);
        if (o->update)
            error = update(&c);
        else if (!o->scenario) /* what other scenarios find is not known */
            compare(&c);
        status = c.status;
    }
    if (error) {
        fprintf(stderr, "queuelab: cannot write %s: %s\n", o->table, strerror(error));
        status = EXIT_DIFFERS;
    }
    check_forget(&c.cells);
    check_table_release(&c.expected);
    tsv_release(&c.found);
    tsv_release(&c.committed);
    free(c.weaker);
    free(c.partial);
    return status;
}
