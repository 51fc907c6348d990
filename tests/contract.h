/* contract.h: what the contract tests share. A contract test runs once for every driver (each
 * queue, 8-byte and 64-byte items) whose traits say that it applies; for the others it is listed
 * as skipped, with the reason.
 *
 *   static void holds(const struct q_driver *d) { ... check(...) ... }
 *   static const struct contract_case cases[] = {{"holds its capacity", holds, needs_bounded}};
 *   int main(int argc, char **argv) { return contract_main(argc, argv, cases, N_OF(cases)); }
 *
 *   ./contract_x_test 'PATTERN'     only the cases whose name matches, as in '*ring_spsc*'
 *   ./contract_x_test --peers       other people's queues (queues/peers) instead of ours
 *
 * Environment   QUEUELAB_TEST_SCALE  share of the usual amount of work, 1 by default; valgrind and
 *                                    the sanitizers run with less
 *               QUEUELAB_TEST_SEED   another stream of random numbers, 1 by default
 * A case that has not ended after two minutes is reported by name and ends the program: a lost
 * wake-up shows as that. Nothing here asserts that something is fast enough. */
#ifndef TESTS_CONTRACT_H
#define TESTS_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/driver.h"
#include "queues/atomics.h"
#include "tests/scale.h"

#define N_OF(array) (sizeof(array) / sizeof(array)[0])

/* ---- cases ----------------------------------------------------------------------------------- */

struct contract_case {
    const char *name;
    void (*run)(const struct q_driver *d);
    const char *(*why_not)(const struct q_driver *d); /* why to skip, or NULL; absent: never skip */
};

int contract_main(int argc, char **argv, const struct contract_case *cases, size_t n);

const char *needs_bounded(const struct q_driver *d);
const char *needs_unbounded(const struct q_driver *d);
const char *needs_close_any(const struct q_driver *d);
const char *needs_lanes(const struct q_driver *d);

/* Where a peer promises less: its traits say so, or no adapter could add it. */
const char *needs_sleep(const struct q_driver *d);      /* waiters sleep, and are woken */
const char *needs_our_memory(const struct q_driver *d); /* counted, and failing on request */
const char *needs_capacity(const struct q_driver *d);   /* bounded, and capacity() is exact */
const char *needs_order_kept(const struct q_driver *d); /* also over detach and attach */

/* What the case is doing now: printed with a failure. */
void context(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* On the case's own thread a failure ends the case, on any other the program. */
#define check(condition, ...)                                                                      \
    ((condition) ? (void)0 : contract_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))
void contract_failed(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for threads in a crowd: a fiftieth where each item may cost a time slice. */
uint64_t crowd_scaled(const struct q_driver *d, uint64_t n, uint64_t least);
uint64_t contract_seed(void);
uint64_t random_next(uint64_t *state);
uint64_t random_below(uint64_t *state, uint64_t n);

const char *status_name(enum q_status s);

/* ---- a queue and its ends -------------------------------------------------------------------- */

struct subject {
    const struct q_driver *driver;
    void *queue;
};
struct end { /* one attached handle: used by one thread */
    const struct q_driver *driver;
    void *queue, *handle;
};

int subject_try(struct subject *s, const struct q_driver *d, const struct q_config *cfg);
void subject_open(struct subject *s, const struct q_driver *d, const struct q_config *cfg);
void subject_destroy(struct subject *s);
size_t subject_capacity(const struct subject *s);
struct q_bytes subject_bytes(const struct subject *s);

int end_try(struct end *e, const struct subject *s, enum q_role role);
void end_attach(struct end *e, const struct subject *s, enum q_role role);
void end_detach(struct end *e);
void end_reattach(struct end *e, enum q_role role); /* the same handle again */
struct q_counts end_counts(const struct end *e);

#define BATCH_MAX 64
enum q_status put(const struct end *e, uint64_t key);
enum q_status take(const struct end *e, uint64_t *key); /* a torn item is a failure */
size_t put_n(const struct end *e, const uint64_t *keys, size_t n);
size_t take_n(const struct end *e, uint64_t *keys, size_t n);
enum q_status put_wait(const struct end *e, uint64_t key, uint64_t timeout_ns);
enum q_status take_wait(const struct end *e, uint64_t *key, uint64_t timeout_ns);
void shut(const struct end *e);

/* Number `number` (from 1) of `producer`, in a lane chosen by the number if the queue has lanes. */
uint64_t key_for(const struct q_driver *d, uint64_t producer, uint64_t number);
static inline unsigned key_lane(uint64_t key) { return (unsigned)(key >> 62); }
static inline uint64_t key_producer(uint64_t key)
{
    return key >> Q_KEY_NUMBER_BITS & ((1u << Q_KEY_PRODUCER_BITS) - 1);
}
static inline uint64_t key_number(uint64_t key) { return key & Q_KEY_NUMBER_MASK; }

/* ---- threads --------------------------------------------------------------------------------- */

/* Runs body on n arguments of `each` bytes, one thread each, from one start line; waits for all. */
void together(unsigned n, void *(*body)(void *), void *arguments, size_t each);

/* Items from producers to consumers until the last producer closes the queue: each item arrives
 * exactly once, each consumer sees each producer's items in their order (by lane), and every
 * consumer ends by CLOSED. */
enum flow_way {
    FLOW_BATCH = 1,     /* push_n and pop_n, of random sizes */
    FLOW_YIELD = 2,     /* the processor is given away at random points */
    FLOW_WAIT = 4,      /* push_wait and pop_wait, for ever */
    FLOW_IMPATIENT = 8, /* push_wait and pop_wait, for a few microseconds, again and again */
    FLOW_REATTACH = 16, /* detaching and attaching at random points */
};
struct flow {
    unsigned producers, consumers;
    uint64_t items; /* in all */
    unsigned ways;
    struct q_config config;
};
void flow_run(const struct q_driver *d, const struct flow *f);

/* So many of them as the queue allows. */
unsigned most_producers(const struct q_driver *d, unsigned wanted);
unsigned most_consumers(const struct q_driver *d, unsigned wanted);

#endif
