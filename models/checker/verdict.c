/* verdict.c: see verdict.h. */
#include "models/checker/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/json.h"
#include "models/checker/subject/loader.h"
#include "models/checker/repair.h"
#include "models/checker/report/source.h"
#include "models/checker/run/trace.h"

enum { SITES_MAX = 1024, EDGES_MAX = 4096 };

static const double HARDWARE_SECONDS = 2; /* to look for the fault under TSO */

static struct site_use uses[SITES_MAX];
static struct graph failed; /* as explore_again leaves it */

/* No execution at all: "no violation" would be said of nothing. A shard may have no work. */
static bool nothing_explored(const struct options *o, const struct explore_result *r)
{
    return r->complete + r->blocked == 0 && o->explore.shards <= 1;
}

int verdict_status(const struct options *o, const struct explore_result *r)
{
    if (r->fault.kind != FAULT_NONE)
        return fault_exit_code(r->fault.kind);
    return (r->finished || o->explore.random) && !nothing_explored(o, r) ? 0 : 3;
}

static const char *verdict_identifier(const struct options *o, const struct explore_result *r)
{
    static const char *const names[] = {"no_violation", "violation", "", "out_of_budget",
                                        "unsupported"};
    const int status = verdict_status(o, r);
    return status == 0 && o->explore.random ? "no_violation_in_sample" : names[status];
}

/* ---- sites --------------------------------------------------------------------------------- */

static size_t sites(void) { return report_sites(uses, SITES_MAX); }

static const char *kind_name(const struct site_use *u)
{
    return u->kind == EV_READ ? "read" : u->kind == EV_WRITE ? "write" : "fence";
}

static void print_sites(FILE *f)
{
    const size_t n = sites();
    fprintf(f, "sites:\n");
    for (size_t i = 0; i < n; i++) {
        const struct source_line *line = source_of(uses[i].site);
        char where[64], orders[32];
        snprintf(where, sizeof where, "%s:%u", line->file, line->line);
        snprintf(orders, sizeof orders, "%s%s%s", order_name(uses[i].order),
                 uses[i].order != uses[i].order_bad ? "," : "",
                 uses[i].order != uses[i].order_bad ? order_name(uses[i].order_bad) : "");
        fprintf(f, "  %-24s %#-8" PRIx32 " %-5s %-16s %8" PRIu64 "  %s\n", where, uses[i].site,
                kind_name(&uses[i]), orders, uses[i].times, line->text);
    }
}

static void put_sites(FILE *f)
{
    const size_t n = sites();
    fprintf(f, ",\"sites\":[");
    for (size_t i = 0; i < n; i++) {
        const struct source_line *line = source_of(uses[i].site);
        fprintf(f, "%s{\"site\":%" PRIu32 ",\"file\":", i ? "," : "", uses[i].site);
        json_put_string(f, line->file);
        fprintf(f, ",\"line\":%u,\"function\":", line->line);
        json_put_string(f, line->function);
        fprintf(f,
                ",\"kind\":\"%s\",\"order\":\"%s\",\"order_if_it_fails\":\"%s\",\"times\":%" PRIu64
                "}",
                kind_name(&uses[i]), order_name(uses[i].order), order_name(uses[i].order_bad),
                uses[i].times);
    }
    fprintf(f, "]");
}

static struct site_edge pairs[EDGES_MAX];

static int by_ends(const void *a, const void *b)
{
    const struct site_edge *x = a, *y = b;
    return x->from != y->from ? (x->from > y->from) - (x->from < y->from)
                              : (x->to > y->to) - (x->to < y->to);
}

static size_t edges(void)
{
    const size_t n = explore_edges(pairs, EDGES_MAX);
    sites(); /* every end is one of them */
    qsort(pairs, n, sizeof *pairs, by_ends);
    return n;
}

static void print_edges(FILE *f)
{
    const size_t n = edges();
    fprintf(f, "edges:\n");
    for (size_t i = 0; i < n; i++) {
        const struct source_line *from = source_of(pairs[i].from), *to = source_of(pairs[i].to);
        fprintf(f, "  %s:%u -> %s:%u\n      %s\n      %s\n", from->file, from->line, to->file,
                to->line, from->text, to->text);
    }
}

static void put_end(FILE *f, const char *name, uint32_t site)
{
    const struct source_line *line = source_of(site);
    fprintf(f, "\"%s\":{\"file\":", name);
    json_put_string(f, line->file);
    fprintf(f, ",\"line\":%u,\"text\":", line->line);
    json_put_string(f, line->text);
    fprintf(f, "}");
}

static void put_edges(FILE *f)
{
    const size_t n = edges();
    fprintf(f, ",\"edges\":[");
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%s{", i ? "," : "");
        put_end(f, "from", pairs[i].from);
        fprintf(f, ",");
        put_end(f, "to", pairs[i].to);
        fprintf(f, "}");
    }
    fprintf(f, "]");
}

/* Is this site at `place`, FILE:LINE (FILE may be the end of the path)? */
static bool is_at(const struct source_line *line, const char *place, size_t length)
{
    char full[4200];
    const int n = snprintf(full, sizeof full, "%s:%u", line->file, line->line);
    if (n < 0 || (size_t)n >= sizeof full || (size_t)n < length)
        return false;
    const char *tail = full + ((size_t)n - length);
    return !memcmp(tail, place, length) && (tail == full || tail[-1] == '/');
}

bool verdict_find_site(struct options *o, char *why, size_t size)
{
    const size_t n = sites();
    const struct site_use *found = NULL;
    unsigned matches = 0;
    char *end;
    const unsigned long number = strtoul(o->weaken, &end, 0);
    const bool by_number = end == o->weaken + o->weaken_length;
    for (size_t i = 0; i < n; i++)
        if (by_number ? uses[i].site == number
                      : is_at(source_of(uses[i].site), o->weaken, o->weaken_length)) {
            found = &uses[i];
            matches++;
        }
    if (matches != 1) {
        snprintf(why, size, "--weaken: %s at %.*s: --sites lists what there is",
                 matches ? "more than one atomic operation" : "no atomic operation was executed",
                 (int)o->weaken_length, o->weaken);
        return false;
    }
    o->explore.weaken_site = found->site;
    if (!o->weaken_both) /* a load has this one order alone */
        o->explore.weaken_bad = found->rmw ? (enum order)found->order_bad : o->explore.weaken_to;
    return true;
}

/* ---- a fault ------------------------------------------------------------------------------- */

/* Where the fault can happen, for what was found under RC11: is it there under TSO too? */
static const char *hardware(const struct options *o)
{
    struct explore_options again = explore_in_silence(&o->explore);
    struct explore_result result;
    if (o->explore.model != MODEL_RC11)
        return NULL;
    again.model = MODEL_TSO;
    again.pldi17 = false;
    again.max_seconds = HARDWARE_SECONDS;
    explore(&again, loader_run, NULL, &result);
    if (result.fault.kind != FAULT_NONE)
        return "also under x86-TSO (checked)";
    again.light_is_none = true; /* the truth lies between the two */
    if (result.finished)
        explore(&again, loader_run, NULL, &result);
    if (result.fault.kind != FAULT_NONE)
        return "under x86-TSO found if compiler fences (the light sides of a membarrier) order "
               "nothing, and not found if they are full fences: the truth lies between the two";
    return result.finished ? "not under x86-TSO (checked): on Arm, POWER or RISC-V, or when the "
                             "compiler moves accesses"
                           : NULL;
}

static struct report_about about_fault(const struct options *o, struct explore_result *r)
{
    struct report_about about = {.program = o->name,
                                 .model = options_model_name(&o->explore),
                                 .replay = o->replay,
                                 .colour = o->colour};
    if (fault_exit_code(r->fault.kind) == 1 && !o->explore.keep_going)
        explore_smaller(&o->explore, loader_run, NULL, r);
    explore_again(&o->explore, loader_run, NULL, r, &failed);
    if (fault_exit_code(r->fault.kind) != 1)
        return about; /* nothing that an order could repair */
    repair_search(o, r, &failed, &about);
    about.hardware = hardware(o);
    explore_again(&o->explore, loader_run, NULL, r, &failed); /* its notes are gone */
    return about;
}

/* ---- output -------------------------------------------------------------------------------- */

static void print_headline(FILE *f, const struct options *o, const struct explore_result *r)
{
    const char *words = nothing_explored(o, r)              ? "nothing was explored"
                        : !r->finished && o->explore.random ? "no violation in a sample"
                        : !r->finished                      ? "out of budget, no violation so far"
                                                            : "no violation";
    fprintf(f, "%s: %s, %s, %u thread%s\n", words, o->name, options_model_name(&o->explore),
            r->threads_max, r->threads_max == 1 ? "" : "s");
}

static void print_bounds(FILE *f, const struct options *o, const struct explore_result *r)
{
    const struct explore_options *e = &o->explore;
    fprintf(f,
            "bounds: %s; in one execution at most %u weak compare-and-swap%s fail%s or condition "
            "wait%s "
            "end%s for no reason, and %u wait%s time%s out early",
            e->model == MODEL_RC11 ? "no load buffering (RC11)"
            : e->model == MODEL_SC ? "sequential consistency only"
                                   : "x86-TSO only",
            e->spurious, e->spurious == 1 ? "" : "s", e->spurious == 1 ? "s" : "",
            e->spurious == 1 ? "" : "s", e->spurious == 1 ? "s" : "", e->timeouts,
            e->timeouts == 1 ? "" : "s", e->timeouts == 1 ? "s" : "");
    if (e->random)
        fprintf(f, "; a random sample (seed %" PRIu64 "), not all executions", e->seed);
    if (e->shards > 1)
        fprintf(f, "; part %u of %u", e->shard + 1, e->shards);
    if (e->freeze_thread >= 0)
        fprintf(f, "; thread %d stops after %u events", e->freeze_thread, e->freeze_after);
    if (e->no_leaks)
        fprintf(f, "; leaks are not looked for");
    if (e->weaken_site)
        fprintf(f, "; %.*s has order %s", (int)o->weaken_length, o->weaken,
                order_name(e->weaken_to));
    fprintf(f, "\n");
    if (!r->finished && r->estimate > 0)
        fprintf(f, "estimate: about %.3g executions in all\n", r->estimate);
    fprintf(f, "time: %.3f s\n", r->seconds);
}

static bool no_picture(const struct options *o)
{
    if (o->svg)
        fprintf(stderr, "queuelab-model: nothing to draw: %s is not written\n", o->svg);
    return true;
}

/* The same as a picture, if one is wanted. False: why. */
static bool put_picture(const struct options *o, const struct explore_result *r,
                        const struct report_about *about, char *why, size_t size)
{
    if (!o->svg)
        return true;
    errno = ENOMEM;
    FILE *f = fopen(o->svg, "w");
    const bool drawn = f && report_svg(f, r, &failed, about) && !fflush(f);
    const int error = errno;
    const bool closed = f && !fclose(f);
    if (drawn && closed)
        return true;
    snprintf(why, size, "cannot write the picture %s: %s", o->svg, strerror(drawn ? errno : error));
    return false;
}

static bool put_json(FILE *f, const struct options *o, struct explore_result *r, char *why,
                     size_t size)
{
    bool good = true;
    const struct explore_options *e = &o->explore;
    fprintf(f, "{\"program\":");
    json_put_string(f, o->name);
    fprintf(f, ",\"model\":");
    json_put_string(f, options_model_name(e));
    fprintf(f,
            ",\"verdict\":\"%s\",\"exit\":%d,\"finished\":%s,\"executions\":{\"complete\":%" PRIu64
            ",\"blocked\":%" PRIu64 ",\"moot\":%" PRIu64
            "},\"threads\":%u,\"events\":%u,\"seconds\":",
            verdict_identifier(o, r), verdict_status(o, r), r->finished ? "true" : "false",
            r->complete, r->blocked, r->moot, r->threads_max, r->events_max);
    json_put_number(f, r->seconds);
    fprintf(f, ",\"estimate\":");
    json_put_number(f, r->estimate);
    fprintf(f,
            ",\"bounds\":{\"load_buffering\":false,\"spurious_failures\":%u,\"timeouts\":%u,"
            "\"random\":%u,\"seed\":%" PRIu64 ",\"shard\":%u,\"shards\":%u}",
            e->spurious, e->timeouts, e->random, e->seed, e->shards > 1 ? e->shard + 1 : 1,
            e->shards > 1 ? e->shards : 1);
    if (o->sites) /* before repairs are tried: they are explorations too */
        put_sites(f);
    if (o->edges)
        put_edges(f);
    fprintf(f, ",\"report\":");
    if (r->fault.kind != FAULT_NONE) {
        const struct report_about about = about_fault(o, r);
        report_json(f, r, &failed, &about);
        good = put_picture(o, r, &about, why, size);
    } else {
        good = no_picture(o);
        fprintf(f, "null");
    }
    fprintf(f, "}\n");
    return good;
}

/* Once more, in the report's order: replay.gdb stops where queuelab_replay() is called, and at each
 * step (trace.c). */
void queuelab_replay(void);
__attribute__((noinline)) void queuelab_replay(void) { __asm__ volatile("" ::: "memory"); }

static void run_for_debugger(FILE *f, const struct options *o, struct explore_result *r)
{
    report_take_turns(r, &failed);
    fflush(f);
    queuelab_replay();
    explore_again(&o->explore, loader_run, NULL, r, &failed);
    trace_take_turns(NULL, 0);
}

static void print_counts(FILE *f, const struct options *o, const struct explore_result *r)
{
    fprintf(f, "executions: %" PRIu64 " complete, %" PRIu64 " blocked\n", r->complete, r->blocked);
    if (o->sites)
        print_sites(f);
    if (o->edges)
        print_edges(f);
    if (!o->quiet)
        print_bounds(f, o, r);
}

/* What was found first, how much was looked at after it. */
static bool print_text(FILE *f, const struct options *o, struct explore_result *r, char *why,
                       size_t size)
{
    if (r->fault.kind == FAULT_NONE) {
        print_headline(f, o, r);
        print_counts(f, o, r);
        return no_picture(o);
    }
    if (o->quiet)
        fprintf(f, "%s: %s\n", fault_name(r->fault.kind), r->fault.text);
    if (o->quiet && !o->svg) {
        print_counts(f, o, r);
        return true;
    }
    char *counts;
    size_t n;
    FILE *aside = open_memstream(&counts, &n); /* repairs are explorations too: their sites */
    if (aside)
        print_counts(aside, o, r);
    const struct report_about about = about_fault(o, r);
    if (!o->quiet) {
        report_text(f, r, &failed, &about);
        putc('\n', f);
    }
    if (aside && !fclose(aside)) {
        fwrite(counts, 1, n, f);
        free(counts);
    }
    const bool drawn = put_picture(o, r, &about, why, size);
    if (o->gdb)
        run_for_debugger(f, o, r);
    return drawn;
}

bool verdict_print(FILE *f, const struct options *o, struct explore_result *r, char *why,
                   size_t size)
{
    return o->json ? put_json(f, o, r, why, size) : print_text(f, o, r, why, size);
}
