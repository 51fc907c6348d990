/* doctor.c: see doctor.h. Examine everything first, then print. */
#include "harness/doctor.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/clock.h"
#include "harness/env.h"
#include "harness/json.h"
#include "harness/stats.h"
#include "harness/topology.h"

enum {
    PROBES = 20,       /* round trips, over PROBES_NS */
    PAIRS_MIN = 10,    /* of A/A, even when they are slow ... */
    PAIRS_MAX = 200,   /* ... and at most */
    SPINNERS_MAX = 64, /* processors that spin */
    WARNINGS_MAX = 16,
};
static const uint64_t PROBES_NS = 1000000000, PAIRS_NS = 5000000000;
static const double SPIN_SECONDS = 1.0;
static const double OPERATION_NS = 100; /* a contended operation, for the verdict */
static const double CONFIDENCE = 0.95;

struct findings {
    struct topology topology;
    struct env env;
    int pair[2];         /* the processors that are probed; -1: there is no second one */
    double trip[PROBES]; /* ns */
    unsigned seen[TOPOLOGY_STATES], moves; /* probes of each state, changes between them */
    struct doctor_hiccups hiccups;
    unsigned pairs, failed;
    double typical;        /* median of |ln(a/b)|: how far one pair is off */
    struct interval ratio; /* of a to b, which is 1 */
    double resolvable;     /* a ratio beyond this is not luck, with as many pairs */
    char *warning[WARNINGS_MAX];
    unsigned warnings;
};

/* ---- hiccups -------------------------------------------------------------------------------- */

struct spinner {
    pthread_t thread;
    int cpu;
    uint64_t ticks; /* how long to spin */
    struct doctor_hiccups found;
};

static void *spin(void *arg)
{
    struct spinner *s = arg;
    struct doctor_hiccups *found = &s->found;
    topology_pin(s->cpu); /* where it cannot be pinned it spins all the same */
    const uint64_t least = clock_from_ns(10e3);
    const uint64_t begin = clock_ticks();
    uint64_t last = begin, now = begin;
    for (; now - begin < s->ticks; last = now) {
        now = clock_ticks();
        if (now - last <= least || now < last)
            continue;
        const double gap = clock_ns(now - last);
        found->over_10us++;
        found->over_100us += gap > 100e3;
        found->over_1ms += gap > 1e6;
        found->lost_ns += gap;
        if (gap > found->longest_ns)
            found->longest_ns = gap;
    }
    found->seconds = clock_ns(now - begin) / 1e9;
    return NULL;
}

struct doctor_hiccups doctor_spin(const int *cpu, unsigned cpus, double seconds)
{
    struct spinner s[SPINNERS_MAX];
    struct doctor_hiccups all = {0};
    for (unsigned i = 0; i < cpus && i < SPINNERS_MAX; i++) {
        s[i] = (struct spinner){.cpu = cpu[i], .ticks = clock_from_ns(seconds * 1e9)};
        if (pthread_create(&s[i].thread, NULL, spin, &s[i]) != 0)
            break;
        all.cpus++;
    }
    for (unsigned i = 0; i < all.cpus; i++) {
        pthread_join(s[i].thread, NULL);
        const struct doctor_hiccups *one = &s[i].found;
        all.seconds += one->seconds;
        all.over_10us += one->over_10us;
        all.over_100us += one->over_100us;
        all.over_1ms += one->over_1ms;
        all.lost_ns += one->lost_ns;
        all.longest_ns = fmax(all.longest_ns, one->longest_ns);
    }
    return all;
}

double doctor_share_of_operations(const struct doctor_hiccups *h, double op_ns)
{
    const double busy_ns = h->seconds * 1e9 - h->lost_ns;
    return busy_ns > 0 ? fmin(1, (double)h->over_10us * op_ns / busy_ns) : 1;
}

double doctor_share_of_instants(const struct doctor_hiccups *h)
{
    return h->seconds > 0 ? fmin(1, h->lost_ns / (h->seconds * 1e9)) : 1;
}

const char *doctor_percentile(double share, char *text, size_t size)
{
    const double percent = 100 * (1 - share);
    int digits = 0; /* two of what lies beyond: p99.95, p98 */
    for (double beyond = 100 * share; beyond < 9.5 && digits < 6; beyond *= 10)
        digits++;
    const double scale = pow(10, digits);
    snprintf(text, size, "p%.*f", digits, floor(percent * scale + 1e-6) / scale);
    return text;
}

/* ---- the other examinations ----------------------------------------------------------------- */

static void probe_placement(struct findings *f)
{
    int cpu[2];
    topology_plan(&f->topology, "spread", 1, 1, cpu);
    f->pair[0] = cpu[0];
    f->pair[1] = cpu[1] != cpu[0] ? cpu[1] : -1;
    if (f->pair[1] < 0)
        return;
    const char *last = NULL;
    for (unsigned i = 0; i < PROBES; i++) {
        const uint64_t begin = clock_monotonic_ns();
        f->trip[i] = topology_round_trip_ns(cpu[0], cpu[1]);
        const char *state = topology_state(f->trip[i], f->trip[i]);
        f->seen[topology_state_number(state)]++;
        f->moves += last && strcmp(last, state) != 0;
        last = state;
        const uint64_t used = clock_monotonic_ns() - begin;
        const uint64_t each = PROBES_NS / PROBES;
        if (used < each)
            nanosleep(&(struct timespec){.tv_nsec = (long)(each - used)}, NULL);
    }
}

static void compare_with_itself(struct findings *f, doctor_aa *aa, void *arg)
{
    double ratio[PAIRS_MAX], distance[PAIRS_MAX];
    const uint64_t begin = clock_monotonic_ns();
    for (unsigned pair = 0; pair < PAIRS_MAX; pair++) {
        if (pair >= PAIRS_MIN && clock_monotonic_ns() - begin > PAIRS_NS)
            break;
        const double logarithm = aa(arg, pair);
        if (!isfinite(logarithm)) {
            f->failed++;
            continue;
        }
        ratio[f->pairs] = exp(logarithm);
        distance[f->pairs++] = fabs(logarithm);
    }
    if (f->pairs == 0)
        return;
    f->ratio = stats_median_interval(ratio, f->pairs, CONFIDENCE);
    f->typical = stats_median(distance, f->pairs);
    f->resolvable = fmax(f->ratio.high, 1 / f->ratio.low);
}

static void keep_warning(void *arg, const char *sentence)
{
    struct findings *f = arg;
    if (f->warnings < WARNINGS_MAX && (f->warning[f->warnings] = strdup(sentence)))
        f->warnings++;
}

static int examine(struct findings *f, doctor_aa *aa, void *arg)
{
    const struct clock_card *card = clock_calibrate();
    int error = topology_load(&f->topology);
    if (error == 0)
        error = env_collect(&f->env, &f->topology, card);
    if (error)
        return error;
    probe_placement(f);
    f->hiccups = doctor_spin(f->topology.spread, f->topology.cpus, SPIN_SECONDS);
    if (aa)
        compare_with_itself(f, aa, arg);
    env_warnings(&f->env, keep_warning, f);
    return 0;
}

/* ---- text ----------------------------------------------------------------------------------- */

static void put_duration(FILE *out, double ns)
{
    if (ns < 1e3)
        fprintf(out, "%.0f ns", ns);
    else if (ns < 1e6)
        fprintf(out, "%.3g us", ns / 1e3);
    else
        fprintf(out, "%.3g ms", ns / 1e6);
}

static void put_order(FILE *out, const char *plan, const int *order, unsigned n)
{
    enum { SHOWN = 16 };
    fprintf(out, "%s", plan);
    for (unsigned i = 0; i < n && i < SHOWN; i++)
        fprintf(out, " %d", order[i]);
    fputs(n > SHOWN ? " ..." : "", out);
}

static const char *plural(unsigned long n) { return n == 1 ? "" : "s"; }

static void text_machine(FILE *out, const struct findings *f)
{
    const struct env *e = &f->env;
    fprintf(out, "machine    %s; %s; %s\n", e->cpu_model, e->hypervisor, e->os);
    fprintf(out, "clock      %s%s: one reading costs %.0f ns, smallest step %.0f ns",
            e->clock_source, e->clock_invariant ? ", invariant" : ", NOT invariant",
            e->clock_cost_ns, e->clock_resolution_ns);
    if (e->clock_cross_cpu_ns > 0)
        fprintf(out, ", processors agree within %.0f ns", e->clock_cross_cpu_ns);
    const struct topology *t = &f->topology;
    fprintf(out, "\ntopology   %u processor%s on %u core%s, %u socket%s, %u NUMA node%s (%s)\n",
            t->cpus, plural(t->cpus), t->cores, plural(t->cores), t->sockets, plural(t->sockets),
            t->numa_nodes, plural(t->numa_nodes), t->source);
    put_order(out, "           plans: spread", t->spread, t->cpus);
    put_order(out, ", compact", t->compact, t->cpus);
    fputc('\n', out);
}

static void text_interference(FILE *out, const struct findings *f)
{
    if (f->pair[1] < 0) {
        fputs("placement  a single processor: nothing to probe\n", out);
    } else {
        fprintf(out,
                "placement  round trip %d-%d: %.0f ns (%.0f to %.0f in %d probes), shared %u, near "
                "%u, far %u, %u change%s\n",
                f->pair[0], f->pair[1], stats_median(f->trip, PROBES),
                stats_quantile(f->trip, PROBES, 0), stats_quantile(f->trip, PROBES, 1), PROBES,
                f->seen[TOPOLOGY_SHARED], f->seen[TOPOLOGY_NEAR], f->seen[TOPOLOGY_FAR], f->moves,
                plural(f->moves));
    }
    const struct doctor_hiccups *h = &f->hiccups;
    fprintf(out, "hiccups    %lu over 10 us, %lu over 100 us, %lu over 1 ms; longest ",
            h->over_10us, h->over_100us, h->over_1ms);
    put_duration(out, h->longest_ns);
    fprintf(out, "; %.2g %% of the time lost (%u processor%s busy for 1 s)\n",
            100 * doctor_share_of_instants(h), h->cpus, plural(h->cpus));
}

static void text_noise(FILE *out, const struct findings *f)
{
    if (f->pairs == 0 && f->failed == 0)
        return;
    fprintf(out, "A/A        ");
    if (f->pairs == 0) {
        fprintf(out, "all %u pairs failed\n", f->failed);
        return;
    }
    fprintf(out,
            "the same queue twice, %u pairs: ratio %.4f [%.4f, %.4f]; one pair is off by %.2g %%",
            f->pairs, f->ratio.mid, f->ratio.low, f->ratio.high, 100 * expm1(f->typical));
    if (f->failed)
        fprintf(out, "; %u pair%s failed", f->failed, plural(f->failed));
    fputc('\n', out);
}

static void put_verdict(FILE *out, const struct findings *f)
{
    char operations[32], instants[32];
    const struct doctor_hiccups *h = &f->hiccups;
    if (f->pairs && f->ratio.coverage > 0)
        fprintf(out, "Ratios beyond %.3f can be told from luck with %u pairs. ", f->resolvable,
                f->pairs);
    else if (f->pairs)
        fprintf(out, "%u pairs are too few to say which ratio can be told from luck. ", f->pairs);
    fprintf(out, "Single times below %.0f ns are mostly the clock's own: use batches. ",
            fmax(3 * f->env.clock_resolution_ns, f->env.clock_cost_ns));
    if (h->over_10us == 0)
        fputs("No hiccup was seen: latency percentiles belong to the queue. ", out);
    else
        fprintf(out,
                "Percentiles beyond %s (operations of %.0f ns, back to back) or %s (arrivals at "
                "their own time) belong to the machine, not to the queue. ",
                doctor_percentile(doctor_share_of_operations(h, OPERATION_NS), operations,
                                  sizeof operations),
                OPERATION_NS,
                doctor_percentile(doctor_share_of_instants(h), instants, sizeof instants));
    if (f->pair[1] < 0)
        fputs("One processor: only what threads cost when they take turns.", out);
    else if (f->moves)
        fputs("The host moves the processors: compare only samples of one state.", out);
    else
        fputs("The processors stayed where they are.", out);
}

static void print_text(FILE *out, const struct findings *f)
{
    text_machine(out, f);
    text_interference(out, f);
    text_noise(out, f);
    for (unsigned i = 0; i < f->warnings; i++)
        fprintf(out, "%s %s\n", i ? "          " : "warnings  ", f->warning[i]);
    fputs("\nVERDICT    ", out);
    put_verdict(out, f);
    fputc('\n', out);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void put_key_number(FILE *out, const char *key, double number)
{
    fprintf(out, ",\"%s\":", key);
    json_put_number(out, number);
}

static void put_key_order(FILE *out, const char *key, const int *order, unsigned n)
{
    fprintf(out, ",\"%s\":[", key);
    for (unsigned i = 0; i < n; i++)
        fprintf(out, "%s%d", i ? "," : "", order[i]);
    fputc(']', out);
}

static void json_hiccups(FILE *out, const struct doctor_hiccups *h)
{
    fprintf(out, ",\"hiccups\":{\"cpus\":%u,\"over_10us\":%lu,\"over_100us\":%lu,\"over_1ms\":%lu",
            h->cpus, h->over_10us, h->over_100us, h->over_1ms);
    put_key_number(out, "seconds", h->seconds);
    put_key_number(out, "longest_ns", h->longest_ns);
    put_key_number(out, "share_of_instants", doctor_share_of_instants(h));
    put_key_number(out, "share_of_operations", doctor_share_of_operations(h, OPERATION_NS));
    put_key_number(out, "operation_ns", OPERATION_NS);
    fputc('}', out);
}

static void print_json(FILE *out, const struct findings *f)
{
    const struct env *e = &f->env;
    const struct topology *t = &f->topology;
    fputs("{\"v\":1,\"kind\":\"doctor\",\"machine\":", out);
    json_put_string(out, e->id);
    fputs(",\"cpu_model\":", out);
    json_put_string(out, e->cpu_model);
    fputs(",\"clock\":{\"source\":", out);
    json_put_string(out, e->clock_source);
    fprintf(out, ",\"invariant\":%s", e->clock_invariant ? "true" : "false");
    put_key_number(out, "cost_ns", e->clock_cost_ns);
    put_key_number(out, "resolution_ns", e->clock_resolution_ns);
    put_key_number(out, "cross_cpu_ns", e->clock_cross_cpu_ns);
    put_key_number(out, "calibration_ppm", e->clock_calibration_ppm);
    fprintf(out, "},\"topology\":{\"cpus\":%u,\"cores\":%u,\"sockets\":%u,\"numa_nodes\":%u",
            t->cpus, t->cores, t->sockets, t->numa_nodes);
    put_key_order(out, "spread", t->spread, t->cpus);
    put_key_order(out, "compact", t->compact, t->cpus);
    fputc('}', out);
    if (f->pair[1] >= 0) {
        fprintf(out, ",\"placement\":{\"cpus\":[%d,%d]", f->pair[0], f->pair[1]);
        put_key_number(out, "min_ns", stats_quantile(f->trip, PROBES, 0));
        put_key_number(out, "median_ns", stats_median(f->trip, PROBES));
        put_key_number(out, "max_ns", stats_quantile(f->trip, PROBES, 1));
        for (unsigned k = TOPOLOGY_SHARED; k <= TOPOLOGY_FAR; k++)
            fprintf(out, ",\"%s\":%u", topology_states[k], f->seen[k]);
        fprintf(out, ",\"changes\":%u}", f->moves);
    }
    json_hiccups(out, &f->hiccups);
    if (f->pairs || f->failed) {
        fprintf(out, ",\"aa\":{\"pairs\":%u,\"failed\":%u", f->pairs, f->failed);
        if (f->pairs) {
            put_key_number(out, "ratio", f->ratio.mid);
            put_key_number(out, "low", f->ratio.low);
            put_key_number(out, "high", f->ratio.high);
            put_key_number(out, "coverage", f->ratio.coverage);
            put_key_number(out, "typical_distance", f->typical);
            put_key_number(out, "resolvable", f->resolvable);
        }
        fputc('}', out);
    }
    fputs(",\"warnings\":[", out);
    for (unsigned i = 0; i < f->warnings; i++) {
        fputs(i ? "," : "", out);
        json_put_string(out, f->warning[i]);
    }
    fputs("],\"verdict\":", out);
    char *verdict = NULL;
    size_t size;
    FILE *memory = open_memstream(&verdict, &size);
    if (memory) {
        put_verdict(memory, f);
        fclose(memory);
    }
    json_put_string(out, verdict ? verdict : "");
    free(verdict);
    fputs("}\n", out);
}

int doctor(FILE *out, bool json, doctor_aa *aa, void *arg)
{
    struct findings *f = calloc(1, sizeof *f);
    const int error = f ? examine(f, aa, arg) : ENOMEM;
    if (error)
        fprintf(stderr, "queuelab: cannot examine this machine: %s\n", strerror(error));
    else if (json)
        print_json(out, f);
    else
        print_text(out, f);
    for (unsigned i = 0; f && i < f->warnings; i++)
        free(f->warning[i]);
    free(f);
    return error ? 1 : 0;
}
