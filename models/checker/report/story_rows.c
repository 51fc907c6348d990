/* story_rows.c: rows of a report: steps, the calls they are in, and how many were left out. */
#include "models/checker/report/story.h"

#include <ctype.h>
#include <string.h>

#include "models/checker/report/source.h"

enum { DEPTH_MAX = 4 };

/* Where each thread's last row stood. */
struct where {
    uint32_t call[NOTE_FRAMES]; /* call sites, outermost first */
    unsigned calls, hidden;
    unsigned base;  /* calls that the operation is in: not told */
    unsigned line;  /* of the last step shown */
    unsigned ops;   /* operations of its that were called so far */
    bool operation; /* inside model_call .. model_return */
};

static struct row *add(struct story *s, enum row_kind kind, unsigned thread, unsigned depth)
{
    static struct row no_room;
    struct row *row = s->rows < ROWS_MAX ? &s->row[s->rows++] : &no_room;
    *row = (struct row){.kind = kind,
                        .thread = (uint8_t)thread,
                        .depth = (uint8_t)(depth < DEPTH_MAX ? depth : DEPTH_MAX)};
    s->column[thread] = true;
    return row;
}

/* A line of code without its comment, an opening brace and an ending one. */
static void copy_code(char *to, size_t size, const char *text)
{
    size_t n = 0;
    char quote = 0;
    if (strncmp(text, "} ", 2) == 0)
        text += 2;
    for (const char *p = text; *p && n + 1 < size; p++) {
        if (quote) {
            if (*p == '\\' && p[1] && n + 2 < size)
                to[n++] = *p++;
            else if (*p == quote)
                quote = 0;
        } else if (*p == '"' || *p == '\'') {
            quote = *p;
        } else if (*p == '/' && (p[1] == '/' || p[1] == '*')) {
            break;
        }
        to[n++] = *p == '\t' ? ' ' : *p;
    }
    while (n > 0 && strchr(" {\\", to[n - 1]))
        n--;
    to[n] = '\0';
    if (n + 1 == size && n > 3)
        memcpy(to + n - 3, "...", 3);
}

/* Call sites of a note within the program, outermost first. */
static unsigned calls_of(const struct note *n, uint32_t *call)
{
    unsigned count = 0;
    for (unsigned i = n->frames; i-- > 0;)
        if (source_of(n->frame[i])->line != 0 && !source_of(n->frame[i])->library)
            call[count++] = n->frame[i];
    return count;
}

static void set_source(struct row *row, uint32_t site)
{
    const struct source_line *at = source_of(site);
    row->line = at->line;
    row->file = at->file;
    copy_code(row->source, sizeof row->source, at->text);
}

/* Headings for the calls that this note is in and the thread's last row was not. */
static void enter_calls(struct story *s, struct where *w, const struct note *n)
{
    uint32_t call[NOTE_FRAMES] = {0};
    const unsigned calls = calls_of(n, call);
    unsigned common = 0;
    while (common < calls && common < w->calls && call[common] == w->call[common])
        common++;
    if (w->base > common)
        w->base = common;
    for (unsigned k = common; k < calls; k++) {
        struct row *row = add(s, ROW_CALL, n->thread, k - w->base + w->operation);
        set_source(row, call[k]);
        const uint32_t inner = k + 1 < calls ? call[k + 1] : n->site;
        const char *function = source_of(inner)->function;
        snprintf(row->text, sizeof row->text, "%s()", function);
        if (strstr(row->source, function))
            memcpy(row->text, row->source, strlen(row->source) + 1);
        row->source[0] = '\0';
        w->line = 0;
    }
    if (calls != w->calls)
        w->line = 0;
    memcpy(w->call, call, sizeof call);
    w->calls = calls;
}

/* Does the finding speak of the thread's newest operation: "pop() = empty of T2"? */
static bool blamed(const struct story *s, unsigned thread, unsigned ops)
{
    const struct history *h = &s->r->history;
    char op[80], of[100];
    for (unsigned i = 0; i < h->n; i++) {
        if (h->op[i].thread != thread || --ops > 0)
            continue;
        op_print(&h->op[i], op, sizeof op);
        snprintf(of, sizeof of, thread ? "%s of T%u" : "%s of main", op, thread);
        return strstr(s->r->fault.text, of) != NULL;
    }
    return false;
}

static void show_step(struct story *s, struct where *w, const struct item *i)
{
    const struct note *n = &i->note;
    if (n->kind == NOTE_CALL) {
        struct row *row = add(s, ROW_CALL, n->thread, 0);
        story_phrase(s, i, row->text, sizeof row->text);
        row->line = source_of(n->site)->line;
        row->file = source_of(n->site)->file;
        row->operation = OPERATION_BEGINS;
        row->bad = blamed(s, n->thread, w->ops);
        w->operation = true;
        w->base = w->calls = calls_of(n, w->call);
        w->line = 0;
        return;
    }
    const unsigned skipped = w->hidden;
    if (n->kind != NOTE_RETURN)
        enter_calls(s, w, n);
    const unsigned depth = w->calls - w->base + w->operation;
    if (skipped) {
        struct row *row = add(s, ROW_SKIP, n->thread, depth);
        snprintf(row->text, sizeof row->text, "... %u step%s", skipped, skipped == 1 ? "" : "s");
        w->hidden = 0;
    }
    struct row *row = add(s, ROW_STEP, n->thread, n->kind == NOTE_RETURN ? 0 : depth);
    if (i->again && s->rows < ROWS_MAX) {
        struct row *more = add(s, ROW_SKIP, n->thread, depth);
        if (i->period == 1)
            snprintf(more->text, sizeof more->text, "... %u more times", i->again);
        else
            snprintf(more->text, sizeof more->text, "... these %u steps %u more times", i->period,
                     i->again);
    }
    story_phrase(s, i, row->text, sizeof row->text);
    if (n->kind == NOTE_RETURN) {
        row->operation = OPERATION_ENDS;
        w->operation = false;
        w->base = w->calls = 0;
        w->line = 0;
    } else {
        set_source(row, n->site);
        if (row->line == w->line)
            row->source[0] = '\0'; /* it stands just above */
        w->line = row->line;
    }
    row->item = (uint16_t)(i - s->item);
    row->step = i->step;
    row->mark = i->mark;
    row->bad = (n->kind == NOTE_RETURN && blamed(s, n->thread, w->ops)) || i->place != 0 ||
               (story_hidden(s, i) != NONE && i->write == NONE);
}

void story_rows(struct story *s)
{
    struct where where[MODEL_THREADS] = {0};
    unsigned last = MODEL_THREADS;
    s->rows = 0;
    for (unsigned k = 0; k < s->items; k++) {
        const struct item *i = &s->item[k];
        const unsigned t = i->note.thread % MODEL_THREADS;
        where[t].ops += i->note.kind == NOTE_CALL;
        if (i->shown) {
            if (last != t)
                where[t].line = 0; /* the line above is another thread's */
            show_step(s, &where[t], i);
            last = t;
        } else {
            where[t].hidden += i->left_out;
        }
    }
    unsigned first = s->rows, end = 0; /* the others' rows */
    for (unsigned k = 0; k < s->rows; k++)
        if (s->row[k].thread != 0) {
            first = first < k ? first : k;
            end = k;
        }
    s->main_aside = first < s->rows;
    const struct fault *f = &s->r->fault;
    const bool stuck = f->kind == FAULT_DEADLOCK || f->kind == FAULT_LOST_WAKEUP ||
                       f->kind == FAULT_LIVELOCK || f->kind == FAULT_RACE;
    for (unsigned k = 0; k < f->places; k++)
        s->main_aside = s->main_aside && !(stuck && f->place[k].thread == 0);
    for (unsigned k = first; k < end; k++)
        s->main_aside = s->main_aside && s->row[k].thread != 0;
    if (s->main_aside)
        s->column[0] = false;
    for (unsigned k = 0; k < s->r->fault.places; k++)
        if (s->r->fault.place[k].thread != 0)
            s->column[s->r->fault.place[k].thread % MODEL_THREADS] = true;
}
