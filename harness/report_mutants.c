/* report_mutants.c: the sections about the checker itself: mutants, litmus programs, counterexamples
 * as it prints them. */
#include "harness/report_book.h"

#include <string.h>

#include "harness/driver.h"
#include "harness/report_proof.h"

/* ---- mutants ------------------------------------------------------------------------------- */

static bool survives(const struct table *t, size_t row)
{
    const char *const by = table_cell(t, row, "killed_by");
    return by[0] == '\0' || strcmp(by, "-") == 0 || strcmp(by, "none") == 0;
}

/* The family of the queue that has the bug; what is no queue is a program of its own. */
static const char *family_of(const struct table *t, size_t row)
{
    const char *const subject = table_cell(t, row, "subject");
    for (const struct q_driver *const *d = q_drivers; *d; d++) {
        const char *const dot = strchr((*d)->name, '.');
        const size_t n = dot ? (size_t)(dot - (*d)->name) : strlen((*d)->name);
        if (strncmp(subject, (*d)->name, n) == 0 &&
            (subject[n] == '\0' || subject[n] == '.' || strncmp(subject + n, "_over_", 6) == 0 ||
             strncmp(subject + n, "_with_", 6) == 0))
            return (*d)->traits->family;
    }
    return "programs of their own";
}

static size_t kind_length(const char *found) { return strcspn(found, ":,"); }

/* "data race 5, leak 1": what killed those of this family, in the order of the table. */
static void put_kinds(FILE *f, const struct table *t, const char *family)
{
    size_t kinds = 0;
    for (size_t i = 0; i < t->rows; i++) {
        const char *const found = table_cell(t, i, "found");
        const size_t length = kind_length(found);
        size_t n = 0;
        bool first = true;
        if (survives(t, i) || strcmp(family_of(t, i), family) != 0)
            continue;
        for (size_t k = 0; k < t->rows; k++) {
            const char *const other = table_cell(t, k, "found");
            if (survives(t, k) || strcmp(family_of(t, k), family) != 0 ||
                kind_length(other) != length || strncmp(other, found, length) != 0)
                continue;
            first &= k >= i;
            n++;
        }
        if (!first)
            continue;
        char kind[64];
        snprintf(kind, sizeof kind, "%.*s", (int)length, found);
        fputs(kinds++ ? ", " : "", f);
        put_words(f, kind);
        fprintf(f, " %zu", n);
    }
}

static void put_survivors(FILE *f, const struct table *t)
{
    static const char prefix[] = "survives: ";
    for (size_t i = 0; i < t->rows; i++) {
        if (!survives(t, i))
            continue;
        const char *why = table_cell(t, i, "found");
        if (why[0] == '\0' || strcmp(why, "-") == 0)
            why = table_cell(t, i, "expected");
        if (strncmp(why, prefix, sizeof prefix - 1) == 0)
            why += sizeof prefix - 1;
        fprintf(f, "- `%s` (%s): %s\n", table_cell(t, i, "mutant"), table_cell(t, i, "subject"),
                why);
    }
}

int section_mutants(FILE *f, const struct book *b)
{
    const struct table *const t = &b->proof->table[PROOF_KILLS];
    size_t alive = 0;
    if (!proof_has(f, b->proof, PROOF_KILLS))
        return 0;
    fputs("| family | mutants | killed | by what |\n|:--|--:|--:|:--|\n", f);
    for (size_t i = 0; i < t->rows; i++) {
        const char *const family = family_of(t, i);
        size_t n = 0, killed = 0;
        bool first = true;
        for (size_t k = 0; k < t->rows; k++)
            if (strcmp(family_of(t, k), family) == 0) {
                first &= k >= i;
                n++;
                killed += !survives(t, k);
            }
        alive += survives(t, i);
        if (!first)
            continue;
        fprintf(f, "| %s | %zu | %zu | ", family, n, killed);
        put_kinds(f, t, family);
        fputs(" |\n", f);
    }
    size_t gave_up = 0;
    for (size_t i = 0; i < t->rows; i++)
        gave_up += strcmp(table_cell(t, i, "found"), "no bound") == 0;
    fprintf(f, "\n%zu mutants, %zu killed.", t->rows, t->rows - alive);
    if (gave_up)
        fprintf(
            f,
            " Of these, %zu by *no bound*: the bug makes a loop endless that the checker does not "
            "know for a waiting one; it gives up and says where, but gives no counterexample.",
            gave_up);
    fputs(" Each by name: [models/TABLES.md](models/TABLES.md#mutants).", f);
    if (alive) {
        fputs(" **Survivors:**\n\n", f);
        put_survivors(f, t);
    } else {
        fputs(" None survives.\n", f);
    }
    return 0;
}

/* ---- litmus, counterexamples --------------------------------------------------------------- */

int section_litmus(FILE *f, const struct book *b)
{
    const struct table *const t = &b->proof->table[PROOF_COUNTS];
    size_t shapes = 0, weaker = 0;
    uint64_t rc11 = 0, sc = 0;
    if (!proof_has(f, b->proof, PROOF_COUNTS))
        return 0;
    for (size_t i = 0; i < t->rows; i++) {
        size_t k = 0;
        while (!table_same(t, k, i, "shape"))
            k++;
        shapes += k == i;
        weaker += table_count(t, i, "rc11") > table_count(t, i, "sc");
        rc11 += table_count(t, i, "rc11");
        sc += table_count(t, i, "sc");
    }
    fprintf(f, "%zu small programs of %zu shapes, whose numbers of execution graphs are known: ",
            t->rows, shapes);
    put_count(f, rc11);
    fputs(" under RC11, ", f);
    put_count(f, sc);
    fprintf(f,
            " under SC; in %zu of the programs RC11 allows more than SC does. `litmus_test` counts "
            "every one of them again with the checker, and compares the checker with a naive "
            "enumeration on random programs. The numbers: "
            "[models/litmus/counts.tsv](models/litmus/counts.tsv).\n",
            weaker);
    return 0;
}

/* A mutant's counterexample says nothing of the queue that is measured: say so before it is read.
 * Its line in queues.tsv ends in what the bug is. */
static void put_what_it_is_of(FILE *f, const struct proof *p, const char *name, int n)
{
    const char *line = p->mutants;
    while (line && *line && (strncmp(line, name, (size_t)n) != 0 || line[n] != '\t')) {
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    if (!line || !*line)
        return;
    const char *const subject = line + n + 1, *const end = line + strcspn(line, "\n"), *why = end;
    const int subject_n = (int)strcspn(subject, "\t");
    while (why[-1] != '\t')
        why--;
    fprintf(f,
            "`%.*s` is a mutant: `%.*s` with a bug planted for the checker to find (*%.*s*). What "
            "follows is no violation of `%.*s` as it is.\n\n",
            n, name, subject_n, subject, (int)(end - why), why, subject_n, subject);
}

int section_counterexamples(FILE *f, const struct book *b)
{
    const struct proof *const p = b->proof;
    if (!p->n_golden)
        fputs(
            "There is no counterexample in `models/golden/` yet: `models/golden/golden.sh --update "
            "gcc build/release` makes them.\n",
            f);
    for (size_t i = 0; i < COUNTEREXAMPLES && p->golden[i].text; i++) {
        const char *const text = p->golden[i].text, *const name = p->golden[i].name;
        const size_t n = strlen(text);
        const int stem = (int)(strlen(name) - 4); /* without .txt */
        fprintf(f, "#### %.*s\n\n", stem, name);
        put_what_it_is_of(f, p, name, stem);
        fprintf(f, "```text\n%s%s```\n\n", text, n && text[n - 1] == '\n' ? "" : "\n");
    }
    if (p->n_golden > COUNTEREXAMPLES)
        fprintf(f, "%zu more: [models/golden](models/golden).\n", p->n_golden - COUNTEREXAMPLES);
    return 0;
}
