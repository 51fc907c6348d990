/* segment_loser_leaks.c: who loses the race for a new segment forgets his. Expect: leak. */
/* The push of "Lock-Free Queue Research", section 2, in C and with the link that
 * segment_push_unlinked.c misses.
 *
 * 1. Two producers find the segment full. 2. Both allocate a new one. 3. One compare-and-swap
 * wins; the loser tries again and never frees its segment. In Rust the listing does not compile as
 * it stands; with an owned box the loser's segment would be dropped, so this is a bug of the C
 * reading only.
 *
 * Repair: free it, or keep it for the next time (queues/segment_mpmc.h keeps one spare). */
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
        struct segment *t = atomic_load_explicit(&tail, memory_order_acquire), *const old = t;
        if (try_push(t, value))
            return;
        struct segment *const new_segment = calloc(1, sizeof *new_segment);
        if (atomic_compare_exchange_strong(&tail, &t, new_segment))
            atomic_store_explicit(&old->next, new_segment, memory_order_release);
    }
}

static void *producer_1(void *arg)
{
    (void)arg;
    push(2);
    return NULL;
}

static void *producer_2(void *arg)
{
    (void)arg;
    push(3);
    return NULL;
}

int main(void)
{
    push(1);
    static void *(*const entry[])(void *) = {producer_1, producer_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    for (struct segment *s = atomic_load(&head->next), *next; s; s = next) {
        next = atomic_load(&s->next);
        free(s);
    }
    return 0;
}
