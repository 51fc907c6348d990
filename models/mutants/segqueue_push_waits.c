/* segqueue_push_waits.c: a push waits for another that links the next block. Expect: livelock. */
/* The push of crossbeam's SegQueue, which "Lock-Free Queue Research", section 2, calls lock-free, with
 * no more tries than a segment has slots. As in crossbeam, one position of a block stands for the
 * link; here a block has one slot.
 *
 * 1. A producer takes the last slot of the block, and with it the duty to link the next one. 2. It
 * is stopped before it does so (here: it ends). 3. Every other producer finds the tail at the link
 * and tries again, for ever: a stopped thread holds up all pushes, and no number bounds the tries.
 *
 * Repair: promise less (queues/segment_mpmc.h has this protocol and says blocking), or let whoever
 * comes to the link help (queues/segment_faa.h). */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { SLOTS = 1, POSITIONS = SLOTS + 1, BLOCKS = 3 };
static struct block {
    atomic_int item[SLOTS];
} block[BLOCKS];
static atomic_uint tail; /* block and position in it */

static void push(int value, bool stopped)
{
    for (;;) {
        unsigned t = atomic_load_explicit(&tail, memory_order_acquire);
        if (t % POSITIONS == SLOTS)
            continue; /* backoff.snooze(): the next block is being linked */
        if (!atomic_compare_exchange_strong(&tail, &t, t + 1))
            continue;
        if (t % POSITIONS + 1 == SLOTS) {
            if (stopped)
                return;
            atomic_fetch_add_explicit(&tail, 1, memory_order_release); /* linked */
        }
        assert(t / POSITIONS < BLOCKS);
        atomic_store_explicit(&block[t / POSITIONS].item[t % POSITIONS], value,
                              memory_order_release);
        return;
    }
}

static void *producer_1(void *arg)
{
    (void)arg;
    push(1, true);
    return NULL;
}

static void *producer_2(void *arg)
{
    (void)arg;
    push(2, false);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer_1, producer_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
