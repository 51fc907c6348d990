/* report.c: puts generated sections between the markers of a report, or compares them. */
#include "harness/report.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report_book.h"
#include "harness/report_proof.h"
#include "harness/whole_file.h"

static const struct {
    const char *name;
    section *write;
} sections[] = {
    {"verdict", section_verdict},
    {"machine", section_machine},
    {"ranking", section_ranking},
    {"families", section_families},
    {"absolute", section_absolute},
    {"latency", section_latency},
    {"memory", section_memory},
    {"held", section_held},
    {"segment", section_segment},
    {"contention", section_contention},
    {"backoff", section_backoff},
    {"oversubscription", section_oversubscription},
    {"order", section_order},
    {"telling", section_telling},
    {"overload", section_overload},
    {"interface", section_interface},
    {"limits", section_limits},
    {"cannot_tell", section_cannot_tell},
    {"records", section_records},
    {"explored", section_explored},
    {"progress", section_progress},
    {"necessity", section_necessity},
    {"mutants", section_mutants},
    {"litmus", section_litmus},
    {"counterexamples", section_counterexamples},
    {"claims", section_claims},
    {"contents", section_contents},
};
enum {
    SECTIONS = sizeof sections / sizeof *sections,
    FROM_RECORDS = 19,       /* of them; the others come from committed tables */
    CONTENTS = SECTIONS - 1, /* and the last one from the headings of all */
};

const char *const report_sections[] = {
    "verdict",         "machine",  "ranking",  "families",   "absolute", "latency",
    "memory",          "held",     "segment",  "contention", "backoff",  "oversubscription",
    "order",           "telling",  "overload", "interface",  "limits",   "cannot_tell",
    "records",         "explored", "progress", "necessity",  "mutants",  "litmus",
    "counterexamples", "claims",   "contents", NULL,
};
_Static_assert(sizeof report_sections / sizeof *report_sections == SECTIONS + 1, "one list each");

#define BEGIN "<!-- BEGIN queuelab:"
#define END   "<!-- END queuelab:"
#define CLOSE " -->"

/* ---- files --------------------------------------------------------------------------------- */

int read_whole(const char *path, char **text, size_t *size, char *message, size_t message_size)
{
    const int error = whole_read(path, text, size);
    if (error)
        snprintf(message, message_size, "cannot read %s: %s", path, strerror(error));
    return error;
}

int write_whole(const char *path, const char *text, size_t size, char *message, size_t message_size)
{
    const int error = whole_write(path, text, size);
    if (error)
        snprintf(message, message_size, "cannot write %s: %s", path, strerror(error));
    return error;
}

/* ---- markers ------------------------------------------------------------------------------- */

/* The name in a marker line of this kind: its length, or 0 when the line is none. */
static size_t marker_name(const char *line, const char *kind, const char **name)
{
    while (*line == ' ' || *line == '\t')
        line++;
    if (strncmp(line, kind, strlen(kind)) != 0)
        return 0;
    *name = line + strlen(kind);
    const size_t to_end = strcspn(*name, "\n");
    const char *close = memmem(*name, to_end, CLOSE, strlen(CLOSE));
    return close ? (size_t)(close - *name) : to_end;
}

static int find_section(const char *name, size_t size)
{
    for (int i = 0; i < SECTIONS; i++)
        if (strlen(sections[i].name) == size && memcmp(sections[i].name, name, size) == 0)
            return i;
    return -1;
}

struct body { /* what stands between two markers */
    const char *begin, *end;
};

static int parse(const char *path, const char *text, struct body body[SECTIONS], char *message,
                 size_t message_size)
{
    int open = -1;
    unsigned number = 1;
    memset(body, 0, SECTIONS * sizeof *body);
    for (const char *line = text; *line; number++) {
        const char *name = NULL, *next = line + strcspn(line, "\n");
        next += *next == '\n';
        size_t size;
        if ((size = marker_name(line, BEGIN, &name)) > 0) {
            const int i = find_section(name, size);
            if (i < 0)
                return snprintf(message, message_size, "%s:%u: no section is called '%.*s'", path,
                                number, (int)size, name),
                       EINVAL;
            if (open >= 0)
                return snprintf(message, message_size,
                                "%s:%u: '%s' begins before '%s' has ended: add " END "%s" CLOSE,
                                path, number, sections[i].name, sections[open].name,
                                sections[open].name),
                       EINVAL;
            if (body[i].begin)
                return snprintf(message, message_size, "%s:%u: section '%s' is there twice", path,
                                number, sections[i].name),
                       EINVAL;
            body[i].begin = next;
            open = i;
        } else if ((size = marker_name(line, END, &name)) > 0) {
            const int i = find_section(name, size);
            if (i < 0 || i != open)
                return snprintf(message, message_size, "%s:%u: '%.*s' ends where it has not begun",
                                path, number, (int)size, name),
                       EINVAL;
            body[i].end = line;
            open = -1;
        }
        line = next;
    }
    for (int i = 0; i < SECTIONS; i++)
        if (!body[i].end)
            return snprintf(message, message_size,
                            "%s: no marker pair for section '%s': add the lines " BEGIN "%s" CLOSE
                            " and " END "%s" CLOSE,
                            path, sections[i].name, sections[i].name, sections[i].name),
                   EINVAL;
    return 0;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* A section as it stands in the report: a blank line on both sides, or Markdown would take its
 * first table for a part of the comment. */
static char *generate(const struct book *b, int i, size_t *size)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, size);
    if (!f)
        return NULL;
    fputc('\n', f);
    int error = sections[i].write(f, b);
    if (fclose(f) != 0 || error) {
        free(text);
        return NULL;
    }
    while (*size > 0 && text[*size - 1] == '\n')
        (*size)--;
    char *padded = realloc(text, *size + 3);
    if (!padded) {
        free(text);
        return NULL;
    }
    memcpy(padded + *size, "\n\n", 3);
    *size += 2;
    return padded;
}

struct job {
    struct book book;
    struct proof proof;
    char *tables; /* models/TABLES.md; NULL: nothing to write */
    size_t tables_size;
    char *report;
    size_t report_size;
    struct body body[SECTIONS];
    char *fresh[SECTIONS];
    size_t fresh_size[SECTIONS];
    char *without_contents;
};

static char *assemble(const struct job *j, size_t *size);

static int prepare(struct job *j, const char *results_dir, const char *report_path, char *message,
                   size_t message_size)
{
    memset(j, 0, sizeof *j);
    int error = read_whole(report_path, &j->report, &j->report_size, message, message_size);
    if (error == ENOENT)
        snprintf(message, message_size,
                 "cannot read %s: %s: a report is prose with markers; begin with a copy of "
                 "REPORT.md",
                 report_path, strerror(error));
    if (!error)
        error = parse(report_path, j->report, j->body, message, message_size);
    if (!error)
        error = book_read(&j->book, results_dir, message, message_size);
    if (!error)
        error = proof_read(&j->proof, report_path, message, message_size);
    if (!error && (error = proof_tables(&j->proof, &j->tables, &j->tables_size)))
        snprintf(message, message_size, "no memory to write %s/TABLES.md", j->proof.models);
    j->book.proof = &j->proof;
    for (int i = 0; i < SECTIONS && !error; i++) {
        size_t size;
        if (i == CONTENTS)
            j->book.report = j->without_contents = assemble(j, &size);
        if (!(j->fresh[i] = generate(&j->book, i, &j->fresh_size[i]))) {
            snprintf(message, message_size, "no memory to write section '%s'", sections[i].name);
            error = ENOMEM;
        }
    }
    return error;
}

static void finish(struct job *j)
{
    for (int i = 0; i < SECTIONS; i++)
        free(j->fresh[i]);
    free(j->without_contents);
    free(j->report);
    free(j->tables);
    proof_free(&j->proof);
    book_free(&j->book);
}

static char *assemble(const struct job *j, size_t *size)
{
    char *text = NULL;
    const char *from = j->report;
    bool done[SECTIONS] = {false};
    FILE *f = open_memstream(&text, size);
    if (!f)
        return NULL;
    while (true) { /* sections stand in the report in any order */
        int next = -1;
        for (int i = 0; i < SECTIONS; i++)
            if (!done[i] && (next < 0 || j->body[i].begin < j->body[next].begin))
                next = i;
        if (next < 0)
            break;
        fwrite(from, 1, (size_t)(j->body[next].begin - from), f);
        if (j->fresh[next])
            fwrite(j->fresh[next], 1, j->fresh_size[next], f);
        from = j->body[next].end;
        done[next] = true;
    }
    fwrite(from, 1, (size_t)(j->report + j->report_size - from), f);
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

enum { TABLES_PATH = 4200 };

static void tables_path(const struct job *j, char path[TABLES_PATH])
{
    snprintf(path, TABLES_PATH, "%s/TABLES.md", j->proof.models);
}

int report_write(const char *results_dir, const char *report_path, const char *data_dir,
                 char *message, size_t message_size)
{
    char path[TABLES_PATH];
    struct job *j = calloc(1, sizeof *j);
    if (!j) {
        snprintf(message, message_size, "no memory");
        return ENOMEM;
    }
    int error = prepare(j, results_dir, report_path, message, message_size);
    if (!error && data_dir)
        error = report_data(&j->book, data_dir, message, message_size);
    if (!error) {
        size_t size = 0;
        char *text = assemble(j, &size);
        if (text) {
            error = write_whole(report_path, text, size, message, message_size);
        } else {
            snprintf(message, message_size, "no memory to write %s", report_path);
            error = ENOMEM;
        }
        free(text);
    }
    if (!error && j->tables) {
        tables_path(j, path);
        error = write_whole(path, j->tables, j->tables_size, message, message_size);
    }
    finish(j);
    free(j);
    return error;
}

static int tables_check(const struct job *j, char *message, size_t message_size)
{
    char path[TABLES_PATH], *text;
    size_t size;
    if (!j->tables)
        return 0;
    tables_path(j, path);
    int error = read_whole(path, &text, &size, message, message_size);
    if (!error && (size != j->tables_size || memcmp(text, j->tables, size) != 0)) {
        snprintf(message, message_size,
                 "%s is not what the tables beside it give; write it again with "
                 "`./run_all.sh report`",
                 path);
        error = EILSEQ;
    }
    free(text);
    return error;
}

int report_check(const char *results_dir, const char *report_path, char *message,
                 size_t message_size)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j) {
        snprintf(message, message_size, "no memory");
        return ENOMEM;
    }
    int error = prepare(j, results_dir, report_path, message, message_size);
    for (int i = 0; i < SECTIONS && !error; i++) {
        const char *is = j->body[i].begin, *must = j->fresh[i];
        const size_t size = (size_t)(j->body[i].end - is);
        if (size == j->fresh_size[i] && memcmp(is, must, size) == 0)
            continue;
        size_t same = 0;
        while (same < size && same < j->fresh_size[i] && is[same] == must[same])
            same++;
        unsigned line = 1;
        for (const char *c = j->report; c < is + same; c++)
            line += *c == '\n';
        const bool from_records = i < FROM_RECORDS, from_ledger = i == CONTENTS - 1;
        snprintf(message, message_size,
                 "%s:%u: section '%s' is not what %s%s gives; write it again with "
                 "`./run_all.sh report`",
                 report_path, line, sections[i].name,
                 from_records    ? results_dir
                 : i == CONTENTS ? "the list of its headings"
                 : from_ledger   ? "studies/claims.tsv"
                                 : j->proof.models,
                 from_records || from_ledger || i == CONTENTS ? "" : "/");
        error = EILSEQ;
    }
    if (!error)
        error = tables_check(j, message, message_size);
    finish(j);
    free(j);
    return error;
}
