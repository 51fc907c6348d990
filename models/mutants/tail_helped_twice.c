/* tail_helped_twice.c: a late helper moves the tail back. Expect: assertion. */
/* The linked queue of Michael and Scott (1996) in which whoever finds the tail behind moves it on:
 * here by a store where the paper has a compare-and-swap.
 *
 * 1. Thread 1 links its node and has not moved the tail yet. 2. Thread 2 moves it for thread 1,
 * links its own node behind and moves the tail again. 3. Thread 1 stores its node into the tail:
 * back by one.
 *
 * Repair: compare-and-swap from the tail that was read; if it fails, somebody has helped. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct node {
    _Atomic(struct node *) next;
};
static struct node dummy, a, b;
static _Atomic(struct node *) tail = &dummy;

static void enqueue(struct node *node)
{
    for (;;) {
        struct node *const last = atomic_load(&tail), *next = atomic_load(&last->next);
        if (next) {
            atomic_store(&tail, next); /* helps */
        } else if (atomic_compare_exchange_strong(&last->next, &next, node)) {
            atomic_store(&tail, node);
            return;
        }
    }
}

static void *thread_1(void *arg)
{
    (void)arg;
    enqueue(&a);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    enqueue(&b);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1, thread_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(atomic_load(&atomic_load(&tail)->next) == NULL);
    return 0;
}
