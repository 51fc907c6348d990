/* stack_use_after_free.c: frees what others look at. Expect: use after free or race. */
/* A stack of nodes (Treiber 1986) that frees what it pops.
 *
 * 1. Thread 1, popping, has read that node A is on top. 2. Thread 2 pops A and frees it. 3. Thread
 * 1 reads A's next.
 *
 * Repair: free later, when nobody can hold a pointer any more: hazard pointers, epochs. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct node {
    _Atomic(struct node *) next;
};
static _Atomic(struct node *) top;

static void push(void)
{
    struct node *const node = malloc(sizeof *node), *seen = atomic_load(&top);
    do
        atomic_store(&node->next, seen);
    while (!atomic_compare_exchange_strong(&top, &seen, node));
}

static void *popper(void *arg)
{
    (void)arg;
    struct node *seen = atomic_load(&top);
    while (seen && !atomic_compare_exchange_strong(&top, &seen, atomic_load(&seen->next)))
        ;
    free(seen);
    return NULL;
}

int main(void)
{
    push();
    push();
    static void *(*const entry[])(void *) = {popper, popper};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
