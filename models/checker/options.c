/* options.c: see options.h. */
#include "models/checker/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/checker/report/report.h"

const char *options_model_name(const struct explore_options *o)
{
    static const char *const names[] = {
        [MODEL_RC11] = "RC11", [MODEL_SC] = "SC", [MODEL_TSO] = "TSO"};
    return o->model == MODEL_RC11 && o->pldi17 ? "RC11 (PLDI 2017)" : names[o->model];
}

/* ---- values: each reads the whole word; false: it is none -------------------------------------- */

static bool read_count(const char *text, uint64_t max, uint64_t *value)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') /* strtoull takes signs and blanks */
        return false;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    *value = n;
    return !errno && !*end && n <= max;
}

static bool read_number(const char *text, uint64_t min, uint64_t max, unsigned *value)
{
    uint64_t n;
    if (!read_count(text, max, &n) || n < min)
        return false;
    *value = (unsigned)n;
    return true;
}

/* Two numbers with `between` between them. */
static bool read_pair(const char *text, char between, uint64_t *a, uint64_t *b)
{
    char first[24];
    const char *at = strchr(text, between);
    if (!at || (size_t)(at - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(at - text));
    first[at - text] = '\0';
    return read_count(first, UINT32_MAX, a) && read_count(at + 1, UINT32_MAX, b);
}

static bool read_order(const char *text, size_t length, enum order *order)
{
    for (*order = RELAXED; *order <= SEQ_CST; (*order)++)
        if (strlen(order_name(*order)) == length && !memcmp(order_name(*order), text, length))
            return true;
    return false;
}

/* ---- options: each takes its value (NULL if it has none); false: the value is wrong ------------ */

static bool take_model(struct options *o, const char *value)
{
    if (!strcmp(value, "rc11"))
        o->explore.model = MODEL_RC11;
    else if (!strcmp(value, "sc"))
        o->explore.model = MODEL_SC;
    else if (!strcmp(value, "tso"))
        o->explore.model = MODEL_TSO;
    else
        return false;
    return true;
}

static bool take_rc11(struct options *o, const char *value)
{
    o->explore.pldi17 = !strcmp(value, "pldi17");
    return o->explore.pldi17 || !strcmp(value, "c++20");
}

static bool take_policy(struct options *o, const char *value)
{
    o->explore.policy = strcmp(value, "rtl") ? POLICY_LTR : POLICY_RTL;
    return !strcmp(value, "ltr") || !strcmp(value, "rtl");
}

static bool take_leaks(struct options *o, const char *value)
{
    o->explore.strict_leaks = !strcmp(value, "strict");
    o->explore.no_leaks = !strcmp(value, "off");
    return o->explore.strict_leaks || o->explore.no_leaks || !strcmp(value, "reachable");
}

static bool take_freeze(struct options *o, const char *value)
{
    uint64_t thread, events;
    o->freeze_any = !strcmp(value, "any");
    o->freeze_all = o->freeze_any || !strcmp(value, "all");
    if (o->freeze_all)
        return true;
    if (!read_pair(value, ':', &thread, &events) || thread >= MODEL_THREADS || events > EVENTS_MAX)
        return false;
    o->explore.freeze_thread = (int)thread;
    o->explore.freeze_after = (unsigned)events;
    return true;
}

static bool take_known(struct options *o, const char *value)
{
    o->known = value;
    return true;
}

static bool take_shard(struct options *o, const char *value)
{
    uint64_t shard, shards;
    if (!read_pair(value, '/', &shard, &shards) || shard < 1 || shard > shards)
        return false;
    o->explore.shard = (unsigned)shard - 1;
    o->explore.shards = (unsigned)shards;
    return true;
}

static bool take_weaken(struct options *o, const char *value)
{
    const char *equals = strrchr(value, '=');
    o->weaken_all = !strcmp(value, "all");
    if (o->weaken_all)
        return true;
    if (!equals || equals == value)
        return false;
    const char *order = equals + 1, *comma = strchr(order, ',');
    o->weaken = value;
    o->weaken_length = (size_t)(equals - value);
    o->weaken_both = comma != NULL;
    return read_order(order, comma ? (size_t)(comma - order) : strlen(order),
                      &o->explore.weaken_to) &&
           (!comma || read_order(comma + 1, strlen(comma + 1), &o->explore.weaken_bad));
}

static bool take_seconds(struct options *o, const char *value)
{
    char *end;
    o->explore.max_seconds = strtod(value, &end);
    return end != value && !*end && isfinite(o->explore.max_seconds) && o->explore.max_seconds > 0;
}

static bool take_executions(struct options *o, const char *value)
{
    return read_count(value, UINT64_MAX, &o->explore.max_executions) &&
           o->explore.max_executions > 0;
}

static bool take_seed(struct options *o, const char *value)
{
    return read_count(value, UINT64_MAX, &o->explore.seed);
}

static bool take_spurious(struct options *o, const char *value)
{
    return read_number(value, 0, EVENTS_MAX, &o->explore.spurious);
}

static bool take_timeouts(struct options *o, const char *value)
{
    return read_number(value, 0, EVENTS_MAX, &o->explore.timeouts);
}

static bool take_random(struct options *o, const char *value)
{
    return read_number(value, 1, UINT32_MAX, &o->explore.random);
}

static bool take_preemptions(struct options *o, const char *value)
{
    return read_number(value, 1, EVENTS_MAX, &o->explore.preemptions);
}

static bool take_jobs(struct options *o, const char *value)
{
    return read_number(value, 1, 1024, &o->explore.jobs);
}

static bool take_function(struct options *o, const char *value)
{
    o->function = value;
    return *value != '\0';
}

static bool take_name(struct options *o, const char *value)
{
    o->name = value;
    return *value != '\0';
}

static bool take_replay(struct options *o, const char *value)
{
    o->replay = value;
    return *value != '\0';
}

static bool take_svg(struct options *o, const char *value)
{
    o->svg = value;
    return *value != '\0';
}

#define FLAG(name, field)                                                                          \
    static bool name(struct options *o, const char *value)                                         \
    {                                                                                              \
        (void)value;                                                                               \
        return o->field = true;                                                                    \
    }
FLAG(take_no_cuts, explore.no_cuts)
FLAG(take_keep_going, explore.keep_going)
FLAG(take_json, json)
FLAG(take_sites, sites)
FLAG(take_edges, edges)
FLAG(take_scenarios, scenarios)
FLAG(take_quiet, quiet)
FLAG(take_gdb, gdb)
FLAG(take_help, help)

static const struct option {
    const char *word;
    const char *value; /* what its value looks like; NULL: it takes none */
    bool (*take)(struct options *o, const char *value);
    const char *help;
} table[] = {
    {"--model", "rc11|sc|tso", take_model, "the memory model (rc11)"},
    {"--rc11", "c++20|pldi17", take_rc11, "which form of RC11's psc and release sequences (c++20)"},
    {"--max-seconds", "S", take_seconds, "give up after S seconds; exit status 3"},
    {"--max-executions", "N", take_executions, "give up after N executions, exit status 3"},
    {"--jobs", "N", take_jobs, "processes that share the work (1)"},
    {"--shard", "I/N", take_shard, "only part I of N: 1/4 to 4/4 together are everything"},
    {"--random", "N", take_random, "sample N executions instead of exploring all"},
    {"--preemptions", "N", take_preemptions, "... with at most N preemptions in each"},
    {"--seed", "N", take_seed, "the sample follows from N (0)"},
    {"--spurious", "N", take_spurious,
     "weak compare-and-swaps that fail, condition waits that end, for no reason (1)"},
    {"--timeouts", "N", take_timeouts, "waits that may time out early (2)"},
    {"--leaks", "strict|reachable|off", take_leaks,
     "what is a leak: all that is not freed, or what nothing points to (reachable)"},
    {"--keep-going", NULL, take_keep_going, "count all executions although one failed"},
    {"--sites", NULL, take_sites,
     "list the atomic operations that were executed, with their orders"},
    {"--edges", NULL, take_edges,
     "list which release synchronized with which acquire in some execution"},
    {"--weaken", "FILE:LINE=ORDER[,FAILURE]", take_weaken,
     "with this order at that operation; also SITE=ORDER, as in --sites; all: every weaker one"},
    {"--known", "FILE", take_known,
     "with --weaken all: leave these out; a line each: file, line, operation, from, to, with tabs"},
    {"--freeze", "T:K|all|any", take_freeze,
     "thread T (0: main) stops after K of its events; all: each after each; any: until each "
     "operation that the program told of (models/subject.h) was held up"},
    {"--function", "NAME", take_function, "start at void NAME(void) instead of main"},
    {"--scenarios", NULL, take_scenarios, "list the scenarios that apply to this queue"},
    {"--policy", "ltr|rtl", take_policy,
     "which thread goes first; the counts do not depend on it (ltr)"},
    {"--no-cuts", NULL, take_no_cuts, "explore idle loop iterations too; may not end"},
    {"--name", "TEXT", take_name, "what to call the program in the output"},
    {"--replay", "COMMAND", take_replay,
     "the command that a report names to see it again (this one)"},
    {"--json", NULL, take_json, "one JSON object instead of text"},
    {"--svg", "FILE", take_svg, "the counterexample also as a picture, into this file"},
    {"--gdb", NULL, take_gdb, "run the counterexample once more, for a debugger (replay.gdb)"},
    {"--quiet", NULL, take_quiet, "only the verdict and the executions"},
    {"--help", NULL, take_help, "this text"},
};

void options_help(FILE *f)
{
    for (const struct option *t = table; t < table + sizeof table / sizeof table[0]; t++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", t->word, t->value ? t->value : "");
        if (strlen(left) > 26) /* too wide for the column */
            fprintf(f, "  %s\n  %-26s %s\n", left, "", t->help);
        else
            fprintf(f, "  %-26s %s\n", left, t->help);
    }
}

static const struct option *find(const char *text, size_t length)
{
    for (const struct option *t = table; t < table + sizeof table / sizeof table[0]; t++)
        if (strlen(t->word) == length && !memcmp(t->word, text, length))
            return t;
    return NULL;
}

bool options_read(int argc, char **argv, struct options *o, char *why, size_t size)
{
    *o =
        (struct options){.explore = {.spurious = 1, .timeouts = 2, .freeze_thread = -1, .jobs = 1}};
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i], *equals = strchr(text, '=');
        if (text[0] != '-') {
            if (o->object) {
                snprintf(why, size, "a second program, '%s': check one at a time", text);
                return false;
            }
            o->object = text;
            continue;
        }
        const struct option *t = find(text, equals ? (size_t)(equals - text) : strlen(text));
        if (!t || (equals && !t->value)) {
            snprintf(why, size, t ? "'%s': this option takes no value" : "no option '%s'", text);
            return false;
        }
        const char *value = equals ? equals + 1 : NULL;
        if (t->value && !value && !(value = argv[++i])) { /* argv ends with NULL */
            snprintf(why, size, "%s needs a value: %s", t->word, t->value);
            return false;
        }
        if (!t->take(o, value)) {
            snprintf(why, size, "cannot read '%s' as the value of %s: write %s", value, t->word,
                     t->value);
            return false;
        }
    }
    if (o->edges && o->explore.jobs > 1) {
        snprintf(why, size, "--edges looks at every execution in one process: without --jobs");
        return false;
    }
    if (o->svg && (o->weaken_all || o->freeze_all)) {
        snprintf(why, size, "--svg draws one counterexample: without --weaken all, --freeze all");
        return false;
    }
    if (o->gdb && (o->quiet || o->json || o->weaken_all || o->freeze_all)) {
        snprintf(why, size,
                 "--gdb shows one counterexample, step by step: without --json, --quiet, all");
        return false;
    }
    if (!o->object && !o->help) {
        snprintf(why, size, "no program");
        return false;
    }
    if (!o->name)
        o->name = o->object;
    return true;
}
