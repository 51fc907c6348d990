/* executions.c: sets of executions and the outcomes that they have. */
#include "models/litmus/executions.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { OUTCOME_TEXT = 256 };

const char *const memory_names[MEMORIES] = {"rc11", "rc11 (pldi17)", "sc", "tso"};

void executions_clear(struct executions *s)
{
    free(s->e);
    *s = (struct executions){0};
}

void execution_none(struct execution *e)
{
    memset(e, 0, sizeof *e);
    for (unsigned i = 0; i < LITMUS_OPS; i++)
        e->from[i] = FROM_NOTHING;
}

void executions_add(struct executions *s, const struct execution *e)
{
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 64;
        struct execution *const more = realloc(s->e, s->room * sizeof *more);
        if (!more) {
            fprintf(stderr, "litmus: no memory for %zu executions\n", s->room);
            exit(EXIT_FAILURE);
        }
        s->e = more;
    }
    s->e[s->n++] = *e;
}

static int compare(const void *a, const void *b) { return memcmp(a, b, sizeof(struct execution)); }

void executions_sort(struct executions *s)
{
    if (s->n)
        qsort(s->e, s->n, sizeof *s->e, compare);
}

size_t executions_duplicates(const struct executions *s)
{
    size_t n = 0;
    for (size_t i = 1; i < s->n; i++)
        n += compare(&s->e[i - 1], &s->e[i]) == 0;
    return n;
}

const struct execution *executions_difference(const struct executions *a,
                                              const struct executions *b, bool *in_a)
{
    for (size_t i = 0; i < a->n || i < b->n; i++) {
        const int order = i == a->n ? 1 : i == b->n ? -1 : compare(&a->e[i], &b->e[i]);
        *in_a = order < 0;
        if (order)
            return order < 0 ? &a->e[i] : &b->e[i];
    }
    return NULL;
}

/* ---- for people ---------------------------------------------------------------------------- */

/* The operation that wrote place n of a variable, or -1. */
static int writer_at(const struct litmus *p, const struct execution *e, unsigned location, int n)
{
    for (unsigned i = 0; i < p->ops; i++)
        if (litmus_may_write(&p->op[i]) && p->op[i].location == location && e->place[i] == n)
            return (int)i;
    return -1;
}

static bool is_used(const struct litmus *p, unsigned location)
{
    for (unsigned i = 0; i < p->ops; i++)
        if (p->op[i].kind != LITMUS_FENCE && p->op[i].location == location)
            return true;
    return false;
}

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
                                                         const char *format, ...)
{
    const size_t n = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, size - n, format, args);
    va_end(args);
}

void execution_outcome(const struct litmus *p, const struct execution *e, char *text, size_t size)
{
    text[0] = '\0';
    unsigned thread = 0;
    for (unsigned i = 0; i < p->ops; i++) {
        if (p->op[i].thread != thread)
            append(text, size, "|| ");
        thread = p->op[i].thread;
        if (litmus_reads(&p->op[i]))
            append(text, size, "%c=%d ", litmus_location[p->op[i].location], e->value[i]);
    }
    append(text, size, ":");
    for (unsigned l = 0; l < LITMUS_LOCATIONS; l++) {
        int last = 0;
        for (int n = 1, w; (w = writer_at(p, e, l, n)) >= 0; n++)
            last = e->wrote[w];
        if (is_used(p, l))
            append(text, size, " %c=%d", litmus_location[l], last);
    }
}

void execution_print(const struct litmus *p, const struct execution *e, char *text, size_t size)
{
    text[0] = '\0';
    for (unsigned i = 0; i < p->ops; i++)
        if (e->from[i] == FROM_INITIAL)
            append(text, size, "#%u reads init; ", i);
        else if (e->from[i] != FROM_NOTHING)
            append(text, size, "#%u reads #%d; ", i, e->from[i]);
    for (unsigned l = 0; l < LITMUS_LOCATIONS; l++) {
        if (writer_at(p, e, l, 1) < 0)
            continue;
        append(text, size, "%c: init", litmus_location[l]);
        for (int n = 1, w; (w = writer_at(p, e, l, n)) >= 0; n++)
            append(text, size, " #%d", w);
        append(text, size, "; ");
    }
}

/* ---- outcomes ------------------------------------------------------------------------------ */

struct outcome_count {
    char text[OUTCOME_TEXT];
    size_t a, b;
};

static int compare_outcomes(const void *a, const void *b)
{
    return strcmp(((const struct outcome_count *)a)->text, ((const struct outcome_count *)b)->text);
}

/* All outcomes of both, with their counts; free() them. */
static struct outcome_count *outcomes(const struct litmus *p, const struct executions *a,
                                      const struct executions *b, size_t *n)
{
    const size_t all = a->n + (b ? b->n : 0);
    struct outcome_count *const o = calloc(all + 1, sizeof *o);
    if (!o) {
        fprintf(stderr, "litmus: no memory for %zu outcomes\n", all);
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < all; i++) {
        const bool of_a = i < a->n;
        execution_outcome(p, of_a ? &a->e[i] : &b->e[i - a->n], o[i].text, sizeof o[i].text);
        o[i].a = of_a;
        o[i].b = !of_a;
    }
    qsort(o, all, sizeof *o, compare_outcomes);
    *n = 0;
    for (size_t i = 0; i < all; i++)
        if (*n && strcmp(o[*n - 1].text, o[i].text) == 0) {
            o[*n - 1].a += o[i].a;
            o[*n - 1].b += o[i].b;
        } else {
            o[(*n)++] = o[i];
        }
    return o;
}

bool executions_same_outcomes(const struct litmus *p, const struct executions *a,
                              const struct executions *b)
{
    size_t n;
    struct outcome_count *const o = outcomes(p, a, b, &n);
    bool same = true;
    for (size_t i = 0; i < n; i++)
        same &= o[i].a > 0 && o[i].b > 0;
    free(o);
    return same;
}

size_t executions_table(FILE *out, const struct litmus *p, const struct executions *a,
                        const struct executions *b)
{
    size_t n;
    struct outcome_count *const o = outcomes(p, a, b, &n);
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "%8zu", o[i].a);
        if (b)
            fprintf(out, " %8zu%s", o[i].b, o[i].a == o[i].b ? "  " : " !");
        fprintf(out, "  %s\n", o[i].text);
    }
    free(o);
    return n;
}
