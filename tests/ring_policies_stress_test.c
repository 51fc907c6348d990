/* ring_policies_stress_test.c: what ring_mpsc promises about a full ring, policy by policy: every
 * item is accounted for exactly once, in order, with one to four producers, while the ring is
 * closed at some point.
 *
 *   ring_policies_stress_test      QUEUELAB_TEST_SCALE: the share of the usual number of items */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "queues/ring_mpsc.h"

#define PRODUCERS 4

static atomic(unsigned long) checks; /* also from the threads */
static char path[] = "/tmp/ring_policies_stress_test.XXXXXX", doing[200] = "starting";
static const char *const names[] = {"refuse", "block", "drop newest", "drop oldest", "spill"};

#define check(condition)                                                                           \
    do {                                                                                           \
        a_add(&checks, 1, relaxed);                                                                \
        if (!(condition))                                                                          \
            failed(__LINE__, #condition);                                                          \
    } while (0)

static _Noreturn void failed(int line, const char *condition)
{
    fprintf(stderr, "ring_policies_stress_test.c:%d: FAILED %s\n  while %s\n", line, condition,
            doing);
    unlink(path);
    exit(1);
}

static struct ring_mpsc queue;
static uint64_t items_each = 4000;

static struct q_config config(enum q_when_full policy, size_t capacity)
{
    return (struct q_config){.capacity = capacity, .when_full = policy, .spill_path = path};
}

/* ---- many threads ----------------------------------------------------------------------------- */

static struct plan {
    enum q_when_full policy;
    unsigned producers;
    size_t batch;  /* 1: push; more: push_n, then push for the item that it did not take */
    bool one_line; /* producers take turns under a mutex: one order for all, and it must hold */
    bool wait;     /* push_wait and pop_wait */
    uint64_t close_after; /* pops; 0: after the last push */
} plan;

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static uint64_t line; /* under turn: items pushed so far */

struct producer {
    struct ring_mpsc_handle h;
    uint64_t me, taken, dropped, closed, odd;
};

static void account(struct producer *p, enum q_status s)
{
    p->taken += s == Q_OK;
    p->dropped += s == Q_DROPPED;
    p->closed += s == Q_CLOSED;
    p->odd += s != Q_OK && s != Q_DROPPED && s != Q_CLOSED;
}

static void push_some(struct producer *p, const q_item *items, size_t n)
{
    size_t done = plan.batch > 1 ? ring_mpsc_push_n(&queue, &p->h, items, n) : 0;
    p->taken += done;
    if (done == n)
        return;
    enum q_status s;
    unsigned spins = 0;
    while ((s = plan.wait ? ring_mpsc_push_wait(&queue, &p->h, items[done], Q_FOREVER)
                          : ring_mpsc_push(&queue, &p->h, items[done])) == Q_FULL &&
           plan.policy == Q_REFUSE)
        q_relax(&spins);
    account(p, s);
}

static void *produce(void *argument)
{
    struct producer *const p = argument;
    q_item items[16];
    for (uint64_t number = 1; number <= items_each && !p->closed && !p->odd;) {
        if (plan.one_line)
            pthread_mutex_lock(&turn);
        /* A batch that is taken in part goes on with the item after the last one accounted for. */
        const uint64_t base = plan.one_line ? line : number - 1;
        const uint64_t before = p->taken + p->dropped;
        for (uint64_t i = 0; i < plan.batch; i++)
            items[i] = q_item_of((plan.one_line ? 0 : p->me << 32) | (base + i + 1));
        push_some(p, items, plan.batch);
        number += p->taken + p->dropped - before;
        if (plan.one_line) {
            line += p->taken + p->dropped - before;
            pthread_mutex_unlock(&turn);
        }
    }
    return NULL;
}

static void *close_when_done(void *argument)
{
    pthread_t thread[PRODUCERS];
    struct producer *const p = argument;
    for (unsigned i = 0; i < plan.producers; i++)
        check(pthread_create(&thread[i], NULL, produce, &p[i]) == 0);
    for (unsigned i = 0; i < plan.producers; i++)
        check(pthread_join(thread[i], NULL) == 0);
    ring_mpsc_close(&queue, &p[0].h);
    return NULL;
}

static void transfer(size_t capacity)
{
    static struct producer p[PRODUCERS];
    struct ring_mpsc_handle h;
    uint64_t last[PRODUCERS] = {0}, popped = 0, taken = 0, dropped = 0;
    q_item items[16];
    pthread_t team;
    const struct q_config cfg = config(plan.policy, capacity);
    snprintf(doing, sizeof doing,
             "policy %s, %u producers, capacity %zu, batches of %zu%s%s, close after %" PRIu64,
             names[plan.policy], plan.producers, capacity, plan.batch,
             plan.one_line ? ", in one line" : "", plan.wait ? ", waiting" : "", plan.close_after);
    check(ring_mpsc_init(&queue, &cfg) == 0);
    check(ring_mpsc_attach(&queue, &h, Q_CONSUMER) == 0);
    for (uint64_t i = 0; i < plan.producers; i++) {
        p[i] = (struct producer){.me = i};
        check(ring_mpsc_attach(&queue, &p[i].h, Q_PRODUCER) == 0);
    }
    line = 0;
    check(pthread_create(&team, NULL, close_when_done, p) == 0);
    unsigned spins = 0;
    for (enum q_status s = Q_OK; s != Q_CLOSED;) {
        size_t n = 1;
        if (plan.wait)
            s = ring_mpsc_pop_wait(&queue, &h, items, Q_FOREVER);
        else if (plan.batch == 1 || (n = ring_mpsc_pop_n(&queue, &h, items, 16)) == 0)
            n = 1, s = ring_mpsc_pop(&queue, &h, items);
        else
            s = Q_OK;
        check(s == Q_OK || s == Q_CLOSED || (s == Q_EMPTY && !plan.wait));
        if (s != Q_OK) {
            q_relax(&spins);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            const uint64_t from = q_key(&items[i]) >> 32, number = (uint32_t)q_key(&items[i]);
            check(from < plan.producers && q_intact(&items[i]));
            if (plan.policy >= Q_DROP_NEWEST && plan.policy <= Q_DROP_OLDEST)
                check(number > last[from]);
            else
                check(number == last[from] + 1);
            last[from] = number;
        }
        if (plan.close_after && popped < plan.close_after && popped + n >= plan.close_after)
            ring_mpsc_close(&queue, &h);
        popped += n;
    }
    check(pthread_join(team, NULL) == 0);
    check(ring_mpsc_pop(&queue, &h, items) == Q_CLOSED);
    for (unsigned i = 0; i < plan.producers; i++) {
        check(p[i].odd == 0 && (plan.close_after || p[i].closed == 0));
        check(p[i].closed || p[i].taken + p[i].dropped >= items_each);
        taken += p[i].taken;
        dropped += p[i].dropped;
    }
    check(taken == popped + (plan.policy == Q_DROP_OLDEST ? ring_mpsc_dropped(&queue) : 0));
    check(dropped == (plan.policy == Q_DROP_NEWEST ? ring_mpsc_dropped(&queue) : 0));
    ring_mpsc_destroy(&queue);
}

/* ---- one thread, and one that sleeps ----------------------------------------------------------- */

static void alone(void)
{
    struct ring_mpsc_handle h;
    q_item item, batch[10];
    for (enum q_when_full policy = Q_REFUSE; policy <= Q_SPILL; policy++) {
        if (policy == Q_BLOCK)
            continue;
        snprintf(doing, sizeof doing, "pushing 10 items into 4 cells, policy %s", names[policy]);
        const struct q_config cfg = config(policy, 4);
        check(ring_mpsc_init(&queue, &cfg) == 0 && ring_mpsc_attach(&queue, &h, Q_BOTH) == 0);
        static const enum q_status fifth[] = {Q_FULL, Q_OK, Q_DROPPED, Q_OK, Q_OK};
        for (uint64_t i = 1; i <= 10; i++)
            check(ring_mpsc_push(&queue, &h, q_item_of(i)) == (i <= 4 ? Q_OK : fifth[policy]));
        check(ring_mpsc_dropped(&queue) ==
              (policy == Q_DROP_NEWEST || policy == Q_DROP_OLDEST) * 6);
        check(policy != Q_SPILL || ring_mpsc_spilled(&queue) == 6);
        const uint64_t from = policy == Q_DROP_OLDEST ? 7 : 1, n = policy == Q_SPILL ? 10 : 4;
        for (uint64_t i = 0; i < n; i++)
            check(ring_mpsc_pop(&queue, &h, &item) == Q_OK && q_key(&item) == from + i);
        check(ring_mpsc_pop(&queue, &h, &item) == Q_EMPTY);
        for (uint64_t i = 0; i < 10; i++)
            batch[i] = q_item_of(i + 1);
        const bool all = policy == Q_DROP_OLDEST || policy == Q_SPILL;
        check(ring_mpsc_push_n(&queue, &h, batch, 10) == (all ? 10 : 4));
        check(policy != Q_DROP_NEWEST || ring_mpsc_dropped(&queue) == 6); /* left to push */
        const enum q_status timed_out = policy == Q_REFUSE ? Q_TIMEOUT : fifth[policy];
        check(ring_mpsc_push_wait(&queue, &h, q_item_of(11), 1000) == timed_out);
        ring_mpsc_close(&queue, &h);
        check(ring_mpsc_push(&queue, &h, item) == Q_CLOSED);
        check(ring_mpsc_push_n(&queue, &h, batch, 10) == 0);
        ring_mpsc_destroy(&queue);
        unlink(path); /* of Q_SPILL: keeps what was not popped */
    }
    const struct q_config cfg = config(Q_SPILL + 1, 4);
    check(ring_mpsc_init(&queue, &cfg) == EINVAL);
}

static void *push_seven(void *argument)
{
    q_item items[7];
    for (uint64_t i = 0; i < 7; i++)
        items[i] = q_item_of(i + 1);
    return (void *)(uintptr_t)ring_mpsc_push_n(&queue, argument, items, 7);
}

/* Q_BLOCK: a push into a full ring is asleep, not spinning; a pop or a close wakes it. */
static void blocked(uint64_t pops)
{
    static struct ring_mpsc_handle h, pusher;
    const struct q_config cfg = config(Q_BLOCK, 2);
    q_item item;
    pthread_t thread;
    void *pushed;
    snprintf(doing, sizeof doing, "waking a blocked push after %" PRIu64 " pops", pops);
    check(ring_mpsc_init(&queue, &cfg) == 0 && ring_mpsc_attach(&queue, &h, Q_CONSUMER) == 0);
    check(ring_mpsc_attach(&queue, &pusher, Q_PRODUCER) == 0);
    check(pthread_create(&thread, NULL, push_seven, &pusher) == 0);
    for (uint64_t i = 0; i < pops; i++)
        check(ring_mpsc_pop_wait(&queue, &h, &item, Q_FOREVER) == Q_OK && q_key(&item) == i + 1);
    const uint64_t most = pops + 2 < 7 ? pops + 2 : 7;
    while (most < 7 && a_load(&queue.ring.room.waiters, relaxed) == 0)
        usleep(100); /* until it is about to sleep */
    if (most == 7)
        check(pthread_join(thread, &pushed) == 0);
    ring_mpsc_close(&queue, &h);
    if (most < 7)
        check(pthread_join(thread, &pushed) == 0);
    check((uintptr_t)pushed <= 7 && (uintptr_t)pushed >= pops);
    uint64_t rest = pops;
    while (ring_mpsc_pop(&queue, &h, &item) == Q_OK)
        check(q_key(&item) == ++rest);
    check(rest == (uintptr_t)pushed && (most < 7 || rest == 7));
    ring_mpsc_destroy(&queue);
}

/* ---- Q_SPILL at its narrow places --------------------------------------------------------------- */

/* A producer stopped in the middle of its push: the log has to wait for its item. */
static void stopped(void)
{
    struct ring_mpsc_handle h;
    q_item item;
    const struct q_config cfg = config(Q_SPILL, 2);
    snprintf(doing, sizeof doing, "spilling behind a stopped producer");
    check(ring_mpsc_init(&queue, &cfg) == 0 && ring_mpsc_attach(&queue, &h, Q_BOTH) == 0);
    check(ring_mpsc_push(&queue, &h, q_item_of(1)) == Q_OK);
    const uint64_t claimed = a_add(&queue.ring.tail, 1, relaxed); /* what a push does first, */
    check(ring_mpsc_push(&queue, &h, q_item_of(3)) == Q_OK && ring_mpsc_spilled(&queue) == 1);
    check(ring_mpsc_pop(&queue, &h, &item) == Q_OK && q_key(&item) == 1);
    check(ring_mpsc_pop(&queue, &h, &item) == Q_EMPTY);
    ring_mpsc_close(&queue, &h);
    check(ring_mpsc_pop(&queue, &h, &item) == Q_EMPTY);
    array_mpmc_fill(&queue.ring, claimed, q_item_of(2)); /* and what it does then */
    for (uint64_t i = 2; i <= 3; i++)
        check(ring_mpsc_pop(&queue, &h, &item) == Q_OK && q_key(&item) == i);
    check(ring_mpsc_pop(&queue, &h, &item) == Q_CLOSED);
    ring_mpsc_destroy(&queue);
}

static void *push_two(void *argument)
{
    struct producer *const p = argument;
    account(p, ring_mpsc_push(&queue, &p->h, q_item_of(1)));
    account(p, ring_mpsc_push(&queue, &p->h, q_item_of(2)));
    return NULL;
}

/* The second of two items goes to the log, slowly (spill_sync), while the consumer drains the ring
 * and goes to sleep, or closes: the append must wake it, or be refused. */
static void append_meets(bool close_now)
{
    struct producer p = {.me = 0};
    struct ring_mpsc_handle h;
    pthread_t thread;
    q_item item;
    struct q_config cfg = config(Q_SPILL, 1);
    cfg.spill_sync = true;
    snprintf(doing, sizeof doing, "spilling while the consumer %s",
             close_now ? "closes" : "sleeps");
    check(ring_mpsc_init(&queue, &cfg) == 0 && ring_mpsc_attach(&queue, &h, Q_CONSUMER) == 0);
    check(ring_mpsc_attach(&queue, &p.h, Q_PRODUCER) == 0);
    check(pthread_create(&thread, NULL, push_two, &p) == 0);
    const uint64_t patience = UINT64_C(20000000000);
    if (close_now) { /* as soon as the append has the lock */
        for (int i = 0; i < 10000 && pthread_mutex_trylock(&queue.spill.lock) == 0; i++) {
            pthread_mutex_unlock(&queue.spill.lock);
            sched_yield();
        }
    }
    check(ring_mpsc_pop_wait(&queue, &h, &item, patience) == Q_OK && q_key(&item) == 1);
    if (close_now)
        ring_mpsc_close(&queue, &h);
    const uint64_t before = q_now_ns();
    const enum q_status s = ring_mpsc_pop_wait(&queue, &h, &item, patience);
    check(q_now_ns() - before < patience); /* else it woke of itself, and found the item then */
    check(s == (close_now ? s : Q_OK) && s != Q_TIMEOUT && (s != Q_OK || q_key(&item) == 2));
    check(pthread_join(thread, NULL) == 0);
    check(p.taken == 1 + (s == Q_OK) && p.closed == (s == Q_CLOSED));
    ring_mpsc_destroy(&queue);
}

int main(void)
{
    const char *const scale = getenv("QUEUELAB_TEST_SCALE");
    const double share = scale ? strtod(scale, NULL) : 0;
    if (share > 0)
        items_each = (uint64_t)(share * (double)items_each) + 100;
    const int fd = mkstemp(path);
    if (fd < 0) {
        perror("ring_policies_stress_test: cannot make its file in /tmp");
        return 1;
    }
    close(fd);
    alarm(280); /* a lost wake-up */
    alone();
    for (uint64_t pops = 0; pops <= 7; pops++)
        blocked(pops);
    stopped();
    for (unsigned i = 0; i < 60; i++)
        append_meets(i % 2);
    unsigned runs = 0;
    for (enum q_when_full policy = Q_REFUSE; policy <= Q_SPILL; policy++)
        for (unsigned producers = 1; producers <= PRODUCERS; producers++)
            for (size_t capacity = 1; capacity <= 64; capacity *= 8)
                for (unsigned way = 0; way < 8; way++) {
                    plan = (struct plan){.policy = policy,
                                         .producers = producers,
                                         .batch = way & 1 ? 7 : 1,
                                         .wait = way & 2,
                                         .one_line = way & 4,
                                         .close_after = runs % 3 ? 0 : items_each / 2};
                    transfer(capacity);
                    runs++;
                }
    unlink(path);
    printf("ring_policies_stress_test: %u transfers\n%lu checks passed, 0 failed\n", runs,
           a_load(&checks, relaxed));
    return 0;
}
