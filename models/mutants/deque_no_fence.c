/* deque_no_fence.c: a work-stealing deque without its full fences. Expect: assertion. */
/* The deque of Chase and Lev (2005) in C11 (Lê et al. 2013) without the seq_cst fences of take and
 * steal.
 *
 * 1. Two items; the owner lowers bottom to take the upper one, and its store still waits in the
 * store buffer. 2. It reads a top of 0, so there are two items and it needs no compare-and-swap.
 * 3. The thief steals the lower one and then, still seeing the old bottom, the upper one as well:
 * it is taken twice. It is the shape of sb_acqrel.c.
 *
 * Repair: a seq_cst fence between the store of bottom and the load of top, and one between the
 * thief's two loads. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_int top, bottom = 2;
static const int item[2] = {1, 2};
static int got_owner, got_thief[2];

static int take(void)
{
    const int b = atomic_load_explicit(&bottom, memory_order_relaxed) - 1;
    atomic_store_explicit(&bottom, b, memory_order_relaxed);
    int t = atomic_load_explicit(&top, memory_order_relaxed);
    int got = 0;
    if (t < b)
        return item[b];
    if (t == b && atomic_compare_exchange_strong(&top, &t, t + 1))
        got = item[b];
    atomic_store_explicit(&bottom, b + 1, memory_order_relaxed);
    return got;
}

static int steal(void)
{
    int t = atomic_load_explicit(&top, memory_order_acquire);
    const int b = atomic_load_explicit(&bottom, memory_order_acquire);
    return t < b && atomic_compare_exchange_strong(&top, &t, t + 1) ? item[t] : 0;
}

static void *owner(void *arg)
{
    (void)arg;
    got_owner = take();
    return NULL;
}

static void *thief(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++)
        got_thief[i] = steal();
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {owner, thief};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(got_owner == 0 || (got_owner != got_thief[0] && got_owner != got_thief[1]));
    return 0;
}
