/* judge.c: what samples say, and the verdicts. See study.h. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "studies/study_file.h"

#define CONFIDENCE 0.95

const char *const verdict_words[] = {
    [CLAIM_HOLDS] = "holds",
    [CLAIM_REFUTED] = "refuted",
    [CLAIM_CONDITIONAL] = "holds only when",
    [CLAIM_UNTESTABLE] = "cannot be tested here",
};

/* ---- finding samples ------------------------------------------------------------------------- */

static bool same(const char *a, const char *wanted) { return !wanted || strcmp(a, wanted) == 0; }

static bool matches(const struct study_sample *s, const char *experiment, const char *variant,
                    const char *setting)
{
    return same(s->experiment, experiment) && same(s->variant, variant) &&
           same(s->setting, setting);
}

static const char *first_setting(const struct study_judge *j, const char *experiment,
                                 const char *variant)
{
    for (size_t i = 0; i < j->n; i++)
        if (matches(&j->sample[i], experiment, variant, NULL))
            return j->sample[i].setting;
    return "";
}

static double value_of(const struct study_sample *s, const char *metric)
{
    for (unsigned i = 0; i < s->n && !s->error[0]; i++)
        if (strcmp(s->metric[i].name, metric) == 0)
            return s->metric[i].value;
    return NAN;
}

/* All values, in the order of the samples, each with its round; *v and *round are to be freed. */
static size_t values_of(const struct study_judge *j, const char *experiment, const char *variant,
                        const char *setting, const char *metric, double **v, unsigned **round)
{
    size_t n = 0;
    *v = calloc(j->n + 1, sizeof **v);
    *round = calloc(j->n + 1, sizeof **round);
    if (!*v || !*round)
        return 0;
    if (!setting)
        setting = first_setting(j, experiment, variant);
    for (size_t i = 0; i < j->n; i++) {
        const double value = value_of(&j->sample[i], metric);
        if (!matches(&j->sample[i], experiment, variant, setting) || !isfinite(value))
            continue;
        (*round)[n] = j->sample[i].round;
        (*v)[n++] = value;
    }
    return n;
}

struct interval study_median(const struct study_judge *j, const char *experiment,
                             const char *variant, const char *setting, const char *metric)
{
    double *v;
    unsigned *round;
    const size_t n = values_of(j, experiment, variant, setting, metric, &v, &round);
    const struct interval found = stats_median_interval(v, n, CONFIDENCE);
    free(v);
    free(round);
    return found;
}

struct interval study_ratio(const struct study_judge *j, const char *experiment, const char *a,
                            const char *b, const char *setting, const char *metric)
{
    double *va, *vb;
    unsigned *ra, *rb;
    if (!setting)
        setting = first_setting(j, experiment, a);
    const size_t na = values_of(j, experiment, a, setting, metric, &va, &ra);
    const size_t nb = values_of(j, experiment, b, setting, metric, &vb, &rb);
    size_t pairs = 0; /* written over what has been read: no pair is further on than its parts */
    for (size_t i = 0; i < na; i++)
        for (size_t k = pairs; k < nb; k++)
            if (ra[i] == rb[k]) {
                const double other = vb[k];
                vb[k] = vb[pairs], rb[k] = rb[pairs];
                va[pairs] = va[i], vb[pairs++] = other;
                break;
            }
    const struct interval found = stats_ratio(va, vb, pairs, CONFIDENCE);
    free(va);
    free(vb);
    free(ra);
    free(rb);
    return found;
}

enum fold { LEAST, MOST, SUM };
static double fold(const struct study_judge *j, const char *experiment, const char *variant,
                   const char *setting, const char *metric, enum fold how)
{
    double found = NAN;
    for (size_t i = 0; i < j->n; i++) {
        const double value = value_of(&j->sample[i], metric);
        if (!matches(&j->sample[i], experiment, variant, setting) || isnan(value))
            continue;
        if (how == SUM && !isnan(found))
            found += value;
        else if (isnan(found) || (how == LEAST ? value < found : value > found))
            found = value;
    }
    return found;
}

double study_least(const struct study_judge *j, const char *experiment, const char *variant,
                   const char *setting, const char *metric)
{
    return fold(j, experiment, variant, setting, metric, LEAST);
}

double study_most(const struct study_judge *j, const char *experiment, const char *variant,
                  const char *setting, const char *metric)
{
    return fold(j, experiment, variant, setting, metric, MOST);
}

double study_sum(const struct study_judge *j, const char *experiment, const char *variant,
                 const char *setting, const char *metric)
{
    return fold(j, experiment, variant, setting, metric, SUM);
}

unsigned study_count(const struct study_judge *j, const char *experiment, const char *variant,
                     const char *setting, unsigned *errors)
{
    unsigned n = 0, bad = 0;
    for (size_t i = 0; i < j->n; i++)
        if (matches(&j->sample[i], experiment, variant, setting)) {
            n++;
            bad += j->sample[i].error[0] != '\0';
        }
    if (errors)
        *errors = bad;
    return n;
}

const char *study_error(const struct study_judge *j, const char *experiment, const char *variant,
                        const char *setting)
{
    for (size_t i = 0; i < j->n; i++)
        if (matches(&j->sample[i], experiment, variant, setting) && j->sample[i].error[0])
            return j->sample[i].error;
    return "";
}

/* The i-th different word at this place of the samples that match. */
static const char *different(const struct study_judge *j, const char *experiment,
                             const char *setting, size_t offset, size_t i)
{
    for (size_t k = 0; k < j->n; k++) {
        const char *const word = (const char *)&j->sample[k] + offset;
        bool seen = false;
        if (!matches(&j->sample[k], experiment, NULL, setting))
            continue;
        for (size_t m = 0; m < k && !seen; m++)
            seen = matches(&j->sample[m], experiment, NULL, setting) &&
                   strcmp((const char *)&j->sample[m] + offset, word) == 0;
        if (!seen && i-- == 0)
            return word;
    }
    return NULL;
}

const char *study_setting(const struct study_judge *j, const char *experiment, size_t i)
{
    return different(j, experiment, NULL, offsetof(struct study_sample, setting), i);
}

const char *study_variant(const struct study_judge *j, const char *experiment, const char *setting,
                          size_t i)
{
    return different(j, experiment, setting, offsetof(struct study_sample, variant), i);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

enum verdict study_at_least(struct interval v, double bound)
{
    if (v.n == 0 || (v.low < bound && v.high >= bound) || v.coverage == 0)
        return CLAIM_UNTESTABLE;
    return v.low >= bound ? CLAIM_HOLDS : CLAIM_REFUTED;
}

enum verdict study_at_most(struct interval v, double bound)
{
    if (v.n == 0 || (v.high > bound && v.low <= bound) || v.coverage == 0)
        return CLAIM_UNTESTABLE;
    return v.high <= bound ? CLAIM_HOLDS : CLAIM_REFUTED;
}

enum verdict study_opposite(enum verdict v)
{
    return v == CLAIM_HOLDS ? CLAIM_REFUTED : v == CLAIM_REFUTED ? CLAIM_HOLDS : v;
}

struct interval study_quotient(struct interval a, struct interval b, double times)
{
    if (a.n == 0 || b.n == 0 || !(b.low > 0))
        return (struct interval){NAN, NAN, NAN, 0, 0};
    return (struct interval){times * a.mid / b.mid, times * a.low / b.high, times * a.high / b.low,
                             a.n < b.n ? a.n : b.n, fmin(a.coverage, b.coverage)};
}

/* Three digits that a person reads: 312, 12 300, 0.0123, 4.2 M. */
static void put_figure(char *text, size_t size, double v)
{
    const double a = fabs(v);
    if (a >= 1e9)
        snprintf(text, size, "%.3g G", v / 1e9);
    else if (a >= 1e6)
        snprintf(text, size, "%.3g M", v / 1e6);
    else if (a >= 1e4)
        snprintf(text, size, "%.3g K", v / 1e3);
    else if (a >= 1e3)
        snprintf(text, size, "%.0f", v);
    else
        snprintf(text, size, "%.3g", v);
}

/* Times have units of their own for large figures: 2.62 ms, not 2.62 M ns. What stands behind the unit
 * ("ns each") stays there. */
static const char *time_unit(struct interval *v, const char *unit)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    enum { UNITS = sizeof units / sizeof *units };
    static char changed[4][32];
    static unsigned next;
    size_t u = 0, n = strcspn(unit, " ");
    while (u < UNITS && (strlen(units[u]) != n || strncmp(unit, units[u], n) != 0))
        u++;
    const size_t given = u;
    for (; u + 1 < UNITS && fabs(v->mid) >= 1e4; u++)
        v->mid /= 1e3, v->low /= 1e3, v->high /= 1e3;
    if (u == given)
        return unit;
    char *const text = changed[next++ % 4];
    snprintf(text, sizeof changed[0], "%s%s", units[u], unit + n);
    return text;
}

const char *study_words(struct interval v, const char *unit)
{
    static char buffer[16][128];
    static unsigned next;
    char *const text = buffer[next++ % 16];
    const char *const space = unit[0] && strcmp(unit, "x") != 0 ? " " : "";
    char mid[24], low[24], high[24];
    if (v.n == 0)
        return "(no values)";
    unit = time_unit(&v, unit);
    put_figure(mid, sizeof mid, v.mid);
    put_figure(low, sizeof low, v.low);
    put_figure(high, sizeof high, v.high);
    if (v.n == 1)
        snprintf(text, sizeof buffer[0], "%s%s%s (once)", mid, space, unit);
    else if (v.coverage > 0)
        snprintf(text, sizeof buffer[0], "%s%s%s [%s, %s]", mid, space, unit, low, high);
    else
        snprintf(text, sizeof buffer[0], "%s%s%s (%s to %s, n=%zu)", mid, space, unit, low, high,
                 v.n);
    return text;
}

bool study_missing(struct study_judge *j, const char *claims, const char *experiment)
{
    char claim[STUDY_WORD];
    unsigned errors;
    int used;
    const unsigned n = study_count(j, experiment, NULL, NULL, &errors);
    if (n > errors)
        return false;
    for (; sscanf(claims, " %39s%n", claim, &used) == 1; claims += used)
        study_verdict(j, claim, CLAIM_UNTESTABLE, NULL, "this run has no %s \"%s\"%s%s",
                      n ? "figures of" : "samples of", experiment, n ? ": " : "",
                      n ? study_error(j, experiment, NULL, NULL) : "");
    return true;
}

/* ---- claims of several parts ----------------------------------------------------------------- */

void study_part(struct study_parts *p, enum verdict v, const char *format, ...)
{
    struct study_part_list *const l = &p->list[v];
    const size_t used = strlen(l->text);
    va_list args;
    snprintf(l->text + used, sizeof l->text - used, "%s", l->n++ ? ", " : "");
    va_start(args, format);
    vsnprintf(l->text + strlen(l->text), sizeof l->text - strlen(l->text), format, args);
    va_end(args);
}

enum verdict study_parts_verdict(const struct study_parts *p)
{
    const unsigned holds = p->list[CLAIM_HOLDS].n, refuted = p->list[CLAIM_REFUTED].n,
                   open = p->list[CLAIM_UNTESTABLE].n;
    if (holds && refuted)
        return CLAIM_CONDITIONAL;
    return refuted ? CLAIM_REFUTED : holds && !open ? CLAIM_HOLDS : CLAIM_UNTESTABLE;
}

const char *study_parts_words(const struct study_parts *p)
{
    static char buffer[2][3 * sizeof p->list[0].text + 64];
    static unsigned next;
    static const enum verdict order[] = {CLAIM_HOLDS, CLAIM_REFUTED, CLAIM_UNTESTABLE};
    static const char *const name[] = {"holds: ", "refuted: ", "undecided: "};
    char *const text = buffer[next++ % 2];
    const enum verdict whole = study_parts_verdict(p);
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < 3; i++)
        if (p->list[order[i]].n) {
            /* What the verdict says of all, or only of these, is not said again. */
            const bool told = order[i] == CLAIM_HOLDS     ? whole != CLAIM_UNTESTABLE
                              : order[i] == CLAIM_REFUTED ? whole == CLAIM_REFUTED
                                                          : used == 0;
            used += (size_t)snprintf(text + used, sizeof buffer[0] - used, "%s%s%s",
                                     used ? "; " : "", told ? "" : name[i], p->list[order[i]].text);
        }
    return text;
}

/* ---- findings -------------------------------------------------------------------------------- */

/* A figure that is not there says so: printf writes it as nan or inf. NULL: no memory. */
static char *say_what_is_absent(char *text)
{
    char *changed;
    size_t size;
    FILE *const f = text ? open_memstream(&changed, &size) : NULL;
    if (!f) {
        free(text);
        return NULL;
    }
    for (const char *c = text; *c;) {
        const char *const word = *c == '-' ? c + 1 : c;
        const bool begins = c == text || !isalpha((unsigned char)c[-1]);
        if (begins && (strncmp(word, "nan", 3) == 0 || strncmp(word, "inf", 3) == 0) &&
            !isalpha((unsigned char)word[3])) {
            fputs("(no value)", f);
            c = word + 3;
        } else {
            fputc(*c == '\t' || *c == '\n' ? ' ' : *c, f);
            c++;
        }
    }
    free(text);
    return fclose(f) == 0 ? changed : NULL;
}

void study_verdict(struct study_judge *j, const char *claim, enum verdict v, const char *evidence,
                   const char *format, ...)
{
    struct study_finding *const finding =
        realloc(j->finding, (j->n_findings + 1) * sizeof *finding);
    if (!finding) {
        j->error = ENOMEM;
        return;
    }
    j->finding = finding;
    struct study_finding *const f = &finding[j->n_findings];
    va_list args;
    va_start(args, format);
    if (vasprintf(&f->measured, format, args) < 0)
        f->measured = NULL;
    va_end(args);
    f->measured = say_what_is_absent(f->measured);
    f->claim = strdup(claim);
    f->verdict = v;
    if (evidence)
        f->evidence = strdup(evidence);
    else if (asprintf(&f->evidence, "%s/samples.jsonl", j->directory) < 0)
        f->evidence = NULL;
    if (f->claim && f->measured && f->evidence)
        j->n_findings++;
    else
        j->error = ENOMEM;
}
