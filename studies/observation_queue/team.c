/* team.c: see team.h. */
#include "team.h"

#include <pthread.h>
#include <stdlib.h>

#include "harness/clock.h"
#include "harness/topology.h"
#include "queues/atomics.h"

struct team {
    void (*body)(void *arg, unsigned index);
    void *arg;
    const int *cpu;
    atomic(unsigned) next, ready;
    atomic(int) go; /* 1: run, 2: go home */
};

static void *member(void *arg)
{
    struct team *const t = arg;
    const unsigned index = a_add(&t->next, 1, relaxed);
    if (t->cpu)
        topology_pin(t->cpu[index]);
    a_add(&t->ready, 1, release);
    unsigned spins = 0;
    int go;
    while ((go = a_load(&t->go, acquire)) == 0)
        q_relax(&spins);
    if (go == 1)
        t->body(t->arg, index);
    return NULL;
}

double team_run(unsigned producers, unsigned consumers, void (*body)(void *arg, unsigned index),
                void *arg)
{
    const unsigned n = producers + consumers;
    static struct topology topology;
    int cpu[256];
    pthread_t thread[256];
    struct team t = {.body = body, .arg = arg};
    unsigned started = 0, spins = 0;
    if (n > 256)
        return -1;
    if (topology_load(&topology) == 0 &&
        topology_plan(&topology, "spread", producers, consumers, cpu) == 0)
        t.cpu = cpu;
    a_init(&t.next, 0);
    a_init(&t.ready, 0);
    a_init(&t.go, 0);
    while (started < n && pthread_create(&thread[started], NULL, member, &t) == 0)
        started++;
    while (a_load(&t.ready, acquire) < started)
        q_relax(&spins);
    const uint64_t begin = clock_monotonic_ns();
    a_store(&t.go, started == n ? 1 : 2, release);
    for (unsigned i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    return started == n ? (double)(clock_monotonic_ns() - begin) / 1e9 : -1;
}
