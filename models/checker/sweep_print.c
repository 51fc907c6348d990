/* sweep_print.c: --weaken all and --freeze all: explores many times and prints a line for each. */
#include "models/checker/sweep_print.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "harness/json.h"
#include "models/checker/subject/loader.h"
#include "models/checker/report/report.h"
#include "models/checker/report/source.h"
#include "models/checker/explore/sweep.h"
#include "models/checker/verdict.h"

struct printer {
    FILE *f;
    const struct options *o;
    unsigned lines;
    bool unfinished;
    FILE *known; /* weaker orders that need not be tried, or NULL */
};

static void put_place(FILE *f, uint32_t site)
{
    const struct source_line *line = source_of(site);
    fprintf(f, "\"file\":");
    json_put_string(f, line->file);
    fprintf(f, ",\"line\":%u,\"text\":", line->line);
    json_put_string(f, line->text);
}

static void put_result(FILE *f, const struct explore_result *r)
{
    fprintf(f, ",\"verdict\":\"%s\",\"finished\":%s,\"executions\":%" PRIu64 ",\"fault\":",
            r->fault.kind ? fault_identifier(r->fault.kind)
            : r->finished ? "no_violation"
                          : "out_of_budget",
            r->finished || r->fault.kind ? "true" : "false", r->complete + r->blocked);
    json_put_string(f, r->fault.text);
}

static const char *words(const struct explore_result *r)
{
    return r->fault.kind ? fault_name(r->fault.kind) : r->finished ? "holds" : "out of budget";
}

/* ---- weaker orders ----------------------------------------------------------------------- */

static const char *const operations[] = {[WEAKENED_LOAD] = "load",
                                         [WEAKENED_STORE] = "store",
                                         [WEAKENED_RMW] = "read-modify-write",
                                         [WEAKENED_CAS] = "compare-and-swap",
                                         [WEAKENED_FENCE] = "fence",
                                         [WEAKENED_FENCE_LIGHT] = "light fence"};

static void orders(char *text, size_t size, const struct weakening *w, enum order order,
                   enum order bad)
{
    const bool fence = w->operation == WEAKENED_FENCE || w->operation == WEAKENED_FENCE_LIGHT;
    if (w->operation == WEAKENED_CAS)
        snprintf(text, size, "%s/%s", order_name(order), order_name(bad));
    else
        snprintf(text, size, "%s", fence && order == RELAXED ? "none" : order_name(order));
}

/* Is it none of --known's lines: file, line, operation, from, to, with tabs between? */
static bool is_wanted(const struct weakening *w, void *arg)
{
    const struct printer *p = arg;
    char from[40], to[40], key[400], known[400];
    if (!p->known)
        return true;
    orders(from, sizeof from, w, w->from, w->from_bad);
    orders(to, sizeof to, w, w->to, w->to_bad);
    source_prepare(&w->site, 1);
    const struct source_line *line = source_of(w->site);
    snprintf(key, sizeof key, "%.250s\t%u\t%s\t%s\t%s\n", line->file, line->line,
             operations[w->operation], from, to);
    rewind(p->known);
    while (fgets(known, sizeof known, p->known))
        if (strcmp(known, key) == 0)
            return false;
    return true;
}

static void each_weakening(const struct weakening *w, void *arg)
{
    struct printer *p = arg;
    char from[40], to[40];
    orders(from, sizeof from, w, w->from, w->from_bad);
    orders(to, sizeof to, w, w->to, w->to_bad);
    source_prepare(&w->site, 1);
    p->unfinished |= !w->result->finished && w->result->fault.kind == FAULT_NONE;
    if (p->o->json) {
        fprintf(p->f, "%s\n{", p->lines++ ? "," : "");
        put_place(p->f, w->site);
        fprintf(p->f, ",\"operation\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"",
                operations[w->operation], from, to);
        put_result(p->f, w->result);
        fprintf(p->f, "}");
        return;
    }
    const struct source_line *line = source_of(w->site);
    char where[80];
    snprintf(where, sizeof where, "%s:%u", line->file, line->line);
    fprintf(p->f, "%-28s %-18s %-16s -> %-16s %-20s %s\n", where, operations[w->operation], from,
            to, words(w->result), line->text);
    fflush(p->f);
}

/* ---- frozen threads ---------------------------------------------------------------------- */

static const char *const kinds[OP_KINDS] = {
    [OP_PUSH] = "push", [OP_POP] = "pop", [OP_CLOSE] = "close"};

static void put_kinds(FILE *f, const char *key, const bool set[OP_KINDS])
{
    unsigned n = 0;
    fprintf(f, ",\"%s\":[", key);
    for (unsigned i = 0; i < OP_KINDS; i++)
        if (set[i])
            fprintf(f, "%s\"%s\"", n++ ? "," : "", kinds[i]);
    fprintf(f, "]");
}

static void each_freeze(const struct freeze *z, void *arg)
{
    struct printer *p = arg;
    const bool blocks = sweep_blocks(z), wrong = z->result->fault.kind != FAULT_NONE;
    source_prepare(&z->site, 1);
    p->unfinished |= !z->result->finished && !wrong;
    if (p->o->json) {
        fprintf(p->f, "%s\n{\"thread\":%u,\"after\":%u,\"blocks\":%s", p->lines ? "," : "",
                z->thread, z->after, blocks ? "true" : "false");
        put_kinds(p->f, "waits", z->waits);
        put_kinds(p->f, "refused", z->refused);
        fprintf(p->f, ",");
        put_place(p->f, z->site);
        put_result(p->f, z->result);
        fprintf(p->f, "}");
        p->lines++;
    } else if (blocks || wrong) {
        const struct source_line *line = source_of(z->site);
        fprintf(p->f, "T%u stops after step %u, %s:%u: %s\n", z->thread, z->after, line->file,
                line->line, line->text);
        if (wrong)
            fprintf(p->f, "    %s: %s\n", words(z->result), z->result->fault.text);
        if (z->refused[OP_POP])
            fprintf(p->f, "    a pop finds nothing, for ever, though an item was pushed\n");
        if (z->refused[OP_PUSH])
            fprintf(p->f, "    a push finds no room, for ever, though there is some\n");
        p->lines++;
    }
}

static void put_steps(FILE *f, const struct freeze_steps *steps)
{
    fprintf(f, ",\"longest\":{");
    for (unsigned i = 0; i < OP_KINDS; i++)
        fprintf(f, "%s\"%s\":%u", i ? "," : "", kinds[i], steps[i].longest);
    fprintf(f, "}");
    bool retried[OP_KINDS];
    for (unsigned i = 0; i < OP_KINDS; i++)
        retried[i] = steps[i].retried;
    put_kinds(f, "retried", retried);
}

static void print_steps(FILE *f, const struct freeze_steps *steps)
{
    for (unsigned i = 0; i < OP_KINDS; i++)
        if (steps[i].longest)
            fprintf(f, "longest %s: %u steps\n", kinds[i], steps[i].longest);
}

int sweep_print(FILE *f, const struct options *o, struct explore_result *base)
{
    struct printer p = {.f = f, .o = o};
    struct freeze_steps steps[OP_KINDS] = {{0}};
    if (o->known && !(p.known = fopen(o->known, "re"))) {
        fprintf(stderr, "queuelab-model: cannot read --known %s: %s\n", o->known, strerror(errno));
        return 2;
    }
    if (o->json) {
        fprintf(f, "{\"program\":");
        json_put_string(f, o->name);
        fprintf(f, ",\"model\":\"%s\",\"%s\":[", options_model_name(&o->explore),
                o->weaken_all ? "weakened" : "frozen");
    }
    if (o->weaken_all)
        sweep_weaken(&o->explore, loader_run, NULL, base, is_wanted, each_weakening, &p);
    else
        sweep_freeze(&o->explore, o->freeze_any, loader_run, NULL, base, steps, each_freeze, &p);
    if (o->json) {
        fprintf(f, "\n]");
        if (o->freeze_all)
            put_steps(f, steps);
        fprintf(f, ",\"as_written\":{\"complete\":%" PRIu64 ",\"blocked\":%" PRIu64, base->complete,
                base->blocked);
        put_result(f, base);
        fprintf(f, "}}\n");
    } else if (base->fault.kind != FAULT_NONE) {
        fprintf(f, "wrong as written: %s: %s\n", fault_name(base->fault.kind), base->fault.text);
    } else if (o->freeze_all) {
        fprintf(f,
                p.lines ? "blocking: the others wait where it stopped at %u of its steps\n"
                        : "non-blocking: wherever one thread stops, the others finish\n",
                p.lines);
        print_steps(f, steps);
    }
    fflush(f);
    if (p.known)
        fclose(p.known);
    if (base->fault.kind != FAULT_NONE || !base->finished)
        return verdict_status(o, base);
    return p.unfinished ? 3 : 0;
}
