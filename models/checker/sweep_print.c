/* sweep_print.c: --weaken all and --freeze all: explores many times and prints a line for each. */
#include "models/checker/sweep_print.h"

#include <inttypes.h>

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

static const char *operation(const struct weakening *w)
{
    return w->kind == EV_FENCE  ? "fence"
           : w->rmw             ? "read-modify-write"
           : w->kind == EV_READ ? "load"
                                : "store";
}

static void orders(char *text, size_t size, enum order good, enum order bad, bool two)
{
    snprintf(text, size, two ? "%s/%s" : "%s", order_name(good), order_name(bad));
}

static void each_weakening(const struct weakening *w, void *arg)
{
    struct printer *p = arg;
    const bool two = w->rmw && w->from_bad != w->from;
    char from[40], to[40];
    orders(from, sizeof from, w->from, w->from_bad, two);
    orders(to, sizeof to, w->to, w->to_bad, two);
    source_prepare(&w->site, 1);
    p->unfinished |= !w->result->finished && w->result->fault.kind == FAULT_NONE;
    if (p->o->json) {
        fprintf(p->f, "%s{", p->lines++ ? "," : "");
        put_place(p->f, w->site);
        fprintf(p->f, ",\"operation\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"", operation(w), from,
                to);
        put_result(p->f, w->result);
        fprintf(p->f, "}");
        return;
    }
    const struct source_line *line = source_of(w->site);
    char where[80];
    snprintf(where, sizeof where, "%s:%u", line->file, line->line);
    fprintf(p->f, "%-28s %-18s %-16s -> %-16s %-20s %s\n", where, operation(w), from, to,
            words(w->result), line->text);
    fflush(p->f);
}

/* ---- frozen threads ---------------------------------------------------------------------- */

static void each_freeze(const struct freeze *z, void *arg)
{
    struct printer *p = arg;
    const bool blocks = sweep_blocks(z->result);
    source_prepare(&z->site, 1);
    p->unfinished |= !z->result->finished && z->result->fault.kind == FAULT_NONE;
    if (p->o->json) {
        fprintf(p->f, "%s{\"thread\":%u,\"after\":%u,\"blocks\":%s,", p->lines++ ? "," : "",
                z->thread, z->after, blocks ? "true" : "false");
        put_place(p->f, z->site);
        put_result(p->f, z->result);
        fprintf(p->f, "}");
    } else if (z->result->fault.kind != FAULT_NONE) {
        const struct source_line *line = source_of(z->site);
        fprintf(p->f, "T%u stops after step %u, %s:%u: %s\n    %s: %s\n", z->thread, z->after,
                line->file, line->line, line->text, words(z->result), z->result->fault.text);
        p->lines++;
    }
}

int sweep_print(FILE *f, const struct options *o, struct explore_result *base)
{
    struct printer p = {.f = f, .o = o};
    unsigned steps = 0;
    if (o->json) {
        fprintf(f, "{\"program\":");
        json_put_string(f, o->name);
        fprintf(f, ",\"model\":\"%s\",\"%s\":[", options_model_name(&o->explore),
                o->weaken_all ? "weakened" : "frozen");
    }
    if (o->weaken_all)
        sweep_weaken(&o->explore, loader_run, NULL, base, each_weakening, &p);
    else
        sweep_freeze(&o->explore, loader_run, NULL, base, &steps, each_freeze, &p);
    if (o->json) {
        fprintf(f, "],\"steps\":%u,\"as_written\":{\"complete\":%" PRIu64 ",\"blocked\":%" PRIu64,
                steps, base->complete, base->blocked);
        put_result(f, base);
        fprintf(f, "}}\n");
    } else if (base->fault.kind != FAULT_NONE) {
        fprintf(f, "wrong as written: %s: %s\n", fault_name(base->fault.kind), base->fault.text);
    } else if (o->freeze_all) {
        fprintf(f,
                p.lines ? "blocking: the others wait where it stopped at %u of its steps\n"
                        : "non-blocking: wherever one thread stops, the others finish\n",
                p.lines);
        if (steps)
            fprintf(f, "longest operation: %u steps\n", steps);
    }
    fflush(f);
    if (base->fault.kind != FAULT_NONE || !base->finished)
        return verdict_status(o, base);
    return p.unfinished ? 3 : 0;
}
