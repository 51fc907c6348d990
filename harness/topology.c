/* topology.c: see topology.h. Two sources say where each processor is (hwloc, /sys); one function
 * turns places into orders. */
#include "harness/topology.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef QUEUELAB_HWLOC
#include <hwloc.h>
#endif

#include "harness/clock.h"
#include "queues/atomics.h"
#include "queues/memory.h"

_Static_assert(TOPOLOGY_CPUS_MAX <= CPU_SETSIZE, "a cpu_set_t holds every processor");

/* ---- the affinity of the process ------------------------------------------------------------ */

static pthread_mutex_t original_lock = PTHREAD_MUTEX_INITIALIZER;
static cpu_set_t original_mask;
static bool original_known;

static int original_affinity(cpu_set_t *mask, bool look_again)
{
    int error = 0;
    pthread_mutex_lock(&original_lock);
    if (look_again || !original_known) {
        if (sched_getaffinity(0, sizeof original_mask, &original_mask) == 0)
            original_known = true;
        else
            error = errno;
    }
    *mask = original_mask;
    pthread_mutex_unlock(&original_lock);
    return error;
}

int topology_pin(int cpu)
{
    cpu_set_t mask;
    const int error = original_affinity(&mask, false);
    if (error)
        return error;
    if (cpu >= 0) {
        if (cpu >= CPU_SETSIZE)
            return EINVAL;
        CPU_ZERO(&mask);
        CPU_SET((size_t)cpu, &mask);
    }
    return sched_setaffinity(0, sizeof mask, &mask) == 0 ? 0 : errno;
}

/* ---- from places to orders ------------------------------------------------------------------ */

/* A place, and how many things of its kind come before it in the thing around it. */
struct ranked {
    struct topology_place at;
    unsigned package, cache, core, thread;
};

static int compare_int(int a, int b) { return (a > b) - (a < b); }

static int compare_place(const void *va, const void *vb)
{
    const struct topology_place *a = &((const struct ranked *)va)->at;
    const struct topology_place *b = &((const struct ranked *)vb)->at;
    int order = compare_int(a->package, b->package);
    if (order == 0)
        order = compare_int(a->cache, b->cache);
    if (order == 0)
        order = compare_int(a->core, b->core);
    return order ? order : compare_int(a->cpu, b->cpu);
}

static int compare_spread(const void *va, const void *vb)
{
    const struct ranked *a = va, *b = vb;
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    if (a->core != b->core)
        return a->core < b->core ? -1 : 1;
    if (a->cache != b->cache)
        return a->cache < b->cache ? -1 : 1;
    if (a->package != b->package)
        return a->package < b->package ? -1 : 1;
    return compare_place(va, vb);
}

static bool numa_seen_before(const struct ranked *r, unsigned i)
{
    for (unsigned k = 0; k < i; k++) {
        if (r[k].at.numa == r[i].at.numa)
            return true;
    }
    return false;
}

void topology_order(struct topology *t, const struct topology_place *place, unsigned n)
{
    static struct ranked r[TOPOLOGY_CPUS_MAX];
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < n; i++)
        r[i] = (struct ranked){.at = place[i]};
    qsort(r, n, sizeof r[0], compare_place);

    t->cpus = n;
    t->cores = t->sockets = t->numa_nodes = 0;
    for (unsigned i = 0; i < n; i++) {
        t->compact[i] = r[i].at.cpu;
        t->numa_nodes += !numa_seen_before(r, i);
        const bool package = i == 0 || r[i].at.package != r[i - 1].at.package;
        const bool cache = package || r[i].at.cache != r[i - 1].at.cache;
        const bool core = cache || r[i].at.core != r[i - 1].at.core;
        t->sockets += package;
        t->cores += core;
        if (i == 0)
            continue;
        r[i].package = r[i - 1].package + package;
        r[i].cache = package ? 0 : r[i - 1].cache + cache;
        r[i].core = cache ? 0 : r[i - 1].core + core;
        r[i].thread = core ? 0 : r[i - 1].thread + 1;
    }
    qsort(r, n, sizeof r[0], compare_spread);
    for (unsigned i = 0; i < n; i++)
        t->spread[i] = r[i].at.cpu;
    pthread_mutex_unlock(&lock);
}

/* ---- the places: /sys ----------------------------------------------------------------------- */

/* The first number in a file about a processor, or `otherwise`. Of a list ("0-3,8") that is its
 * first member, which names the thing that all members share. */
static int sys_number(int cpu, const char *file, int otherwise)
{
    char path[160];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/%s", cpu, file);
    FILE *f = fopen(path, "re");
    if (!f)
        return otherwise;
    int number;
    if (fscanf(f, "%d", &number) != 1) /* NOLINT(cert-err34-c): the kernel wrote it */
        number = otherwise;
    fclose(f);
    return number;
}

static int sys_last_level_cache(int cpu)
{
    int cache = 0;
    for (int index = 0, deepest = 0; index < 16; index++) {
        char file[64];
        snprintf(file, sizeof file, "cache/index%d/level", index);
        const int level = sys_number(cpu, file, -1);
        if (level < 3 || level <= deepest) /* an L2 that one core owns does not divide a package */
            continue;
        snprintf(file, sizeof file, "cache/index%d/shared_cpu_list", index);
        cache = sys_number(cpu, file, 0);
        deepest = level;
    }
    return cache;
}

static int sys_numa_node(int cpu)
{
    char path[64];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d", cpu);
    DIR *dir = opendir(path);
    int node = 0;
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        if (strncmp(e->d_name, "node", 4) == 0)
            node = atoi(e->d_name + 4); /* NOLINT(cert-err34-c): the kernel wrote it */
    }
    if (dir)
        closedir(dir);
    return node;
}

static void places_from_sys(struct topology *t, const cpu_set_t *mask)
{
    struct topology_place place[TOPOLOGY_CPUS_MAX];
    unsigned n = 0;
    for (int cpu = 0; cpu < TOPOLOGY_CPUS_MAX; cpu++) {
        if (!CPU_ISSET((size_t)cpu, mask))
            continue;
        place[n++] = (struct topology_place){
            .cpu = cpu,
            .package = sys_number(cpu, "topology/physical_package_id", 0),
            .cache = sys_last_level_cache(cpu),
            .core = sys_number(cpu, "topology/thread_siblings_list", cpu),
            .numa = sys_numa_node(cpu),
        };
    }
    topology_order(t, place, n);
    snprintf(t->source, sizeof t->source, "affinity");
}

int topology_load_affinity(struct topology *t)
{
    cpu_set_t mask;
    memset(t, 0, sizeof *t);
    const int error = original_affinity(&mask, true);
    if (error == 0)
        places_from_sys(t, &mask);
    return error;
}

/* ---- the places: hwloc ---------------------------------------------------------------------- */

#ifdef QUEUELAB_HWLOC

static int ancestor(hwloc_topology_t h, hwloc_obj_type_t type, hwloc_obj_t pu)
{
    const hwloc_obj_t o = hwloc_get_ancestor_obj_by_type(h, type, pu);
    return o ? (int)o->logical_index : 0;
}

static unsigned places_from_hwloc(hwloc_topology_t h, const cpu_set_t *mask,
                                  struct topology_place *place)
{
    unsigned n = 0;
    for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(h, HWLOC_OBJ_PU, pu));) {
        const int cpu = (int)pu->os_index;
        if (cpu >= TOPOLOGY_CPUS_MAX || !CPU_ISSET((size_t)cpu, mask))
            continue;
        const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(h, HWLOC_OBJ_CORE, pu);
        place[n++] = (struct topology_place){
            .cpu = cpu,
            .package = ancestor(h, HWLOC_OBJ_PACKAGE, pu),
            .cache = ancestor(h, HWLOC_OBJ_L3CACHE, pu),
            .core = core ? (int)core->logical_index : cpu,
            .numa = pu->nodeset ? hwloc_bitmap_first(pu->nodeset) : 0,
        };
    }
    return n;
}

/* False when hwloc describes some other machine (HWLOC_XMLFILE, HWLOC_SYNTHETIC) or not all of
 * the processors we may use. */
static bool load_hwloc(struct topology *t, const cpu_set_t *mask)
{
    hwloc_topology_t h;
    if (hwloc_topology_init(&h) != 0)
        return false;
    bool all = false;
    if (hwloc_topology_load(h) == 0 && hwloc_topology_is_thissystem(h)) {
        struct topology_place place[TOPOLOGY_CPUS_MAX];
        const unsigned n = places_from_hwloc(h, mask, place);
        all = n == (unsigned)CPU_COUNT(mask);
        if (all) {
            topology_order(t, place, n);
            snprintf(t->source, sizeof t->source, "hwloc %s", HWLOC_VERSION);
        }
    }
    hwloc_topology_destroy(h);
    return all;
}

int topology_load(struct topology *t)
{
    cpu_set_t mask;
    memset(t, 0, sizeof *t);
    const int error = original_affinity(&mask, true);
    if (error == 0 && !load_hwloc(t, &mask))
        places_from_sys(t, &mask);
    return error;
}

#else

int topology_load(struct topology *t) { return topology_load_affinity(t); }

#endif

/* ---- plans ---------------------------------------------------------------------------------- */

int topology_plan(const struct topology *t, const char *plan, unsigned producers,
                  unsigned consumers, int *cpu)
{
    const int *order = NULL;
    if (strcmp(plan, "spread") == 0)
        order = t->spread;
    else if (strcmp(plan, "compact") == 0)
        order = t->compact;
    else if (strcmp(plan, "none") != 0)
        return EINVAL;
    for (unsigned k = 0; k < producers + consumers; k++)
        cpu[k] = order && t->cpus ? order[k % t->cpus] : -1;
    return 0;
}

/* ---- the round trip of a cache line --------------------------------------------------------- */

enum {
    TRIPS = 32,       /* per pass: 2 to 10 us, so that few passes meet an interrupt */
    PASSES_MIN = 5,   /* even when another process holds one of the processors ... */
    PASSES_MAX = 512, /* ... and at most */
    SPINS = 4096,     /* looks before giving way: the peer has lost its processor */
};
static const uint64_t PROBE_NS = 1000000;

struct ball { /* even: ours to send; odd: the peer's to return; STOP ends the peer */
    alignas(Q_LINE) atomic(uint32_t) turn;
    alignas(Q_LINE) int cpu;
    atomic(int) pinned; /* -1: not yet, else the errno of pinning */
};
static const uint32_t STOP = UINT32_MAX;

static uint32_t await_other(struct ball *ball, uint32_t old)
{
    uint32_t turn;
    unsigned spins = 0;
    while ((turn = a_load(&ball->turn, acquire)) == old) {
        if (++spins < SPINS) {
            a_pause();
        } else {
            spins = 0;
            sched_yield();
        }
    }
    return turn;
}

static void *peer(void *arg)
{
    struct ball *ball = arg;
    const int error = topology_pin(ball->cpu);
    a_store(&ball->pinned, error, release);
    for (uint32_t turn = 0; error == 0;) {
        turn = await_other(ball, turn);
        if (turn == STOP)
            break;
        a_store(&ball->turn, ++turn, release);
    }
    return NULL;
}

static int compare_double(const void *va, const void *vb)
{
    const double a = *(const double *)va, b = *(const double *)vb;
    return (a > b) - (a < b);
}

static double bounce(struct ball *ball)
{
    double trip[PASSES_MAX];
    unsigned passes = 0;
    uint32_t turn = 0;
    const uint64_t begin = clock_monotonic_ns();
    uint64_t now = begin;
    while (passes < PASSES_MAX && (passes < PASSES_MIN || now - begin < PROBE_NS)) {
        const uint64_t start = now;
        for (int i = 0; i < TRIPS; i++) {
            a_store(&ball->turn, turn + 1, release);
            turn = await_other(ball, turn + 1);
        }
        now = clock_monotonic_ns();
        trip[passes++] = (double)(now - start) / TRIPS;
    }
    qsort(trip, passes, sizeof trip[0], compare_double);
    return trip[passes / 2];
}

double topology_round_trip_ns(int a, int b)
{
    if (a < 0 || b < 0 || a == b)
        return 0;
    cpu_set_t before;
    if (sched_getaffinity(0, sizeof before, &before) != 0)
        return 0;
    struct ball ball = {.cpu = b};
    a_init(&ball.turn, 0);
    a_init(&ball.pinned, -1);
    pthread_t thread;
    double ns = 0;
    if (topology_pin(a) == 0 && pthread_create(&thread, NULL, peer, &ball) == 0) {
        int pinned;
        while ((pinned = a_load(&ball.pinned, acquire)) == -1)
            sched_yield();
        if (pinned == 0)
            ns = bounce(&ball);
        a_store(&ball.turn, STOP, release);
        pthread_join(thread, NULL);
    }
    sched_setaffinity(0, sizeof before, &before);
    return ns;
}

const char *const topology_states[TOPOLOGY_STATES] = {"shared", "near", "far", "one", "mixed"};

static unsigned state_number(double before_ns, double after_ns)
{
    if (before_ns <= 0 && after_ns <= 0)
        return TOPOLOGY_ONE;
    if (before_ns <= 0 || after_ns <= 0)
        return TOPOLOGY_MIXED;
    const double ratio = before_ns / after_ns, ns = sqrt(before_ns * after_ns);
    if (ratio > TOPOLOGY_CHANGE || ratio < 1 / TOPOLOGY_CHANGE)
        return TOPOLOGY_MIXED;
    return ns < TOPOLOGY_NEAR_NS  ? TOPOLOGY_SHARED
           : ns < TOPOLOGY_FAR_NS ? TOPOLOGY_NEAR
                                  : TOPOLOGY_FAR;
}

const char *topology_state(double before_ns, double after_ns)
{
    return topology_states[state_number(before_ns, after_ns)];
}

unsigned topology_state_number(const char *word)
{
    unsigned i = 0;
    while (i < TOPOLOGY_STATES && strcmp(topology_states[i], word) != 0)
        i++;
    return i;
}
