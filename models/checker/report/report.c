/* report.c: see report.h. */
#include "models/checker/report/report.h"

#include <string.h>

#include "harness/json.h"
#include "models/checker/report/report_table.h"
#include "models/checker/report/report_words.h"
#include "models/checker/report/source.h"
#include "models/checker/report/story.h"

static struct story story; /* large */

/* ---- text -------------------------------------------------------------------------------- */

static struct paint paint_of(bool colour)
{
    return colour ? (struct paint){"\033[1;31m", "\033[1m", "\033[2m", "\033[0m"}
                  : (struct paint){"", "", "", ""};
}

enum { SITES_MAX = 1024 };

size_t report_sites(struct site_use *uses, size_t max)
{
    uint32_t all[SITES_MAX];
    const size_t n = explore_sites(uses, max < SITES_MAX ? max : SITES_MAX);
    for (size_t i = 0; i < n; i++)
        all[i] = uses[i].site;
    source_prepare(all, n);
    return n;
}

void report_title(enum fault_kind kind, char *text, size_t size)
{
    snprintf(text, size, "%s", fault_name(kind));
    for (char *p = text; *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
}

void report_why_heading(const struct story *s, enum fault_kind kind,
                        const struct report_about *about, char *text, size_t size)
{
    const bool order = kind == FAULT_RACE || !s->interleaving;
    snprintf(text, size, order ? "Why %s allows it" : "Why",
             about->model ? about->model : "the model");
}

bool report_no_repair(const struct report_about *about)
{
    for (size_t i = 0; i < about->repairs; i++)
        if (about->repair[i].result != REPAIR_FAILS)
            return false;
    return true;
}

void report_repair_line(const struct repair *r, char *text, size_t size)
{
    static const char *const results[] = {"not tried", "repairs it", "does not repair it",
                                          "not decided in the time given"};
    static const char *const kinds[] = {
        [EV_READ] = "read", [EV_WRITE] = "write", [EV_FENCE] = "fence"};
    const struct source_line *at = source_of(r->site);
    const bool alone = r->executions || r->result != REPAIR_WORKS;
    char from[40], to[40];
    snprintf(from, sizeof from, r->two ? "%s/%s" : "%s", order_name(r->from),
             order_name(r->from_bad));
    snprintf(to, sizeof to, r->two ? "%s/%s" : "%s", order_name(r->to), order_name(r->to_bad));
    char which[40] = "";
    if (r->ambiguous)
        snprintf(which, sizeof which, " (the %s at %#x)", kinds[r->kind], (unsigned)r->site);
    const int n = snprintf(text, size, "%.300s:%u%s  %s -> %s%s%s", at->file, at->line, which, from,
                           to, alone ? "  " : "", alone ? results[r->result] : "");
    if (r->executions && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, " (%llu execution%s)",
                 (unsigned long long)r->executions, r->executions == 1 ? "" : "s");
}

void report_together(const struct report_about *about, char *text, size_t size)
{
    const unsigned long long n = about->together_executions;
    text[0] = '\0';
    if (about->together_result == REPAIR_FAILS)
        snprintf(text, size,
                 "With every order seq_cst it goes wrong all the same: no memory order "
                 "repairs it.");
    else if (about->together_result == REPAIR_WORKS && about->together_n == 1)
        snprintf(text, size, "This one repairs it (%llu executions):", n);
    else if (about->together_result == REPAIR_WORKS)
        snprintf(text, size, "These repair it together (%llu executions)%s:", n,
                 about->together_smallest ? ", and none of them can be left out or weaker" : "");
}

static void print_repair(FILE *to, const struct repair *r)
{
    char text[500];
    report_repair_line(r, text, sizeof text);
    fprintf(to, "  %s\n      %s\n", text, source_of(r->site)->text);
}

static void print_repairs(FILE *to, const struct report_about *about, struct paint paint)
{
    char text[200];
    if (about->repairs > 0)
        fprintf(to, "\n%sOne order changed%s\n", paint.head, paint.end);
    if (about->repairs > 0 && report_no_repair(about))
        fprintf(to, "  No single one of these repairs it:\n");
    for (size_t i = 0; i < about->repairs; i++)
        print_repair(to, &about->repair[i]);
    report_together(about, text, sizeof text);
    if (text[0])
        fprintf(to, "\n%sOrders changed together%s\n  %s\n", paint.head, paint.end, text);
    for (size_t i = 0; i < about->together_n; i++)
        print_repair(to, &about->together[i]);
}

/* The files that the line numbers are of, the one with the most first. */
static void print_files(FILE *to, const struct story *s)
{
    const char *seen[8];
    unsigned n = 0;
    for (unsigned i = 0; i < s->rows && n < 8; i++) {
        const char *file = s->row[i].file;
        bool known = !file || file[0] == '?';
        for (unsigned k = 0; k < n && !known; k++)
            known = strcmp(seen[k], file) == 0;
        if (!known)
            seen[n++] = file;
    }
    for (unsigned k = 0; k < n; k++)
        fprintf(to, "%s%s%s", k ? ", " : "  :lines are of ", seen[k], k + 1 == n ? "\n\n" : "");
}

void report_text(FILE *to, const struct explore_result *r, const struct graph *g,
                 const struct report_about *about)
{
    const struct paint paint = paint_of(about->colour);
    char title[80], why[80];
    report_title(r->fault.kind, title, sizeof title);
    story_make(&story, r, g);
    fprintf(to, "%s%s%s  %s  model %s\n", paint.bad, title, paint.end,
            about->program ? about->program : "", about->model ? about->model : "");
    table_wrap(to, "In one sentence: ", "  ", story.sentence, TABLE_WIDTH);
    putc('\n', to);
    table_print(to, &story, &paint);
    if (story.rows > 0)
        putc('\n', to);
    print_files(to, &story);
    if (story.why > 0) {
        report_why_heading(&story, r->fault.kind, about, why, sizeof why);
        fprintf(to, "%s%s%s\n", paint.head, why, paint.end);
        for (unsigned i = 0; i < story.why; i++)
            table_wrap(to, "  ", "    ", story.why_line[i], TABLE_WIDTH);
    }
    print_repairs(to, about, paint);
    if (about->hardware)
        fprintf(to, "\n%sOn hardware%s  %s\n", paint.head, paint.end, about->hardware);
    if (about->replay)
        fprintf(to, "\n%sAgain:%s %s\n", paint.head, paint.end, about->replay);
    static const char qcheck[] = "models/qcheck ";
    if (about->replay && strncmp(about->replay, qcheck, sizeof qcheck - 1) == 0 &&
        fault_exit_code(r->fault.kind) == 1)
        fprintf(to, "%sIn gdb:%s %s--gdb %s\n", paint.head, paint.end, qcheck,
                about->replay + sizeof qcheck - 1);
}

void report_take_turns(const struct explore_result *r, const struct graph *g)
{
    static struct turn turn[2 * ITEMS_MAX];
    story_make(&story, r, g);
    trace_take_turns(turn, story_turns(&story, turn, sizeof turn / sizeof *turn));
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void key(FILE *to, const char *name, const char *value)
{
    fprintf(to, ",");
    json_put_string(to, name);
    fprintf(to, ":");
    if (value)
        json_put_string(to, value);
    else
        fputs("null", to);
}

static const char *const repair_results[] = {"untried", "works", "fails", "unfinished"};

static void json_repairs(FILE *to, const char *name, const struct repair *repair, size_t n)
{
    fprintf(to, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        const struct repair *p = &repair[i];
        const struct source_line *at = source_of(p->site);
        fprintf(to, "%s{\"line\":%u,\"site\":%u", i ? "," : "", at->line, (unsigned)p->site);
        key(to, "file", at->file);
        key(to, "from", order_name(p->from));
        key(to, "to", order_name(p->to));
        key(to, "from_if_it_fails", p->two ? order_name(p->from_bad) : NULL);
        key(to, "to_if_it_fails", p->two ? order_name(p->to_bad) : NULL);
        key(to, "result", repair_results[p->result]);
        fprintf(to, ",\"executions\":%llu}", (unsigned long long)p->executions);
    }
    putc(']', to);
}

static void json_row(FILE *to, const struct row *row)
{
    static const char *const kinds[] = {"call", "step", "skipped"};
    fprintf(to, "{\"kind\":\"%s\",\"thread\":%u,\"depth\":%u", kinds[row->kind], row->thread,
            row->depth);
    if (row->step)
        fprintf(to, ",\"step\":%u", row->step);
    if (row->mark)
        fprintf(to, ",\"mark\":\"%c\"", row->mark);
    if (row->bad)
        fputs(",\"bad\":true", to);
    if (row->line) {
        key(to, "file", row->file);
        fprintf(to, ",\"line\":%u", row->line);
    }
    if (row->source[0])
        key(to, "source", row->source);
    key(to, "text", row->text);
    putc('}', to);
}

void report_json(FILE *to, const struct explore_result *r, const struct graph *g,
                 const struct report_about *about)
{
    story_make(&story, r, g);
    fputs("{\"kind\":", to);
    json_put_string(to, fault_identifier(r->fault.kind));
    key(to, "program", about->program);
    key(to, "model", about->model);
    key(to, "sentence", story.sentence);
    key(to, "fault", r->fault.text);
    fprintf(to, ",\"execution\":%llu", (unsigned long long)r->complete + r->blocked + 1);
    fprintf(to, ",\"interleaving\":%s,\"threads\":[", story.interleaving ? "true" : "false");
    bool first = true;
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        if (story.column[i]) {
            fprintf(to, "%s{\"id\":%u", first ? "" : ",", i);
            key(to, "name", story.thread_name[i]);
            putc('}', to);
            first = false;
        }
    fputs("],\"rows\":[", to);
    for (unsigned i = 0; i < story.rows; i++) {
        if (i)
            putc(',', to);
        json_row(to, &story.row[i]);
    }
    fputs("],\"why\":[", to);
    for (unsigned i = 0; i < story.why; i++) {
        if (i)
            putc(',', to);
        json_put_string(to, story.why_line[i]);
    }
    putc(']', to);
    json_repairs(to, "repairs", about->repair, about->repairs);
    key(to, "together", repair_results[about->together_result]);
    json_repairs(to, "together_repairs", about->together, about->together_n);
    fprintf(to, ",\"together_executions\":%llu", (unsigned long long)about->together_executions);
    key(to, "hardware", about->hardware);
    key(to, "replay", about->replay);
    putc('}', to);
}
