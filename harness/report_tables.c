/* report_tables.c: models/TABLES.md: every row of the model checker's tables, as people read them. */
#include "harness/report_proof.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report_book.h"
#include "models/scenarios/table.h"

enum { QUEUES_MOST = 64 };

static void put_scenarios(FILE *f)
{
    fputs("## Scenarios\n\nThreads are counted beside main; the capacity is that of a bounded "
          "queue.\n\n| scenario | what it claims | threads | capacity |\n|:--|:--|--:|--:|\n",
          f);
    for (size_t i = 0; i < SCENARIOS; i++)
        fprintf(f, "| %s | %s | %u | %u |\n", scenarios[i].name, scenarios[i].claim,
                scenarios[i].threads, scenarios[i].capacity);
    fputc('\n', f);
}

/* The different values of a column, in the order in which they come. */
static size_t values_of(const struct table *t, const char *column, const char **value, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < t->rows; i++) {
        const char *const v = table_cell(t, i, column);
        size_t k = 0;
        while (k < n && strcmp(value[k], v) != 0)
            k++;
        if (k == n && n < most)
            value[n++] = v;
    }
    return n;
}

static void put_cell(FILE *f, const struct table *t, const char *queue, const char *scenario,
                     const char *model)
{
    size_t i = 0;
    while (i < t->rows && (strcmp(table_cell(t, i, "queue"), queue) != 0 ||
                           strcmp(table_cell(t, i, "scenario"), scenario) != 0 ||
                           strcmp(table_cell(t, i, "model"), model) != 0))
        i++;
    if (i == t->rows) {
        fputs(" · |", f);
        return;
    }
    const char *const verdict = table_cell(t, i, "verdict");
    const uint64_t complete = table_count(t, i, "complete"), blocked = table_count(t, i, "blocked");
    fputc(' ', f);
    if (!verdict_ok(verdict)) {
        fputs(verdict_unfinished(verdict) ? "*" : "**", f);
        put_words(f, verdict);
        fputs(verdict_unfinished(verdict) ? "* " : "** ", f);
    }
    if (verdict_ok(verdict) || complete || blocked) {
        put_count(f, complete);
        fputs(" / ", f);
        put_count(f, blocked);
    }
    fputs(" |", f);
}

static void put_explored(FILE *f, const struct table *t)
{
    const char *queue[QUEUES_MOST], *scenario[SCENARIOS], *model[8];
    const size_t queues = values_of(t, "queue", queue, QUEUES_MOST),
                 found = values_of(t, "scenario", scenario, SCENARIOS),
                 models = values_of(t, "model", model, 8);
    fputs("## Explored\n\nComplete / blocked executions; no violation where nothing else is said. "
          "·: the queue's traits leave the scenario out, or it has not run.\n\n",
          f);
    for (size_t m = 0; m < models; m++) {
        fprintf(f, "### Under `--model %s`\n\n", model[m]);
        put_table_head(f, "scenario", queue, queues);
        for (size_t i = 0; i < found; i++) {
            fprintf(f, "| %s |", scenario[i]);
            for (size_t k = 0; k < queues; k++)
                put_cell(f, t, queue[k], scenario[i], model[m]);
            fputc('\n', f);
        }
        fputc('\n', f);
    }
}

static void put_necessity(FILE *f, const struct table *t)
{
    const char *queue[QUEUES_MOST];
    const size_t queues = values_of(t, "queue", queue, QUEUES_MOST);
    fputs("## Necessity\n\nOne operation's order made weaker, all else as written. *Nothing*: all "
          "scenarios of the queue that are small enough hold all the same.\n\n",
          f);
    for (size_t k = 0; k < queues; k++) {
        fprintf(f, "### %s\n\n", queue[k]);
        fputs("| place | operation | as written | weaker | what appears | in scenario | source |\n"
              "|:--|:--|:--|:--|:--|:--|:--|\n",
              f);
        for (size_t i = 0; i < t->rows; i++) {
            const char *const verdict = table_cell(t, i, "verdict");
            const char *const scenario = table_cell(t, i, "scenario");
            if (strcmp(table_cell(t, i, "queue"), queue[k]) != 0)
                continue;
            fputs("| ", f);
            put_place(f, t, i);
            fprintf(f, " | %s | %s | %s | ", table_cell(t, i, "operation"),
                    table_cell(t, i, "from"), table_cell(t, i, "to"));
            if (verdict_ok(verdict))
                fputs("*nothing*", f);
            else
                put_words(f, verdict);
            fprintf(f, " | %s | ", strcmp(scenario, "-") ? scenario : "");
            put_source(f, table_cell(t, i, "text"));
            fputs(" |\n", f);
        }
        fputc('\n', f);
    }
}

static void put_mutants(FILE *f, const struct table *t)
{
    fputs("## Mutants\n\n| mutant | of | killed by | found | expected |\n|:--|:--|:--|:--|:--|\n",
          f);
    for (size_t i = 0; i < t->rows; i++) {
        static const char *const column[] = {"killed_by", "found", "expected"};
        fprintf(f, "| `%s` | %s |", table_cell(t, i, "mutant"), table_cell(t, i, "subject"));
        for (size_t k = 0; k < sizeof column / sizeof *column; k++) {
            fputc(' ', f);
            if (k == 0)
                put_source(f, table_cell(t, i, column[k]));
            else
                put_words(f, table_cell(t, i, column[k]));
            fputs(" |", f);
        }
        fputc('\n', f);
    }
    fputc('\n', f);
}

int proof_tables(const struct proof *p, char **text, size_t *size)
{
    const struct table *const t = p->table;
    *text = NULL;
    if (!t[PROOF_EXPECTED].there && !t[PROOF_NECESSITY].there && !t[PROOF_KILLS].there)
        return 0;
    FILE *f = open_memstream(text, size);
    if (!f)
        return ENOMEM;
    fputs("# Tables of the model checker\n\nMade by `./run_all.sh report` from the tables that the "
          "checker wrote; [REPORT.md](../REPORT.md) has their sums. Nothing here is typed by "
          "hand.\n\n",
          f);
    put_scenarios(f);
    if (t[PROOF_EXPECTED].there)
        put_explored(f, &t[PROOF_EXPECTED]);
    if (t[PROOF_NECESSITY].there)
        put_necessity(f, &t[PROOF_NECESSITY]);
    if (t[PROOF_KILLS].there)
        put_mutants(f, &t[PROOF_KILLS]);
    if (fclose(f) != 0) {
        free(*text);
        *text = NULL;
        return ENOMEM;
    }
    while (*size > 1 && (*text)[*size - 1] == '\n' && (*text)[*size - 2] == '\n')
        (*text)[--*size] = '\0';
    return 0;
}
