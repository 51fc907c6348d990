/* notation.c: reads and writes the one-line notation of litmus programs. */
#include "models/litmus/notation.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char litmus_location[] = "xyzw";
static const char *const order_names[] = {"rlx", "acq", "rel", "ar", "sc"};

enum litmus_order litmus_order_bad(enum litmus_order order)
{
    return order == REL ? RLX : order == AR ? ACQ : order;
}

/* ---- reading ------------------------------------------------------------------------------- */

struct reader {
    const char *text, *at;
    char *why;
    size_t why_size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reader *r, const char *format,
                                                         ...)
{
    va_list args;
    va_start(args, format);
    const int n = snprintf(r->why, r->why_size, "column %d: ", (int)(r->at - r->text) + 1);
    if (n > 0 && (size_t)n < r->why_size)
        vsnprintf(r->why + n, r->why_size - (size_t)n, format, args);
    va_end(args);
    return false;
}

static void skip_space(struct reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static bool accept(struct reader *r, const char *word)
{
    skip_space(r);
    const size_t n = strlen(word);
    if (strncmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

static bool read_number(struct reader *r, int *number)
{
    skip_space(r);
    if (!isdigit((unsigned char)*r->at))
        return refuse(r, "a number is missing");
    char *end;
    const long n = strtol(r->at, &end, 10);
    if (n > 9999)
        return refuse(r, "numbers end at 9999");
    *number = (int)n;
    r->at = end;
    return true;
}

static bool is_end(char c) { return c == '\0' || c == ';' || c == '|' || c == '/'; }

/* An order, or none: sc. */
static bool read_order(struct reader *r, enum litmus_order *order)
{
    skip_space(r);
    *order = SC;
    if (is_end(*r->at))
        return true;
    size_t n = 0;
    while (isalpha((unsigned char)r->at[n]))
        n++;
    for (unsigned o = RLX; o <= SC; o++)
        if (strlen(order_names[o]) == n && strncmp(r->at, order_names[o], n) == 0) {
            *order = (enum litmus_order)o;
            r->at += n;
            return true;
        }
    return refuse(r, "a memory order is rlx, acq, rel, ar or sc");
}

static bool order_fits(const struct litmus_op *op)
{
    switch (op->kind) {
    case LITMUS_LOAD:
        return op->order != REL && op->order != AR;
    case LITMUS_STORE:
        return op->order != ACQ && op->order != AR;
    case LITMUS_FENCE:
        return op->order != RLX;
    case LITMUS_CAS:
        return op->order_bad != REL && op->order_bad != AR;
    case LITMUS_ADD:
    case LITMUS_EXCHANGE:
        break;
    }
    return true;
}

static bool read_op(struct reader *r, struct litmus_op *op)
{
    skip_space(r);
    const char *const name = *r->at ? strchr(litmus_location, *r->at) : NULL;
    if (*r->at == 'F') {
        r->at++;
        op->kind = LITMUS_FENCE;
    } else if (name) {
        r->at++;
        op->location = (unsigned)(name - litmus_location);
        if (accept(r, "+="))
            op->kind = LITMUS_ADD;
        else if (accept(r, ":="))
            op->kind = LITMUS_EXCHANGE;
        else if (accept(r, "="))
            op->kind = LITMUS_STORE;
        else if (accept(r, "?"))
            op->kind = LITMUS_CAS;
        else
            op->kind = LITMUS_LOAD;
    } else {
        return refuse(r, "an operation begins with x, y, z, w or F");
    }
    if (op->kind == LITMUS_CAS) {
        if (!read_number(r, &op->expected))
            return false;
        if (!accept(r, ":"))
            return refuse(r, "a compare-exchange is written x?expected:new");
    }
    if (litmus_may_write(op) && !read_number(r, &op->operand))
        return false;
    if (!read_order(r, &op->order))
        return false;
    op->order_bad = litmus_order_bad(op->order);
    if (op->kind == LITMUS_CAS && accept(r, "/") && !read_order(r, &op->order_bad))
        return false;
    if (!order_fits(op))
        return refuse(r, "this operation cannot have that memory order");
    return true;
}

bool litmus_parse(struct litmus *p, const char *text, char *why, size_t why_size)
{
    struct reader r = {text, text, why, why_size};
    memset(p, 0, sizeof *p);
    p->threads = 1;
    for (;;) {
        if (p->ops == LITMUS_OPS)
            return refuse(&r, "more than %d operations", LITMUS_OPS);
        struct litmus_op *const op = &p->op[p->ops++];
        op->thread = p->threads - 1;
        if (!read_op(&r, op))
            return false;
        skip_space(&r);
        if (*r.at == '\0')
            return true;
        if (accept(&r, "||")) {
            if (p->threads++ == LITMUS_THREADS)
                return refuse(&r, "more than %d threads", LITMUS_THREADS);
        } else if (!accept(&r, ";")) {
            return refuse(&r, "operations are separated by ; and threads by ||");
        }
    }
}

/* A number and the white space behind it. */
static bool read_count(const char **at, size_t *count)
{
    char *end;
    *count = strtoul(*at, &end, 10);
    const bool any = end != *at;
    *at = end + strspn(end, " \t\r\n");
    return any;
}

/* Up to the next tab, which is skipped. */
static bool read_field(const char **at, char *field, size_t size)
{
    const size_t n = strcspn(*at, "\t");
    if (n == 0 || n >= size || (*at)[n] != '\t')
        return false;
    memcpy(field, *at, n);
    field[n] = '\0';
    *at += n + 1;
    return true;
}

int litmus_count_parse(struct litmus_count *c, const char *line)
{
    if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0')
        return 0;
    const bool read = read_field(&line, c->shape, sizeof c->shape) &&
                      read_field(&line, c->text, sizeof c->text) && read_count(&line, &c->rc11) &&
                      read_count(&line, &c->sc);
    return read && *line == '\0' ? 1 : -1;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void print_op(const struct litmus_op *op, char *text, size_t size)
{
    const char x = litmus_location[op->location], *const order = order_names[op->order];
    switch (op->kind) {
    case LITMUS_LOAD:
        snprintf(text, size, "%c %s", x, order);
        break;
    case LITMUS_STORE:
        snprintf(text, size, "%c=%d %s", x, op->operand, order);
        break;
    case LITMUS_ADD:
        snprintf(text, size, "%c+=%d %s", x, op->operand, order);
        break;
    case LITMUS_EXCHANGE:
        snprintf(text, size, "%c:=%d %s", x, op->operand, order);
        break;
    case LITMUS_FENCE:
        snprintf(text, size, "F %s", order);
        break;
    case LITMUS_CAS: {
        const bool usual = op->order_bad == litmus_order_bad(op->order);
        snprintf(text, size, "%c?%d:%d %s%s%s", x, op->expected, op->operand, order,
                 usual ? "" : "/", usual ? "" : order_names[op->order_bad]);
        break;
    }
    }
}

void litmus_print(const struct litmus *p, char *text, size_t size)
{
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < p->ops; i++) {
        char op[64];
        print_op(&p->op[i], op, sizeof op);
        const bool last = i + 1 == p->ops;
        const char *const between = last                                     ? ""
                                    : p->op[i + 1].thread != p->op[i].thread ? " || "
                                                                             : "; ";
        const int more = snprintf(text + n, size - n, "%s%s", op, between);
        if (more < 0 || (size_t)more >= size - n)
            return;
        n += (size_t)more;
    }
}

void litmus_drop(struct litmus *p, unsigned i)
{
    const unsigned t = p->op[i].thread;
    p->ops--;
    memmove(&p->op[i], &p->op[i + 1], (p->ops - i) * sizeof p->op[0]);
    for (unsigned k = 0; k < p->ops; k++)
        if (p->op[k].thread == t)
            return;
    for (unsigned k = 0; k < p->ops; k++)
        p->op[k].thread -= p->op[k].thread > t;
    p->threads--;
}
