/* list_delete_two.c: two neighbours deleted, one of them comes back. Expect: assertion. */
/* The bucket list of "Lock-Free Concurrency in the Indexing Crate", as in
 * list_delete_loses_insert.c.
 *
 * 1. Thread 1 deletes A and has read that B follows. 2. Thread 2 deletes B by swinging A.next from
 * B to C. 3. Thread 1 swings head from A to B: B is in the list again, and with memory reclamation
 * it has been freed.
 *
 * Repair: Harris's mark. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct entry {
    _Atomic(struct entry *) next;
};

static struct entry c = {NULL}, b = {&c}, a = {&b};
static _Atomic(struct entry *) head = &a;

static void *deletes_a(void *arg)
{
    (void)arg;
    struct entry *seen = &a;
    struct entry *const next = atomic_load(&a.next);
    atomic_compare_exchange_strong(&head, &seen, next);
    return NULL;
}

static void *deletes_b(void *arg)
{
    (void)arg;
    struct entry *seen = &b;
    atomic_compare_exchange_strong(&a.next, &seen, atomic_load(&b.next));
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {deletes_a, deletes_b};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    for (struct entry *e = atomic_load(&head); e; e = atomic_load(&e->next))
        assert(e != &b);
    return 0;
}
