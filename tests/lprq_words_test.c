/* lprq_words_test.c: segment_lprq carries words that look like its tokens, in order, among others:
 * two producers, two consumers, rings of four cells. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "queues/segment_lprq.h"

enum { EACH = 4000, SIDE = 2 };

static struct segment_lprq queue;
static atomic(uint64_t) popped;

static _Noreturn void failed(const char *what, uint64_t word)
{
    fprintf(stderr, "lprq_words_test.c: FAILED: %s, word %#" PRIx64 "\n", what, word);
    exit(1);
}

/* Item number i of a producer: two of three look like a token. */
static uint64_t word_of(uint64_t producer, uint64_t i)
{
    return (i % 3 ? SEGMENT_LPRQ_ODD << 50 : 0) | producer << 32 | i;
}

static void *pushes(void *producer)
{
    struct segment_lprq_handle h;
    if (segment_lprq_attach(&queue, &h, Q_PRODUCER) != 0)
        failed("attach", 0);
    for (uint64_t i = 1; i <= EACH; i++) {
        const uint64_t word = word_of(*(uint64_t *)producer, i);
        if (segment_lprq_push(&queue, &h, word) != Q_OK)
            failed("a push was refused", word);
    }
    segment_lprq_detach(&queue, &h);
    return NULL;
}

static void *pops(void *unused)
{
    struct segment_lprq_handle h;
    uint64_t last[SIDE] = {0};
    unsigned spins = 0;
    if (segment_lprq_attach(&queue, &h, Q_CONSUMER) != 0)
        failed("attach", 0);
    while (a_load(&popped, relaxed) < SIDE * EACH) {
        q_item word;
        if (segment_lprq_pop(&queue, &h, &word) != Q_OK) {
            q_relax(&spins);
            continue;
        }
        spins = 0;
        const uint64_t producer = word >> 32 & 0xff, i = word & 0xffffffff;
        if (producer >= SIDE || word != word_of(producer, i))
            failed("a word that nobody pushed", word);
        if (i <= last[producer])
            failed("an item twice or overtaken", word);
        last[producer] = i;
        a_add(&popped, 1, relaxed);
    }
    segment_lprq_detach(&queue, &h);
    return unused;
}

int main(void)
{
    pthread_t thread[2 * SIDE];
    uint64_t number[SIDE];
    if (segment_lprq_init(&queue, &(struct q_config){.segment = 4}) != 0)
        failed("init", 0);
    a_init(&popped, 0);
    for (uint64_t i = 0; i < SIDE; i++) {
        number[i] = i;
        if (pthread_create(&thread[i], NULL, pushes, &number[i]) != 0 ||
            pthread_create(&thread[SIDE + i], NULL, pops, NULL) != 0)
            failed("no thread", i);
    }
    for (unsigned i = 0; i < 2 * SIDE; i++)
        pthread_join(thread[i], NULL);
    segment_lprq_destroy(&queue);
    printf("%d items carried\n", SIDE * EACH);
    return 0;
}
