/* run.c: runs a litmus program as the checker's subject.
 *
 * The operations are carried out by an interpreter that makes the calls which a compiler would have
 * put into an instrumented program; the graphs that the checker completes are translated back. */
#include "models/litmus/run.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "models/checker/explore/explore.h"
#include "models/checker/memory/heap.h"
#include "models/checker/memory/shadow.h"

/* The checker's entry points for instrumented code. */
int __tsan_atomic32_load(const volatile int *a, int order);
void __tsan_atomic32_store(volatile int *a, int value, int order);
int __tsan_atomic32_exchange(volatile int *a, int value, int order);
int __tsan_atomic32_fetch_add(volatile int *a, int value, int order);
int __tsan_atomic32_compare_exchange_strong(volatile int *a, int *expected, int value, int order,
                                            int order_bad);
void __tsan_atomic_thread_fence(int order);
int model_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                         void *(*entry)(void *), void *argument);
int model_pthread_join(pthread_t thread, void **result);

enum { PAGE = 4096 };
static _Alignas(PAGE) char memory[PAGE]; /* the subject's: nothing of ours is near */

/* There too: what the operations returned in the execution that is run. */
static int32_t *const values = (int32_t *)(void *)(memory + PAGE / 2);

static struct {
    const struct litmus *p;
    struct executions *set;
    uint64_t *hash; /* of the completed graphs */
    size_t hashes, hashes_room;
    char *why;
    size_t why_size;
} now;

int run_litmus_init(void)
{
    const int error = shadow_region(memory, sizeof memory, REGION_DATA, 0);
    return error ? error : heap_init();
}

/* ---- the subject --------------------------------------------------------------------------- */

static int c11_order(enum litmus_order o)
{
    static const int order[] = {[RLX] = __ATOMIC_RELAXED,
                                [ACQ] = __ATOMIC_ACQUIRE,
                                [REL] = __ATOMIC_RELEASE,
                                [AR] = __ATOMIC_ACQ_REL,
                                [SC] = __ATOMIC_SEQ_CST};
    return order[o];
}

static int perform(const struct litmus_op *op)
{
    volatile int *const x = (volatile int *)memory + op->location;
    const int order = c11_order(op->order);
    int old = op->expected;
    switch (op->kind) {
    case LITMUS_LOAD:
        return __tsan_atomic32_load(x, order);
    case LITMUS_STORE:
        __tsan_atomic32_store(x, op->operand, order);
        break;
    case LITMUS_ADD:
        return __tsan_atomic32_fetch_add(x, op->operand, order);
    case LITMUS_EXCHANGE:
        return __tsan_atomic32_exchange(x, op->operand, order);
    case LITMUS_CAS:
        __tsan_atomic32_compare_exchange_strong(x, &old, op->operand, order,
                                                c11_order(op->order_bad));
        return old;
    case LITMUS_FENCE:
        __tsan_atomic_thread_fence(order);
        break;
    }
    return 0;
}

static void keep(int32_t *where, int32_t value)
{
    shadow_will_write((uintptr_t)where, sizeof *where);
    *where = value;
}

static void *thread_run(void *argument)
{
    const unsigned t = (unsigned)(uintptr_t)argument;
    for (unsigned i = 0; i < now.p->ops; i++)
        if (now.p->op[i].thread == t)
            keep(&values[i], perform(&now.p->op[i]));
    return NULL;
}

static void main_run(void *argument)
{
    (void)argument;
    pthread_t thread[LITMUS_THREADS];
    for (unsigned t = 0; t < now.p->threads; t++)
        model_pthread_create(&thread[t], NULL, thread_run, (void *)(uintptr_t)t);
    for (unsigned t = 0; t < now.p->threads; t++)
        model_pthread_join(thread[t], NULL);
}

/* ---- from graphs to executions ------------------------------------------------------------- */

/* Which operation each event belongs to: -1 none, -2 an operation that is not of the program. */
static bool find_ops(const struct graph *g, int16_t op_of[EVENTS_MAX])
{
    for (unsigned id = 0; id < g->events; id++)
        op_of[id] = -1;
    unsigned i = 0;
    for (unsigned t = 0; t < now.p->threads; t++) {
        for (uint16_t id = g->first[t + 1]; id != NONE; id = g->e[id].po_next) {
            const struct event *const e = &g->e[id];
            if (e->kind != EV_READ && e->kind != EV_WRITE && e->kind != EV_FENCE)
                continue;
            if (i == now.p->ops || now.p->op[i].thread != t)
                return false;
            const struct litmus_op *const op = &now.p->op[i];
            const bool right = e->kind == EV_READ    ? litmus_reads(op)
                               : e->kind == EV_WRITE ? litmus_may_write(op)
                                                     : op->kind == LITMUS_FENCE;
            if (!right)
                return false;
            op_of[id] = (int16_t)i;
            i += e->kind != EV_READ || !(e->flags & EVENT_WRITES);
        }
        if (i < now.p->ops && now.p->op[i].thread == t)
            return false;
    }
    return g->threads == now.p->threads + 1;
}

static void complain(const char *what)
{
    if (!now.why[0])
        snprintf(now.why, now.why_size, "%s", what);
}

static bool translate(const struct graph *g, struct execution *x)
{
    int16_t op_of[EVENTS_MAX];
    execution_none(x);
    if (!find_ops(g, op_of)) {
        complain("a graph has other events than the program");
        return false;
    }
    for (unsigned id = 0; id < g->events; id++) {
        const struct event *const e = &g->e[id];
        const int i = op_of[id];
        if (i < 0)
            continue;
        if (e->kind == EV_WRITE)
            x->wrote[i] = (int32_t)e->value;
        if (e->kind != EV_READ)
            continue;
        x->from[i] = g->e[e->rf].kind == EV_INIT ? FROM_INITIAL : op_of[e->rf];
        x->value[i] = (int32_t)e->value;
        if (g->e[e->rf].value != e->value)
            complain("a graph's read has another value than the write that it reads from");
        if (values[i] != x->value[i])
            complain("the program was given another value than the graph's");
    }
    for (unsigned l = 0; l < g->locs; l++) {
        int16_t place = 0;
        if (g->loc[l].init == NONE)
            continue;
        for (uint16_t w = g->e[g->loc[l].init].mo_next; w != NONE; w = g->e[w].mo_next)
            if (op_of[w] >= 0)
                x->place[op_of[w]] = ++place;
    }
    return true;
}

static void completed(const struct graph *g, void *arg)
{
    (void)arg;
    struct execution x;
    if (!translate(g, &x))
        return;
    executions_add(now.set, &x);
    if (now.hashes == now.hashes_room) {
        now.hashes_room = now.hashes_room ? 2 * now.hashes_room : 64;
        uint64_t *const more = realloc(now.hash, now.hashes_room * sizeof *more);
        if (!more)
            abort();
        now.hash = more;
    }
    now.hash[now.hashes++] = graph_hash(g);
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Graphs that are equal have equal hashes and others have others: so many there are. */
static size_t distinct_hashes(void)
{
    qsort(now.hash, now.hashes, sizeof *now.hash, compare_hashes);
    size_t n = now.hashes > 0;
    for (size_t i = 1; i < now.hashes; i++)
        n += now.hash[i] != now.hash[i - 1];
    return n;
}

bool run_litmus(const struct litmus *p, enum memory m, bool right_to_left, struct executions *set,
                char *why, size_t why_size)
{
    static struct explore_result result; /* a large one */
    memset(&result, 0, sizeof result);
    why[0] = '\0';
    now.p = p;
    now.set = set;
    now.hashes = 0;
    now.why = why;
    now.why_size = why_size;
    const size_t before = set->n;
    const struct explore_options options = {
        .model = m == MEMORY_SC    ? MODEL_SC
                 : m == MEMORY_TSO ? MODEL_TSO
                                   : MODEL_RC11,
        .pldi17 = m == MEMORY_PLDI17,
        .policy = right_to_left ? POLICY_RTL : POLICY_LTR,
        .no_cuts = true, /* the interpreter's loop is not the program's */
        .max_seconds = 60,
        .freeze_thread = -1,
        .on_complete = completed,
    };
    explore(&options, main_run, NULL, &result);
    executions_sort(set);

    const size_t found = set->n - before, duplicates = executions_duplicates(set);
    const size_t hashes = distinct_hashes();
    if (result.fault.kind != FAULT_NONE)
        snprintf(why, why_size, "%s: %s", fault_name(result.fault.kind), result.fault.text);
    else if (!result.finished)
        snprintf(why, why_size, "not finished after %.0f s", result.seconds);
    else if (result.blocked)
        snprintf(why, why_size, "%" PRIu64 " executions are blocked", result.blocked);
    else if (duplicates)
        snprintf(why, why_size, "%zu graphs were found twice", duplicates);
    else if (!why[0] && result.complete != found)
        snprintf(why, why_size, "%zu graphs were shown, %" PRIu64 " counted", found,
                 result.complete);
    else if (!why[0] && hashes != found)
        snprintf(why, why_size, "%zu graphs have %zu different hashes", found, hashes);
    return !why[0];
}
