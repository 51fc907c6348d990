/* segment_push_unlinked.c: swings the tail, but links no segment. Expect: assertion. */
/* The push of "Lock-Free Queue Research", section 2, the listing that is to show SegQueue's lock-
 * freedom. try_push and pop, which it does not show, are the plain ones.
 *
 * 1. The segment is full, so the producer allocates a new one. 2. It swings `tail` to it, and
 * nothing sets the old segment's `next`. 3. Consumers walk from the head along `next`, and find
 * nothing: every item behind the first segment is lost.
 *
 * Repair: the winner stores old->next = new (and the order of these two stores needs the care that
 * queues/segment_mpmc.h takes). */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { SLOTS = 1 };
struct segment {
    atomic_int used;
    atomic_int item[SLOTS];
    _Atomic(struct segment *) next;
};
static struct segment first;
static struct segment *head = &first; /* one consumer */
static int taken;                     /* from head */
static _Atomic(struct segment *) tail = &first;

static bool try_push(struct segment *s, int value)
{
    const int i = atomic_fetch_add(&s->used, 1);
    if (i >= SLOTS)
        return false;
    atomic_store_explicit(&s->item[i], value, memory_order_release);
    return true;
}

static void push(int value)
{
    for (;;) {
        struct segment *t = atomic_load_explicit(&tail, memory_order_acquire);
        if (try_push(t, value))
            return;
        struct segment *const new_segment = calloc(1, sizeof *new_segment);
        atomic_compare_exchange_strong(&tail, &t, new_segment);
    }
}

static int pop(void)
{
    if (taken == SLOTS) {
        struct segment *const next = atomic_load_explicit(&head->next, memory_order_acquire);
        if (!next)
            return 0;
        if (head != &first)
            free(head);
        head = next;
        taken = 0;
    }
    const int value = atomic_load_explicit(&head->item[taken], memory_order_acquire);
    taken += value != 0;
    return value;
}

static void *producer(void *arg)
{
    (void)arg;
    push(1);
    push(2);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer};
    pthread_t thread[1];
    for (int i = 0; i < 1; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 1; i++)
        pthread_join(thread[i], NULL);
    assert(pop() == 1);
    assert(pop() == 2);
    return 0;
}
