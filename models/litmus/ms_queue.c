/* ms_queue.c: Michael & Scott's queue (1996), producers and consumers. Expect: no violation, 158 executions. */

/* -DPRODUCERS=3 -DCONSUMERS=2 has 4638 executions, 4 and 2 has 313992: with the retries cut, that
 * is; without (--no-cuts), 3 and 2 has millions. Nodes are never reused, so nothing needs counting
 * or reclaiming. -DOUTCOME="got[0] == 1 && got[1] == 0" asks whether that can be the outcome: an
 * assertion then fails if it can. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef OUTCOME
#define OUTCOME 0
#endif
#ifndef AFTER_LOSING /* models/mutants/ms_queue_helps_unseen.c */
#define AFTER_LOSING (void)0
#endif

struct node {
    int value;
    struct node *_Atomic next;
};
static struct node node[PRODUCERS + 1];
static struct node *_Atomic head, *_Atomic tail;
static int got[CONSUMERS]; /* 0: it was empty */

#define relaxed          memory_order_relaxed
#define acquire          memory_order_acquire
#define release          memory_order_release
#define load(p)          atomic_load_explicit(p, acquire)
#define cas(p, old, new) atomic_compare_exchange_strong_explicit(p, old, new, release, relaxed)

static void enqueue(struct node *n, int value)
{
    n->value = value;
    atomic_store_explicit(&n->next, NULL, relaxed);
    for (;;) {
        struct node *t = load(&tail);
        struct node *next = load(&t->next);
        if (t == load(&tail)) {
            if (next) {
                cas(&tail, &t, next); /* helps */
            } else if (cas(&t->next, &next, n)) {
                cas(&tail, &t, n);
                return;
            } else {
                AFTER_LOSING;
            }
        }
        __builtin_ia32_pause();
    }
}

static int dequeue(void)
{
    for (;;) {
        struct node *h = load(&head);
        struct node *t = load(&tail);
        struct node *next = load(&h->next);
        if (h == load(&head)) {
            if (h == t) {
                if (!next)
                    return 0;
                cas(&tail, &t, next);
            } else {
                const int value = next->value;
                if (cas(&head, &h, next))
                    return value;
            }
        }
        __builtin_ia32_pause();
    }
}

static void *producer(void *i)
{
    enqueue(&node[(size_t)i + 1], (int)(size_t)i + 1);
    return NULL;
}
static void *consumer(void *i)
{
    got[(size_t)i] = dequeue();
    return NULL;
}

int main(void)
{
    pthread_t thread[PRODUCERS + CONSUMERS];
    atomic_store_explicit(&head, &node[0], relaxed);
    atomic_store_explicit(&tail, &node[0], relaxed);
    for (size_t i = 0; i < PRODUCERS; i++)
        pthread_create(&thread[i], NULL, producer, (void *)i);
    for (size_t i = 0; i < CONSUMERS; i++)
        pthread_create(&thread[PRODUCERS + i], NULL, consumer, (void *)i);
    for (size_t i = 0; i < PRODUCERS + CONSUMERS; i++)
        pthread_join(thread[i], NULL);
    for (size_t i = 0; i < CONSUMERS; i++)
        for (size_t k = 0; k < i; k++)
            assert(got[i] == 0 || got[i] != got[k]); /* nothing comes out twice */
    assert(!(OUTCOME));
}
