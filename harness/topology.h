/* topology.h: which processors there are, and on which of them the threads of a run are put.
 *
 * From hwloc when it was built in, else from the scheduling affinity and /sys. Only processors
 * this process may use count: its affinity mask, which the kernel keeps inside its cpuset.
 *
 *              package 0        package 1
 *             core   core      core   core
 *   spread    0  4   2  6      1  5   3  7     packages first, then last-level caches, then cores,
 *                                              SMT siblings last: neighbours are far apart
 *   compact   0  1   2  3      4  5   6  7     SMT siblings first: neighbours are close
 *   none                                       the scheduler decides
 *
 * A plan deals processors like cards, all producers first, then on to the consumers: thread k
 * sits on order[k mod cpus]. Producers are then a run of consecutive cards, and so are consumers
 * and so are all threads together, so on no processor does any of the three counts differ from
 * another processor's by more than one. (Dealing p0 c0 p1 c1 ... would put every producer of a
 * 4:4 run on one of two processors.) A 1:1 pair sits on two processors if there are two.
 *
 * Where a virtual machine's processors really are shows in the round trip of one cache line
 * between them: 20 to 50 ns when both are one core (its two hardware threads) or share a small
 * cache, 90 to 220 ns between cores of one package (Sapphire Rapids), 300 ns and more between
 * packages or distant caches. The host moves them while we measure, and runs in different states
 * are not comparable. */
#ifndef HARNESS_TOPOLOGY_H
#define HARNESS_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

#define TOPOLOGY_CPUS_MAX 1024

struct topology {
    char source[32];                     /* "hwloc 2.9.0" or "affinity" */
    unsigned cpus;                       /* usable processors */
    unsigned cores, sockets, numa_nodes; /* with a usable processor; 0: unknown */
    int spread[TOPOLOGY_CPUS_MAX], compact[TOPOLOGY_CPUS_MAX]; /* OS numbers in order of use */
};

/* 0 or an errno. Remembers the calling thread's affinity as that of the process: call it before
 * anything is pinned. */
int topology_load(struct topology *t);

/* The same without hwloc, and the same from a list of places: for tests, and for each other.
 * The numbers name things and need be neither dense nor ordered, but for an inner thing (a core)
 * to be the same its outer things (cache, package) must be the same too. */
struct topology_place {
    int cpu; /* OS number */
    int package, cache, core, numa;
};
int topology_load_affinity(struct topology *t);
void topology_order(struct topology *t, const struct topology_place *place, unsigned n);

/* Fills cpu[0..producers+consumers) with the processor of each thread, producers first; -1: not
 * pinned. EINVAL: no such plan. */
int topology_plan(const struct topology *t, const char *plan, unsigned producers,
                  unsigned consumers, int *cpu);

/* Pins the calling thread; -1: back to all processors of the process. 0 or an errno. */
int topology_pin(int cpu);

/* Round trip of one cache line between two processors in ns: the median of many short passes,
 * about 1 ms in all, longer when another process holds one of the two. 0 when a == b, when either
 * is negative or cannot be pinned to. Starts a thread for the other end; the calling thread gets
 * its affinity back. */
double topology_round_trip_ns(int a, int b);

/* One word for the round trips measured before and after a sample:
 *   one     both 0: nothing was probed, a single processor is used
 *   mixed   the larger is more than TOPOLOGY_CHANGE times the smaller, or only one is known
 *   shared  their geometric mean is below TOPOLOGY_NEAR_NS: a core or a small cache is shared
 *   near    it is below TOPOLOGY_FAR_NS: other cores, one package
 *   far     it is not
 * The limits lie in the gaps between what was seen (docs/METHODOLOGY.md), in logarithms. */
#define TOPOLOGY_NEAR_NS 70.0
#define TOPOLOGY_FAR_NS  250.0
#define TOPOLOGY_CHANGE  1.5
const char *topology_state(double before_ns, double after_ns);

/* Those words: of two processors the closest first, then the other two. */
enum {
    TOPOLOGY_SHARED,
    TOPOLOGY_NEAR,
    TOPOLOGY_FAR,
    TOPOLOGY_ONE,
    TOPOLOGY_MIXED,
    TOPOLOGY_STATES
};
extern const char *const topology_states[TOPOLOGY_STATES];
unsigned topology_state_number(const char *word); /* TOPOLOGY_STATES: no such word */

#endif
