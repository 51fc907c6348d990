/* report_words.c: figures as people read them, tables as GitHub draws them. */
#include "harness/report_book.h"

#include <math.h>
#include <string.h>

#include "harness/report.h"

const char *digits(double v, char *text, size_t size)
{
    const double a = fabs(v);
    int places = a >= 100 ? 0 : a >= 10 ? 1 : a >= 1 ? 2 : 3;
    if (isnan(v))
        snprintf(text, size, "–");
    else if (a == 0)
        snprintf(text, size, "0");
    else if (a < 0.000001)
        snprintf(text, size, "%s0.000001", v < 0 ? ">-" : "<");
    else {
        for (double low = 0.1; a < low && places < 8; low /= 10)
            places++;
        snprintf(text, size, "%.*f", places, v);
    }
    return text;
}

void put_number(FILE *f, double v)
{
    char text[40];
    fputs(digits(v, text, sizeof text), f);
}

static void put_unit_interval(FILE *f, const struct interval *i, const char *unit)
{
    char mid[40], low[40], high[40];
    digits(i->mid, mid, sizeof mid);
    digits(i->low, low, sizeof low);
    digits(i->high, high, sizeof high);
    if (i->n == 0)
        fputs("–", f);
    else if (i->n == 1)
        fprintf(f, "%s%s (n=1)", mid, unit);
    else if (i->coverage <= 0) /* too few for an interval: the extremes, and said so */
        fprintf(f, "%s%s (%s to %s, n=%zu)", mid, unit, low, high, i->n);
    else
        fprintf(f, "%s%s [%s, %s]", mid, unit, low, high);
}

void put_interval(FILE *f, const struct interval *i) { put_unit_interval(f, i, ""); }

void put_ratio(FILE *f, const struct interval *i) { put_unit_interval(f, i, "x"); }

void put_queue(FILE *f, const struct series *s)
{
    fprintf(f, "%s", s->key->queue);
    if (strcmp(s->key->call, "inline") != 0)
        fprintf(f, ", %s", s->key->call);
}

void put_failed(FILE *f, const struct series *s)
{
    fprintf(f, "failed %zu of %zu", s->failed, s->failed + s->n);
}

const char *setting_threads(const struct setting *s, char *text, size_t size)
{
    if (s->key->consumers == 0)
        snprintf(text, size, "%u", s->key->producers);
    else
        snprintf(text, size, "%u:%u", s->key->producers, s->key->consumers);
    return text;
}

void put_table_head(FILE *f, const char *first, const char *const *titles, size_t n)
{
    fprintf(f, "| %s |", first);
    for (size_t i = 0; i < n; i++)
        fprintf(f, " %s |", titles[i]);
    fputs("\n|:--|", f);
    for (size_t i = 0; i < n; i++)
        fputs("--:|", f);
    fputc('\n', f);
}
