/* report_claims.c: what became of the claims of five documents: studies/claims.tsv, as people read
 * it. */
#include "harness/report_book.h"

#include <string.h>

#include "harness/report_proof.h"

static const char *const words[] = {"holds", "refuted", "holds only when", "cannot be tested here"};
enum { WORDS = sizeof words / sizeof *words };

static const char *cell(const struct table *t, size_t row, const char *column)
{
    return table_cell(t, row, column);
}

/* S1-C3 and S1-B2 are a document's; WAL-T1 is a target that this project set itself for the system. */
static bool is_target(const struct table *t, size_t row)
{
    return strstr(cell(t, row, "id"), "-T") != NULL;
}

static unsigned counted(const struct table *t, bool targets, const char *source,
                        const char *verdict)
{
    unsigned n = 0;
    for (size_t i = 0; i < t->rows; i++)
        n += is_target(t, i) == targets && (!source || strcmp(cell(t, i, "source"), source) == 0) &&
             (!verdict || strcmp(cell(t, i, "verdict"), verdict) == 0);
    return n;
}

static void put_counts(FILE *f, const struct table *t, bool targets, const char *source,
                       const char *name)
{
    fprintf(f, "| %s |", name);
    for (size_t w = 0; w < WORDS; w++)
        fprintf(f, " %u |", counted(t, targets, source, words[w]));
    fprintf(f, " %u | %u |\n", counted(t, targets, source, "-"), counted(t, targets, source, NULL));
}

static bool first_of_source(const struct table *t, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (table_same(t, i, row, "source"))
            return false;
    return true;
}

/* In a cell of a table: | ends it, and what is not there is nothing. */
static void put_text(FILE *f, const char *text)
{
    for (; *text && strcmp(text, "-") != 0; text++) {
        if (*text == '|')
            fputc('\\', f);
        fputc(*text, f);
    }
}

static void put_claim(FILE *f, const struct table *t, size_t row)
{
    const char *const verdict = cell(t, row, "verdict"), *const evidence = cell(t, row, "evidence");
    fprintf(f, "| %s | ", cell(t, row, "id"));
    put_text(f, cell(t, row, "claim"));
    if (strcmp(cell(t, row, "figure"), "-") != 0) {
        fputs(" (", f);
        put_text(f, cell(t, row, "figure"));
        fputs(")", f);
    }
    fprintf(f, " | %s%s%s | ", strcmp(verdict, "-") ? "**" : "",
            strcmp(verdict, "-") ? verdict : "not measured yet", strcmp(verdict, "-") ? "**" : "");
    put_text(f, cell(t, row, "measured"));
    fputs(" | ", f);
    if (strcmp(evidence, "-") != 0)
        fprintf(f, "[%s](%s)", strrchr(evidence, '/') ? strrchr(evidence, '/') + 1 : evidence,
                evidence);
    fputs(" |\n", f);
}

/* "8 of 111 hold, 57 are refuted, ...": of documents or of targets. */
static void put_outcome(FILE *f, const struct table *t, bool targets)
{
    static const struct {
        const char *verdict, *one, *more;
    } outcomes[WORDS + 1] = {
        {"holds", "holds", "hold"},
        {"refuted", "is refuted", "are refuted"},
        {"holds only when", "holds under a condition", "hold under conditions"},
        {"cannot be tested here", "cannot be tested here", "cannot be tested here"},
        {"-", "is not measured yet", "are not measured yet"},
    };
    bool first = true;
    for (size_t w = 0; w <= WORDS; w++) {
        const unsigned n = counted(t, targets, NULL, outcomes[w].verdict);
        if (n == 0)
            continue;
        fprintf(f, "%s%u", first ? "" : ", ", n);
        if (first)
            fprintf(f, " of %u", counted(t, targets, NULL, NULL));
        fprintf(f, " %s", n == 1 ? outcomes[w].one : outcomes[w].more);
        first = false;
    }
}

void put_claims_verdict(FILE *f, const struct book *b)
{
    const struct table *const t = &b->proof->claims;
    if (!t->there || !t->rows)
        return;
    if (counted(t, false, NULL, NULL)) {
        fputs("- **What documents claim** of systems that were built here and put to it: ", f);
        put_outcome(f, t, false);
        fputs(" ([each of them](#what-became-of-the-claims)).\n", f);
    }
    if (counted(t, true, NULL, NULL)) {
        fputs("- **Targets that this project set itself for those systems**: ", f);
        put_outcome(f, t, true);
        fputs(".\n", f);
    }
}

/* The command of each of these, once: "`a`: S1-C1, S1-C2; `b`: S1-C3". */
static void put_commands(FILE *f, const struct table *t, size_t first, bool targets)
{
    unsigned shown = 0;
    for (size_t i = first; i < t->rows; i++) {
        bool seen = !table_same(t, first, i, "source") || is_target(t, i) != targets ||
                    !cell(t, i, "command")[0];
        for (size_t k = first; k < i && !seen; k++)
            seen = table_same(t, first, k, "source") && is_target(t, k) == targets &&
                   table_same(t, i, k, "command");
        if (seen)
            continue;
        fprintf(f, "%s`%s`:", shown++ ? "; " : "\nMeasured by ", cell(t, i, "command"));
        const char *comma = " ";
        for (size_t k = i; k < t->rows; k++)
            if (table_same(t, first, k, "source") && is_target(t, k) == targets &&
                table_same(t, i, k, "command")) {
                fprintf(f, "%s%s", comma, cell(t, k, "id"));
                comma = ", ";
            }
    }
    if (shown)
        fputs(".\n", f);
}

int section_claims(FILE *f, const struct book *b)
{
    const struct table *const t = &b->proof->claims;
    if (!t->there) {
        fputs("There is no ledger `studies/claims.tsv`: `git checkout studies/claims.tsv` brings "
              "it back, `./run_all.sh studies` fills it.\n",
              f);
        return 0;
    }
    fputs("| document |", f);
    for (size_t w = 0; w < WORDS; w++)
        fprintf(f, " %s |", words[w]);
    fputs(" not measured yet | claims |\n|:--|--:|--:|--:|--:|--:|--:|\n", f);
    for (size_t i = 0; i < t->rows; i++)
        if (first_of_source(t, i))
            put_counts(f, t, false, cell(t, i, "source"), cell(t, i, "source"));
    put_counts(f, t, false, NULL, "all documents");
    if (counted(t, true, NULL, NULL))
        put_counts(f, t, true, NULL, "targets of this project");
    for (size_t i = 0; i < t->rows; i++)
        for (unsigned targets = 0; targets < 2 && first_of_source(t, i); targets++) {
            const char *const source = cell(t, i, "source");
            if (!counted(t, targets, source, NULL))
                continue;
            if (targets)
                fprintf(f,
                        "\nTargets that this project set itself for the system of document %s:\n",
                        source);
            else
                fprintf(f, "\n#### Document %s\n", source);
            fputs("\n| id | claim | verdict | measured | evidence |\n|:--|:--|:--|:--|:--|\n", f);
            for (size_t k = i; k < t->rows; k++)
                if (table_same(t, i, k, "source") && is_target(t, k) == targets)
                    put_claim(f, t, k);
            put_commands(f, t, i, targets);
        }
    return 0;
}
