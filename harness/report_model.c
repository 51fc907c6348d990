/* report_model.c: the sections about what was proved: explored, progress, necessity. */
#include "harness/report_book.h"

#include <stdlib.h>
#include <string.h>

#include "harness/report_proof.h"
#include "models/scenarios/table.h"

static const char *model_name(const struct table *t, size_t row)
{
    const char *const model = table_cell(t, row, "model");
    return strcmp(model, "rc11") == 0  ? "RC11"
           : strcmp(model, "sc") == 0  ? "SC"
           : strcmp(model, "tso") == 0 ? "TSO"
                                       : model;
}

/* ---- explored ------------------------------------------------------------------------------ */

struct tally {
    size_t cells, ok, violated, unfinished;
    uint64_t complete, blocked;
};

static void add(struct tally *sum, const struct table *t, size_t row)
{
    const char *const verdict = table_cell(t, row, "verdict");
    sum->cells++;
    if (verdict_ok(verdict))
        sum->ok++;
    else if (verdict_unfinished(verdict))
        sum->unfinished++;
    else
        sum->violated++;
    sum->complete += table_count(t, row, "complete");
    sum->blocked += table_count(t, row, "blocked");
}

static void put_tally(FILE *f, const struct tally *t)
{
    fprintf(f, "%zu | %zu | %s%zu%s | %zu | ", t->cells, t->ok, t->violated ? "**" : "",
            t->violated, t->violated ? "**" : "", t->unfinished);
    put_count(f, t->complete);
    fputs(" | ", f);
    put_count(f, t->blocked);
    fputs(" |\n", f);
}

/* One row for each queue and model, in the order in which the table has them first. */
static struct tally put_queues(FILE *f, const struct table *t)
{
    static const char *const titles[] = {"model",    "scenarios",  "no violation",
                                         "violated", "unfinished", "complete executions",
                                         "blocked"};
    struct tally all = {0};
    put_table_head(f, "queue", titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < t->rows; i++) {
        struct tally sum = {0};
        bool first = true;
        for (size_t k = 0; k < t->rows; k++)
            if (table_same(t, i, k, "queue") && table_same(t, i, k, "model")) {
                first &= k >= i;
                add(&sum, t, k);
            }
        add(&all, t, i);
        if (first) {
            fprintf(f, "| %s | %s | ", table_cell(t, i, "queue"), model_name(t, i));
            put_tally(f, &sum);
        }
    }
    fputs("| **all** | | ", f);
    put_tally(f, &all);
    return all;
}

static void put_bound(FILE *f, const char *scenario)
{
    const struct scenario *const s = scenario_find(scenario);
    if (s)
        fprintf(f, "%u threads, capacity %u", s->threads, s->capacity);
    else
        fputs("–", f);
}

static void put_known(FILE *f, uint64_t n, bool known)
{
    if (known)
        put_count(f, n);
    else
        fputs("–", f);
}

static void put_unfinished(FILE *f, const struct table *t)
{
    fputs("| scenario | queue | model | bound | complete so far | blocked so far | both in all, a "
          "guess "
          "|\n|:--|:--|:--|:--|--:|--:|--:|\n",
          f);
    for (size_t i = 0; i < t->rows; i++) {
        const char *const verdict = table_cell(t, i, "verdict");
        if (!verdict_unfinished(verdict))
            continue;
        fprintf(f, "| %s | %s | %s | ", table_cell(t, i, "scenario"), table_cell(t, i, "queue"),
                model_name(t, i));
        put_bound(f, table_cell(t, i, "scenario"));
        if (strcmp(verdict, "unbounded") == 0)
            fputs("; *a loop without a bound*", f);
        const uint64_t complete = table_count(t, i, "complete"),
                       blocked = table_count(t, i, "blocked");
        const double estimate = strtod(table_cell(t, i, "estimate"), NULL);
        fputs(" | ", f);
        put_known(f, complete, complete + blocked > 0);
        fputs(" | ", f);
        put_known(f, blocked, complete + blocked > 0);
        fputs(estimate > 0 ? " | about " : " | ", f);
        put_known(f, estimate < 1e18 ? (uint64_t)estimate : UINT64_MAX, estimate > 0);
        fputs(" |\n", f);
    }
    fputc('\n', f);
}

int section_explored(FILE *f, const struct book *b)
{
    const struct table *const t = &b->proof->table[PROOF_EXPECTED];
    if (!proof_has(f, b->proof, PROOF_EXPECTED))
        return 0;
    const struct tally all = put_queues(f, t);
    unsigned least = ~0U, most = 0;
    for (size_t i = 0; i < SCENARIOS; i++) {
        least = scenarios[i].threads < least ? scenarios[i].threads : least;
        most = scenarios[i].threads > most ? scenarios[i].threads : most;
    }
    fprintf(f,
            "\n**The bounds.** A scenario is a closed program: %u to %u threads beside main, each "
            "with a few operations on one queue of a small capacity. Of such a program every "
            "execution that the memory model allows is explored, from the source that is measured; "
            "a *blocked* one ends early because a thread waits for what others could have done "
            "sooner. More "
            "threads or more operations are not covered. Each scenario's claim and bound, and each "
            "cell: [models/TABLES.md](models/TABLES.md).\n",
            least, most);
    if (all.violated) {
        fputs("\n**Violated:**\n\n", f);
        for (size_t i = 0; i < t->rows; i++) {
            const char *const verdict = table_cell(t, i, "verdict");
            if (verdict_ok(verdict) || verdict_unfinished(verdict))
                continue;
            fprintf(f, "- `%s` in `%s` under %s: ", table_cell(t, i, "queue"),
                    table_cell(t, i, "scenario"), model_name(t, i));
            put_words(f, verdict);
            fputc('\n', f);
        }
    }
    if (all.unfinished) {
        fputs("\n**Unfinished:** no violation was found before the time was up, and that proves "
              "nothing about what is left.\n\n",
              f);
        put_unfinished(f, t);
    }
    return 0;
}

/* ---- progress ------------------------------------------------------------------------------ */

static int progress_rank(const char *name)
{
    static const char *const names[] = {"blocking", "obstruction-free", "lock-free", "wait-free"};
    for (int i = 0; i < 4; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return i;
    return -1;
}

int section_progress(FILE *f, const struct book *b)
{
    static const char *const titles[] = {
        "queue", "operation", "promised", "found", "a thread that stops here", "seen in"};
    const struct table *const t = &b->proof->table[PROOF_PROGRESS];
    size_t broken = 0;
    if (!proof_has(f, b->proof, PROOF_PROGRESS))
        return 0;
    put_list_head(f, titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < t->rows; i++) {
        const char *const promised = table_cell(t, i, "promised"), *const found =
                                                                       table_cell(t, i, "found");
        const char *const scenario = table_cell(t, i, "scenario"), *const text =
                                                                       table_cell(t, i, "text");
        const int rank = progress_rank(found);
        const bool less = rank >= 0 && rank < progress_rank(promised);
        broken += less;
        fprintf(f, "| %s | %s | %s | %s%s%s | ", table_cell(t, i, "queue"),
                table_cell(t, i, "operation"), promised, less ? "**" : "", found, less ? "**" : "");
        put_place(f, t, i);
        fputs(text[0] && strcmp(text, "-") ? " " : "", f);
        put_source(f, text);
        fprintf(f, " | %s |\n", strcmp(scenario, "-") ? scenario : "");
    }
    if (broken)
        fprintf(f, "\n**Less than promised: %zu.** ", broken);
    else
        fputs("\nNo operation was found to keep less than its traits promise. ", f);
    fputs("Found, by stopping one thread after each of its steps in turn: *blocking*, when the "
          "others then wait for it for ever.\n",
          f);
    return 0;
}

/* ---- necessity ----------------------------------------------------------------------------- */

static bool same_site(const struct table *t, size_t a, size_t b)
{
    return table_same(t, a, b, "line") && table_same(t, a, b, "file") &&
           table_same(t, a, b, "operation") && table_same(t, a, b, "from");
}

struct sites {
    size_t all, needed, not_needed, undecided;
};

static struct sites sites_of(const struct table *t, size_t first_row)
{
    struct sites s = {0};
    for (size_t i = first_row; i < t->rows; i++) {
        if (!table_same(t, i, first_row, "queue"))
            continue;
        bool first = true, ok = false, open = false;
        for (size_t k = 0; k < t->rows; k++)
            if (table_same(t, k, i, "queue") && same_site(t, k, i)) {
                first &= k >= i;
                ok |= verdict_ok(table_cell(t, k, "verdict"));
                open |= verdict_unfinished(table_cell(t, k, "verdict"));
            }
        s.all += first;
        s.not_needed += first && ok;
        s.undecided += first && !ok && open;
        s.needed += first && !ok && !open;
    }
    return s;
}

/* Nothing notices this weakening, in any queue that has the site. */
static bool unnoticed(const struct table *t, size_t row)
{
    for (size_t i = 0; i < t->rows; i++)
        if (same_site(t, i, row) && table_same(t, i, row, "to") &&
            !verdict_ok(table_cell(t, i, "verdict")))
            return false;
    return true;
}

static size_t first_at(const struct table *t, size_t row, const char *column)
{
    size_t i = 0;
    while (!(same_site(t, i, row) && table_same(t, i, row, column)))
        i++;
    return i;
}

/* The row's site, with every weaker order that nothing notices; it is the site's first row. */
static size_t put_unnoticed(FILE *f, const struct table *t, size_t row)
{
    size_t n = 0;
    for (size_t i = row; i < t->rows; i++) {
        if (!same_site(t, i, row) || first_at(t, i, "to") != i || !unnoticed(t, i))
            continue;
        if (n++ == 0) {
            fputs("| ", f);
            put_place(f, t, row);
            fprintf(f, " | %s | %s | ", table_cell(t, row, "operation"),
                    table_cell(t, row, "from"));
        }
        fprintf(f, "%s%s", n > 1 ? ", " : "", table_cell(t, i, "to"));
    }
    if (n == 0)
        return 0;
    fputs(" | ", f);
    for (size_t i = row, queues = 0; i < t->rows; i++)
        if (same_site(t, i, row) && first_at(t, i, "queue") == i)
            fprintf(f, "%s%s", queues++ ? ", " : "", table_cell(t, i, "queue"));
    fputs(" | ", f);
    put_source(f, table_cell(t, row, "text"));
    fputs(" |\n", f);
    return 1;
}

int section_necessity(FILE *f, const struct book *b)
{
    static const char *const titles[] = {"ordered operations", "needed as written",
                                         "a weaker order goes unnoticed", "not decided"};
    static const char *const list[] = {"place",     "operation", "as written",
                                       "unnoticed", "queues",    "source"};
    const struct table *const t = &b->proof->table[PROOF_NECESSITY];
    size_t n = 0;
    if (!proof_has(f, b->proof, PROOF_NECESSITY))
        return 0;
    put_table_head(f, "queue", titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < t->rows; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = !table_same(t, k, i, "queue");
        if (!first)
            continue;
        const struct sites s = sites_of(t, i);
        fprintf(f, "| %s | %zu | %zu | %zu | %zu |\n", table_cell(t, i, "queue"), s.all, s.needed,
                s.not_needed, s.undecided);
    }
    fputs(
        "\nOne operation at a time has its order weakened, and every scenario of the queue that is "
        "small enough runs again. What then appears, weakening by weakening: "
        "[models/TABLES.md](models/TABLES.md#necessity). A queue that is missing here has no "
        "ordered "
        "operation of its own: its lock orders everything.\n\n#### Orders that no scenario needs"
        "\n\n",
        f);
    char *rows = NULL;
    size_t size = 0;
    FILE *m = open_memstream(&rows, &size);
    if (!m)
        return -1;
    for (size_t i = 0; i < t->rows; i++) {
        size_t k = 0;
        while (k < i && !same_site(t, k, i))
            k++;
        if (k == i)
            n += put_unnoticed(m, t, i);
    }
    fclose(m);
    if (n) {
        put_list_head(f, list, sizeof list / sizeof *list);
        fprintf(
            f,
            "%s\nThat none of them needs an order does not prove that it can go: a longer program "
            "might.\n",
            rows);
    } else {
        fputs("None: every weaker order is noticed by some scenario of some queue.\n", f);
    }
    free(rows);
    return 0;
}
