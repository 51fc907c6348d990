/* report_svg.c: the counterexample as a picture: a column for each thread, time downwards. */
#include "models/checker/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "models/checker/report/report_table.h"
#include "models/checker/report/report_words.h"
#include "models/checker/report/source.h"
#include "models/checker/report/story.h"
#include "models/checker/report/svg.h"

enum {
    WIDTH = 900, /* of a README's column */
    MARGIN = 24,
    GAP = 48, /* between columns: where arrows run */
    COLUMN_MIN = 260,
    LINE = 16,
    PAD = 8,
    INDENT = 10, /* for each call */
    CODE_LINES = 3,
    INITIAL = LINE + 10, /* from one note of what was read to the next */
    LANES = 4,           /* arrows that leave and enter on the same side keep apart */
};
static const double CODE_CHAR = 7.3, PROSE_CHAR = 7.3; /* as wide as fonts have them at most */

/* Where a row is drawn. */
struct spot {
    int left, right, y; /* of its box; the middle of its line */
};

struct picture {
    const struct story *s;
    FILE *back, *box, *front; /* arrows; the box that is being filled; all finished ones */
    char *box_text;
    size_t box_size;
    int width, y, column_width;
    int left[MODEL_THREADS]; /* of a thread's column; 0: it has none */
    int lifelines;           /* where they begin */
    int last;                /* the thread whose box is open; -1: none */
    int opened, box_left, box_right;
    bool bad, unseen;               /* the open box */
    int operation_y[MODEL_THREADS]; /* where one began, or 0 */
    struct spot spot[ROWS_MAX];
};

/* ---- text ---------------------------------------------------------------------------------- */

static size_t chars(int width, double each)
{
    const double n = width / each;
    return n < 8 ? 8 : (size_t)n;
}

/* Lines of at most `width`, at most `lines` (the last one ends in "..." then): y behind them. */
static int put_lines(FILE *to, const char *class, int x, int y, int width, const char *text,
                     unsigned lines)
{
    const size_t room = chars(width, CODE_CHAR);
    while (*text) {
        const bool cut = --lines == 0 && strlen(text) > room;
        size_t n = cut ? room - 1 : table_fitting(text, room);
        char line[ROW_TEXT + 8];
        while (cut && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
        snprintf(line, sizeof line, "%.*s%s", (int)n, text, cut ? "\xe2\x80\xa6" : "");
        svg_text(to, class, x, y, line, strlen(line));
        y += LINE;
        if (cut)
            break;
        text += n;
        text += strspn(text, " ");
    }
    return y;
}

static void put_prose(struct picture *p, const char *class, int indent, const char *text)
{
    const int left = MARGIN + indent;
    bool first = true;
    while (*text) {
        const size_t n = table_fitting(text, chars(p->width - left - MARGIN, PROSE_CHAR));
        svg_text(p->front, class, left + (first ? 0 : 12), p->y, text, n);
        text += n;
        text += strspn(text, " ");
        p->y += LINE + 2;
        first = false;
    }
}

static void put_heading(struct picture *p, const char *text)
{
    p->y += 14;
    svg_text(p->front, "head", MARGIN, p->y, text, strlen(text));
    p->y += LINE + 4;
}

/* ---- boxes --------------------------------------------------------------------------------- */

static bool whole_width(const struct picture *p, unsigned thread) { return p->left[thread] == 0; }

static void close_box(struct picture *p)
{
    if (p->last < 0)
        return;
    const int bottom = p->y - LINE + PAD;
    fclose(p->box);
    svg_box(p->front,
            p->bad      ? "bad"
            : p->unseen ? "unseen"
                        : "step",
            p->box_left, p->opened, p->box_right - p->box_left, bottom - p->opened, 5);
    fwrite(p->box_text, 1, p->box_size, p->front);
    free(p->box_text);
    p->box_text = NULL;
    p->last = -1;
    p->y = bottom + PAD;
}

static void set_sides(struct picture *p, const struct row *row)
{
    const bool whole = whole_width(p, row->thread);
    const int indent = INDENT * row->depth;
    p->box_left = (whole ? MARGIN : p->left[row->thread]) + indent;
    p->box_right = whole ? p->width - MARGIN : p->left[row->thread] + p->column_width;
}

static bool open_box(struct picture *p, const struct row *row)
{
    close_box(p);
    p->box = open_memstream(&p->box_text, &p->box_size);
    if (!p->box)
        return false;
    set_sides(p, row);
    p->last = row->thread;
    p->opened = p->y;
    p->bad = p->unseen = false;
    p->y += PAD + LINE - 5;
    char line[24] = "";
    if (row->line)
        snprintf(line, sizeof line, ":%u", row->line);
    if (row->source[0]) {
        svg_text(p->box, "line", p->box_right - PAD, p->y, line, strlen(line));
        const int room = p->box_right - p->box_left - 2 * PAD - (int)(8 * strlen(line) + 4);
        p->y = put_lines(p->box, "code", p->box_left + PAD, p->y, room, row->source, CODE_LINES);
    }
    return true;
}

/* The number of the step, and its letter: width used. */
static int put_badges(struct picture *p, const struct row *row, int x)
{
    char text[8];
    const int from = x;
    snprintf(text, sizeof text, "%u", row->step);
    const int width = 10 + 7 * (int)strlen(text);
    if (row->step) {
        svg_box(p->box, "badge", x, p->y - 11, width, 14, 7);
        svg_text(p->box, "number", x + width / 2, p->y, text, strlen(text));
        x += width + 4;
    }
    if (row->mark) {
        svg_box(p->box, "mark", x, p->y - 11, 16, 14, 3);
        svg_text(p->box, "number", x + 8, p->y, &row->mark, 1);
        x += 20;
    }
    return x - from;
}

static bool put_step(struct picture *p, const struct row *row)
{
    if ((p->last != row->thread || row->source[0]) && !open_box(p, row))
        return false;
    struct spot *spot = &p->spot[row - p->s->row];
    *spot = (struct spot){p->box_left, p->box_right, p->y - 4};
    int x = p->box_left + PAD;
    x += put_badges(p, row, x);
    const int room = p->box_right - PAD - x;
    p->bad |= row->bad;
    p->unseen |= row->unseen != 0;
    p->y = put_lines(p->box,
                     row->bad         ? "wrong"
                     : row->unseen    ? "grey"
                     : row->operation ? "operation"
                                      : "did",
                     x, p->y, room, row->text, 8);
    if (row->no_release)
        p->y =
            put_lines(p->box, "wrong", x, p->y, room, "not a release: passes on nothing else", 2);
    if (row->no_acquire)
        p->y = put_lines(p->box, "wrong", x, p->y, room, "not an acquire: learns nothing else", 2);
    if (row->unseen) {
        char text[40];
        snprintf(text, sizeof text, "not seen in step %u", row->unseen);
        p->y = put_lines(p->box, "grey", x, p->y, room, text, 2);
    }
    return true;
}

/* A call, or steps that are left out: a line without a box. */
static void put_note(struct picture *p, const struct row *row)
{
    close_box(p);
    set_sides(p, row);
    char text[sizeof row->text + 24];
    const bool line = row->kind == ROW_CALL && row->line;
    snprintf(text, sizeof text, line ? "%s  :%u" : "%s", row->text, row->line);
    if (row->operation == OPERATION_BEGINS)
        p->operation_y[row->thread] = p->y;
    const int from = p->y;
    p->y += LINE - 4;
    char *lines;
    size_t size;
    FILE *to = open_memstream(&lines, &size);
    if (!to)
        return;
    p->y = put_lines(to,
                     row->bad         ? "wrong"
                     : row->operation ? "operation"
                                      : "call",
                     p->box_left + 2, p->y, p->box_right - p->box_left - 4, text,
                     row->operation ? 2 : 1);
    fclose(to);
    const size_t wide = chars(p->box_right - p->box_left - 4, CODE_CHAR),
                 n = strlen(text) < wide ? strlen(text) : wide;
    if (!p->operation_y[row->thread] || whole_width(p, row->thread)) /* over its lifeline */
        svg_box(p->front, "paper", p->box_left, from, (int)(CODE_CHAR * (double)n) + 4,
                p->y - from - LINE + 8, 2);
    fwrite(lines, 1, size, p->front);
    free(lines);
    p->y -= LINE - 10;
}

static void end_operation(struct picture *p, const struct row *row)
{
    close_box(p);
    const int from = p->operation_y[row->thread];
    if (from && !whole_width(p, row->thread))
        svg_box(p->back, row->bad ? "badspan" : "span", p->left[row->thread] - 6, from - 4,
                p->column_width + 12, p->y - from, 6);
    p->operation_y[row->thread] = 0;
    p->y += 2;
}

/* ---- arrows -------------------------------------------------------------------------------- */

static const struct {
    const char *class, *tip, *key;
} kinds[] = {
    [ARROW_READS] = {"reads", "blue", "reads from"},
    [ARROW_BROKEN] = {"broken", "orange", "read, but not synchronized"},
    [ARROW_WAITS] = {"waits", "orange", "waits for what was done there"},
    [ARROW_STALE] = {"stale", "orange", "stale: something newer was written"},
    [ARROW_CONFLICT] = {"conflict", "orange", "nothing orders the two"},
    [ARROW_LOST] = {"lost", "orange", "a wake-up that comes too early"},
};

static void put_arrow(struct picture *p, const struct arrow *a, unsigned n)
{
    const struct spot *to = &p->spot[a->to], *from = &p->spot[a->from];
    const char *class = kinds[a->kind].class, *tip = kinds[a->kind].tip;
    const int lane = 6 * (int)(n % LANES);
    fprintf(p->back, "<path class=\"arrow %s\" marker-end=\"url(#%s)\" ", class, tip);
    if (a->kind == ARROW_CONFLICT)
        fprintf(p->back, "marker-start=\"url(#%s)\" ", tip);
    if (from->right < to->left) {
        const int x = to->left - GAP / 2 - 8 + lane;
        fprintf(p->back, "d=\"M%d %dC%d %d %d %d %d %d\"/>\n", from->right, from->y,
                x > from->right + GAP ? x : from->right + 26 + lane, from->y, x, to->y, to->left,
                to->y);
    } else if (to->right < from->left) {
        const int x = to->right + GAP / 2 + 8 - lane;
        fprintf(p->back, "d=\"M%d %dC%d %d %d %d %d %d\"/>\n", from->left, from->y,
                x < from->left - GAP ? x : from->left - 26 - lane, from->y, x, to->y, to->right,
                to->y);
    } else { /* one of them is as wide as the picture: round its side */
        const int left = from->left < to->left ? from->left : to->left, x = left - 12 - lane / 2;
        fprintf(p->back, "d=\"M%d %dC%d %d %d %d %d %d\"/>\n", from->left, from->y, x - 8, from->y,
                x - 8, to->y, to->left, to->y);
    }
}

/* How many different values, that are nobody's step, this thread reads before this arrow's. */
static int initials(const struct picture *p, unsigned thread, const struct arrow *end)
{
    int n = 0;
    for (const struct arrow *a = p->s->arrow; a < end; a++) {
        bool is = a->from == NONE && p->s->row[a->to].thread == thread;
        for (const struct arrow *b = p->s->arrow; is && b < a; b++)
            is = b->from != NONE || p->s->row[b->to].thread != thread ||
                 strcmp(a->text, b->text) != 0;
        n += is;
    }
    return n;
}

static int most_initials(const struct picture *p)
{
    int most = 0;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        const int n = whole_width(p, t) ? 0 : initials(p, t, p->s->arrow + p->s->arrows);
        most = n > most ? n : most;
    }
    return most;
}

/* What was read is nobody's step: a note at the head of the reader's column, one below the other,
 * and a line along it. */
static void put_initial(struct picture *p, const struct arrow *a, int first_y)
{
    const struct spot *to = &p->spot[a->to];
    const unsigned thread = p->s->row[a->to].thread;
    if (whole_width(p, thread))
        return;
    const struct arrow *same = p->s->arrow; /* the first arrow from the same note */
    while (same->from != NONE || p->s->row[same->to].thread != thread ||
           strcmp(same->text, a->text) != 0)
        same++;
    const int place = initials(p, thread, same),
              all = initials(p, thread, p->s->arrow + p->s->arrows),
              lane = all < LANES ? all : LANES, y = first_y + place * INITIAL;
    const int left = p->left[thread], x = left - 11 - 3 * lane + 6 * (place % LANES);
    if (same == a) {
        svg_box(p->front, "initial", left, y, p->column_width, LINE + 6, 11);
        svg_text(p->front, "wrong", left + 12, y + LINE, a->text, strlen(a->text));
    }
    fprintf(p->back,
            "<path class=\"arrow stale\" marker-end=\"url(#orange)\" "
            "d=\"M%d %dH%dQ%d %d %d %dV%dQ%d %d %d %dH%d\"/>\n",
            left, y + 11, x + 6, x, y + 11, x, y + 17, to->y - 6, x, to->y, x + 6, to->y, to->left);
}

static void put_arrows(struct picture *p, int initial_y)
{
    for (unsigned i = 0; i < p->s->arrows; i++) {
        const struct arrow *a = &p->s->arrow[i];
        const bool aside = whole_width(p, p->s->row[a->to].thread) ||
                           (a->from != NONE && whole_width(p, p->s->row[a->from].thread));
        if (a->from != NONE && !(aside && a->kind == ARROW_READS))
            put_arrow(p, a, i);
        else if (a->from == NONE)
            put_initial(p, a, initial_y);
    }
}

static void put_key(struct picture *p)
{
    int x = MARGIN;
    p->y += LINE;
    for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bool used = false;
        for (unsigned i = 0; i < p->s->arrows; i++)
            used |= p->s->arrow[i].kind == k;
        if (!used)
            continue;
        const int width = 56 + (int)(6.8 * (double)strlen(kinds[k].key)) + 20;
        if (x + width > p->width) {
            x = MARGIN;
            p->y += LINE;
        }
        fprintf(p->front, "<path class=\"arrow %s\" marker-end=\"url(#%s)\" d=\"M%d %dH%d\"/>\n",
                kinds[k].class, kinds[k].tip, x, p->y - 4, x + 44);
        svg_text(p->front, "key", x + 52, p->y, kinds[k].key, strlen(kinds[k].key));
        x += width;
    }
    p->y += x > MARGIN ? LINE : 0;
}

/* ---- the parts of the picture, from top to bottom ------------------------------------------ */

static void set_columns(struct picture *p)
{
    int n = 0;
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        n += p->s->column[t];
    const int columns = n > 0 ? n : 1, least = columns * (COLUMN_MIN + GAP) - GAP + 2 * MARGIN;
    p->width = least > WIDTH ? least : WIDTH;
    p->column_width = (p->width - 2 * MARGIN - (columns - 1) * GAP) / columns;
    int at = MARGIN;
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (p->s->column[t]) {
            p->left[t] = at;
            at += p->column_width + GAP;
        }
}

static void put_title(struct picture *p, const struct explore_result *r,
                      const struct report_about *about)
{
    char title[80], text[400];
    report_title(r->fault.kind, title, sizeof title);
    p->y = MARGIN + 16;
    svg_text(p->front, "title", MARGIN, p->y, title, strlen(title));
    snprintf(text, sizeof text, "%.300s, model %s", about->program ? about->program : "",
             about->model ? about->model : "");
    svg_text(p->front, "about", MARGIN + 20 + 15 * (int)strlen(title), p->y, text, strlen(text));
    p->y += LINE + 10;
    put_prose(p, "prose", 0, p->s->sentence);
    p->y += 8;
}

static void put_heads(struct picture *p)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        if (!p->left[t])
            continue;
        const char *name = p->s->thread_name[t];
        const size_t room = chars(p->column_width, 9), n = strlen(name);
        svg_box(p->front, "name", p->left[t], p->y, p->column_width, 26, 5);
        svg_text(p->front, "thread", p->left[t] + p->column_width / 2, p->y + 18, name,
                 n < room ? n : room);
    }
    p->y += 26;
    p->lifelines = p->y;
    p->y += 12;
}

static bool put_rows(struct picture *p)
{
    for (unsigned i = 0; i < p->s->rows; i++) {
        const struct row *row = &p->s->row[i];
        const bool other = i == 0 || row[-1].thread != row->thread;
        if (other && whole_width(p, row->thread)) {
            close_box(p);
            p->y += LINE;
            svg_text(p->front, "head", MARGIN, p->y, p->s->thread_name[row->thread],
                     strlen(p->s->thread_name[row->thread]));
            p->y += 8;
        }
        if (row->kind != ROW_STEP || row->operation == OPERATION_ENDS)
            put_note(p, row);
        else if (!put_step(p, row))
            return false;
        if (row->operation == OPERATION_ENDS)
            end_operation(p, row);
    }
    close_box(p);
    return true;
}

static void put_words(struct picture *p, const struct explore_result *r,
                      const struct report_about *about)
{
    char text[600];
    put_key(p);
    if (p->s->why > 0) {
        report_why_heading(p->s, r->fault.kind, about, text, sizeof text);
        put_heading(p, text);
        for (unsigned i = 0; i < p->s->why; i++)
            put_prose(p, "prose", 8, p->s->why_line[i]);
    }
    if (about->repairs > 0) {
        put_heading(p, "One order changed");
        if (report_no_repair(about))
            put_prose(p, "prose", 8, "No single one of these repairs it:");
        for (size_t i = 0; i < about->repairs; i++) {
            report_repair_line(&about->repair[i], text, sizeof text);
            put_prose(p, "prose", 8, text);
        }
    }
    report_together(about, text, sizeof text);
    if (text[0]) {
        put_heading(p, "Orders changed together");
        put_prose(p, "prose", 8, text);
    }
    for (size_t i = 0; i < about->together_n; i++) {
        report_repair_line(&about->together[i], text, sizeof text);
        put_prose(p, "prose", 8, text);
    }
    if (about->hardware) {
        put_heading(p, "On hardware");
        put_prose(p, "prose", 8, about->hardware);
    }
    if (about->replay) {
        put_heading(p, "Again");
        put_prose(p, "code", 8, about->replay);
    }
}

bool report_svg(FILE *to, const struct explore_result *r, const struct graph *g,
                const struct report_about *about)
{
    static struct story story; /* large */
    static struct picture p;
    char *back, *front, title[80];
    size_t back_size, front_size;
    story_make(&story, r, g);
    story_arrows(&story);
    memset(&p, 0, sizeof p);
    p.s = &story;
    p.last = -1;
    p.back = open_memstream(&back, &back_size);
    p.front = open_memstream(&front, &front_size);
    if (!p.back || !p.front)
        return false;
    set_columns(&p);
    put_title(&p, r, about);
    put_heads(&p);
    const int initial_y = p.y;
    const int initial = most_initials(&p);
    p.y += initial > 0 ? initial * INITIAL + 4 : 0;
    if (!put_rows(&p))
        return false;
    const int end = p.y - 2;
    put_arrows(&p, initial_y);
    put_words(&p, r, about);
    fclose(p.back);
    fclose(p.front);

    char *body;
    size_t size;
    FILE *all = open_memstream(&body, &size);
    if (!all)
        return false;
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (p.left[t])
            fprintf(all, "<path class=\"lifeline\" d=\"M%d %dV%d\"/>\n",
                    p.left[t] + p.column_width / 2, p.lifelines, end);
    fwrite(back, 1, back_size, all);
    fwrite(front, 1, front_size, all);
    fclose(all);
    report_title(r->fault.kind, title, sizeof title);
    svg_document(to, title, story.sentence, p.width, p.y + MARGIN / 2, body, size);
    free(back);
    free(front);
    free(body);
    return true;
}
