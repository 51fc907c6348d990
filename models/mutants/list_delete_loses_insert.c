/* list_delete_loses_insert.c: a list without a mark on deleted entries. Expect: assertion. */
/* The bucket list of "Lock-Free Concurrency in the Indexing Crate": `next: Atomic<Entry>`,
 * compare-and-swap, "Memory safety verification: no data races". Only the struct is shown; there
 * is no room in it for a mark.
 *
 * 1. Thread 1 deletes A by swinging head from A to B. 2. Thread 2 inserts N behind A by swinging
 * A.next from B to N, and succeeds: nothing about A has changed. 3. N hangs on an entry that is no
 * longer in the list.
 *
 * Repair: a delete first marks A.next, so that every insert behind A fails (Harris 2001, Michael
 * 2002). */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct entry {
    _Atomic(struct entry *) next;
};

static struct entry b = {NULL}, a = {&b}, n = {&b};
static _Atomic(struct entry *) head = &a;

static void *deleter(void *arg)
{
    (void)arg;
    struct entry *seen = &a;
    struct entry *const next = atomic_load(&a.next);
    atomic_compare_exchange_strong(&head, &seen, next);
    return NULL;
}

static void *inserter(void *arg)
{
    (void)arg;
    struct entry *seen = &b;
    atomic_compare_exchange_strong(&a.next, &seen, &n); /* nobody else changes a.next */
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {deleter, inserter};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    bool found = false;
    for (struct entry *e = atomic_load(&head); e; e = atomic_load(&e->next))
        found |= e == &n;
    assert(found);
    return 0;
}
