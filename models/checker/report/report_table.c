/* report_table.c: see report_table.h. */
#include "models/checker/report/report_table.h"

#include <string.h>

enum { COLUMNS_MAX = 4, STEP = 8 /* "  12 A  " */, CODE_LINES = 2, ANY = 99 };

size_t table_fitting(const char *text, size_t width)
{
    const size_t n = strlen(text);
    if (n <= width)
        return n;
    size_t cut = width;
    while (cut > 0 && text[cut] != ' ' && text[cut - 1] != ',')
        cut--;
    if (cut > width / 6)
        return cut;
    for (cut = width; cut > width / 6; cut--) /* else at a bracket */
        if (strchr("()>&|", text[cut - 1]) && !strchr("()>&|", text[cut]))
            return cut;
    for (cut = width; cut > 1 && ((unsigned char)text[cut] & 0xc0) == 0x80; cut--)
        ; /* not within a character */
    return cut;
}

void table_wrap(FILE *to, const char *first, const char *rest, const char *text, unsigned width)
{
    const char *lead = first;
    do {
        const size_t n = table_fitting(text, width - strlen(lead));
        fprintf(to, "%s%.*s\n", lead, (int)n, text);
        text += n;
        text += strspn(text, " ");
        lead = rest;
    } while (*text);
}

struct table {
    FILE *to;
    const struct paint *paint;
    const struct story *s;
    unsigned columns, width;
    unsigned at[MODEL_THREADS]; /* column of a thread */
    bool named;                 /* too many columns: one for all, rows name their thread */
};

struct cell {
    const char *number, *text, *right;
    unsigned thread, indent, lines;
    bool bad;
};

/* Main's rows before and after all others' go over the whole width. */
static bool whole_width(const struct table *t, unsigned thread)
{
    return t->named || (thread == 0 && t->s->main_aside);
}

static void print_cell(const struct table *t, const struct cell *c)
{
    const bool whole = whole_width(t, c->thread);
    const size_t width = whole ? TABLE_WIDTH - STEP : t->width;
    const int before = whole ? 0 : (int)(t->at[c->thread] * t->width);
    const char *text = c->text, *number = c->number, *right = c->right;
    unsigned lines = c->lines;
    do {
        const size_t side = strlen(right), room = width - 2 - c->indent - (side ? side + 1 : 0);
        const bool cut = --lines == 0 && strlen(text) > room;
        const size_t n = cut ? room - 3 : table_fitting(text, room);
        size_t shown = n;
        while (shown > 0 && text[shown - 1] == ' ')
            shown--;
        fprintf(t->to, "%-*s%*s%s%.*s%s%s", STEP, number, before + (int)c->indent, "",
                c->bad ? t->paint->bad : "", (int)shown, text, cut ? "..." : "",
                c->bad ? t->paint->end : "");
        if (side)
            fprintf(t->to, "%*s%s%s%s", (int)(width - 2 - c->indent - shown - (cut ? 3 : 0) - side),
                    "", t->paint->dim, right, t->paint->end);
        putc('\n', t->to);
        text += cut ? strlen(text) : n;
        text += strspn(text, " ");
        number = right = "";
    } while (*text);
}

/* For narrow columns: atomics as people write them on a board, "atomic_load(&x, acquire)". */
static const char *shortened(char *to, size_t size, const char *code)
{
    static const char *const noise[] = {"_explicit", "memory_order_", "struct "};
    size_t n = 0;
    while (*code && n + 1 < size) {
        size_t skip = 0;
        for (size_t i = 0; i < sizeof noise / sizeof *noise && skip == 0; i++)
            skip = strncmp(code, noise[i], strlen(noise[i])) == 0 ? strlen(noise[i]) : 0;
        if (skip > 0)
            code += skip;
        else
            to[n++] = *code++;
    }
    to[n] = '\0';
    return to;
}

static void print_row(const struct table *t, const struct row *row)
{
    const bool narrow = t->columns > 2 && !whole_width(t, row->thread);
    char right[40] = "", number[16] = "", code[sizeof row->source];
    if (row->line)
        snprintf(right, sizeof right, ":%u", row->line);
    if (row->step)
        snprintf(number, sizeof number, row->mark ? "%4u %c" : "%4u", row->step, row->mark);
    struct cell c = {.number = number,
                     .text = row->text,
                     .right = right,
                     .thread = row->thread,
                     .indent = (narrow ? 1u : 2u) * row->depth,
                     .lines = ANY,
                     .bad = row->bad};
    switch (row->kind) {
    case ROW_CALL:
        c.lines = CODE_LINES;
        break;
    case ROW_SKIP:
        c.right = "";
        break;
    case ROW_STEP:
        if (row->source[0]) {
            struct cell line = c;
            line.text = row->source;
            if (narrow)
                line.text = shortened(code, sizeof code, row->source);
            line.lines = CODE_LINES;
            line.bad = false;
            print_cell(t, &line);
            c.number = c.right = "";
        }
        c.right = "";
        c.indent += narrow ? 2 : 4;
        break;
    }
    print_cell(t, &c);
}

static void print_heads(const struct table *t)
{
    unsigned left = t->columns;
    fprintf(t->to, "%s%-*s", t->paint->head, STEP, "step");
    for (unsigned i = 0; i < MODEL_THREADS && !t->named; i++)
        if (t->s->column[i])
            fprintf(t->to, "%-*.*s", --left ? (int)t->width : 0, (int)t->width - 1,
                    t->s->thread_name[i]);
    fprintf(t->to, "%s\n", t->paint->end);
}

void table_print(FILE *to, const struct story *s, const struct paint *paint)
{
    struct table t = {.to = to, .paint = paint, .s = s};
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        if (s->column[i])
            t.at[i] = t.columns++;
    if (s->rows == 0)
        return;
    t.named = t.columns > COLUMNS_MAX;
    t.width = t.columns < 2 ? TABLE_WIDTH - STEP : (TABLE_WIDTH - STEP) / t.columns;
    print_heads(&t);
    for (unsigned i = 0; i < s->rows; i++) {
        const unsigned thread = s->row[i].thread;
        const bool other = i == 0 || s->row[i - 1].thread != thread;
        if (other && whole_width(&t, thread))
            fprintf(to, "%*s%s%s%s\n", STEP, "", paint->head, s->thread_name[thread], paint->end);
        print_row(&t, &s->row[i]);
    }
}
