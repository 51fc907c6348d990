/* contract_memory_test.c: what a queue holds, gives back, and does when there is no memory. That
 * nothing leaks is seen by the address sanitizer and valgrind, under which this test also runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/contract.h"

static void holds_together(const struct q_bytes b)
{
    check(b.peak >= b.now, "peak %zu is less than now %zu", b.peak, b.now);
}

/* ---- no memory, at every allocation in turn --------------------------------------------------- */

enum { WORKLOAD = 300 };

/* Init, attach, push, pop; the allocation number fails_at fails. False: nobody noticed it. */
static bool noticed(const struct q_driver *d, uint64_t fails_at)
{
    bool failed = false;
    context("allocation %llu fails", (unsigned long long)fails_at);
    const struct q_config config = {.capacity = 64, .segment = 2, .alloc_fails_at = fails_at};
    struct subject s;
    struct end e;
    int error = subject_try(&s, d, &config);
    check(error == 0 || error == ENOMEM, "init answers %s", strerror(error));
    if (error)
        return true;
    error = end_try(&e, &s, Q_BOTH);
    if (error) {
        check(error == ENOMEM, "attach answers %s", strerror(error));
        failed = true;
        end_attach(&e, &s, Q_BOTH); /* there is memory again */
    }
    uint64_t pushed = 0, popped = 0, key;
    for (unsigned i = 0; i < WORKLOAD; i++) {
        enum q_status got =
            i % 3 ? put(&e, key_for(d, 0, pushed + 1)) : put_wait(&e, key_for(d, 0, pushed + 1), 0);
        if (got == Q_NOMEM) {
            check(!failed, "NOMEM a second time, though one allocation failed");
            failed = true;
            got = put(&e, key_for(d, 0, pushed + 1));
            check(got != Q_NOMEM, "still NOMEM, though there is memory again");
        }
        if (got != Q_OK) {
            check(got == (i % 3 ? Q_FULL : Q_TIMEOUT) || got == Q_FULL, "push answers %s",
                  status_name(got));
            check(d->traits->bounded, "unbounded, but push answers %s", status_name(got));
        }
        pushed += got == Q_OK;
        holds_together(subject_bytes(&s));
        if (i % 4 == 0 && take(&e, &key) == Q_OK)
            popped++;
    }
    while (take(&e, &key) == Q_OK)
        popped++;
    check(popped == pushed, "%llu items went in, %llu came out", (unsigned long long)pushed,
          (unsigned long long)popped);
    end_detach(&e);
    subject_destroy(&s);
    return failed;
}

static void survives_no_memory(const struct q_driver *d)
{
    /* A queue may do without an allocation that failed (a spare), so go on for a while. */
    uint64_t fails_at = 1, last = 0;
    for (; fails_at <= last + 16 && fails_at < 1000; fails_at++)
        if (noticed(d, fails_at))
            last = fails_at;
    check(last >= 1, "no allocation failed in %llu tries: is q_alloc used?",
          (unsigned long long)fails_at);
}

/* ---- what is held ------------------------------------------------------------------------------ */

static void accounts(const struct q_driver *d)
{
    struct subject s;
    struct end e;
    subject_open(&s, d, &(struct q_config){.capacity = 1024, .segment = 64});
    const struct q_bytes fresh = subject_bytes(&s);
    check(fresh.now >= d->queue_bytes, "holds %zu bytes, the struct alone has %zu", fresh.now,
          d->queue_bytes);
    holds_together(fresh);
    end_attach(&e, &s, Q_BOTH);
    uint64_t pushed = 0, key;
    while (pushed < 1024 && put(&e, key_for(d, 0, pushed + 1)) == Q_OK)
        pushed++;
    const struct q_bytes full = subject_bytes(&s);
    check(full.now >= d->queue_bytes + pushed * d->item_bytes,
          "holds %llu items of %u bytes and says %zu bytes", (unsigned long long)pushed,
          d->item_bytes, full.now);
    holds_together(full);
    while (take(&e, &key) == Q_OK)
        ;
    check(subject_bytes(&s).peak >= full.now, "the peak went down");
    end_detach(&e);
    holds_together(subject_bytes(&s));
    subject_destroy(&s);
}

/* The same filling again and again needs no more memory than the first few times, but for a
 * segment or so: fillings begin at different places of one. */
static void does_not_creep(const struct q_driver *d)
{
    struct subject s;
    struct end e;
    subject_open(&s, d, &(struct q_config){.capacity = 256, .segment = 8});
    end_attach(&e, &s, Q_BOTH);
    uint64_t number = 0, key;
    size_t early = 0;
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 256; i++)
            check(put(&e, key_for(d, 0, ++number)) == Q_OK, "push fails");
        while (take(&e, &key) == Q_OK)
            ;
        if (round == 3)
            early = subject_bytes(&s).peak;
    }
    const size_t late = subject_bytes(&s).peak;
    check(late <= early + early / 4, "peak %zu bytes after 4 rounds, %zu after 40", early, late);
    end_detach(&e);
    subject_destroy(&s);
}

/* The paragraph "Memory" of the header's opening comment says what a queue keeps: its first line. */
static bool header_explains(const struct q_driver *d, char *first, size_t size)
{
    if (d->traits->peer) { /* it has no such header; its condition of use says it */
        snprintf(first, size, "%s\n", d->traits->condition);
        return strstr(first, "keep") != NULL;
    }
    char path[512], line[256];
    snprintf(path, sizeof path, "%s/queues/%s.h", QUEUELAB_SOURCE_DIR, d->traits->name);
    FILE *const file = fopen(path, "r");
    check(file, "cannot read %s", path);
    bool keeps = false, inside = false, comment = true;
    while (comment && fgets(line, sizeof line, file)) {
        if (strncmp(line, " * Memory", 9) == 0) {
            snprintf(first, size, "%s", line + 3);
            inside = true;
        } else if (strncmp(line, " *  ", 4) != 0) {
            inside = false; /* another paragraph */
        }
        keeps = keeps || (inside && (strstr(line, "keep") || strstr(line, "kept")));
        comment = !strstr(line, "*/");
    }
    fclose(file);
    return keeps;
}

static void gives_back(const struct q_driver *d)
{
    struct subject s;
    struct end e;
    subject_open(&s, d, &(struct q_config){.capacity = 0});
    end_attach(&e, &s, Q_BOTH);
    const struct q_bytes fresh = subject_bytes(&s);
    const uint64_t n = scaled(100000, 20000);
    uint64_t key;
    for (uint64_t i = 0; i < n; i++)
        check(put(&e, key_for(d, 0, i + 1)) == Q_OK, "push %llu fails", (unsigned long long)i);
    const struct q_bytes full = subject_bytes(&s);
    check(full.now >= n * d->item_bytes, "holds %llu items in %zu bytes", (unsigned long long)n,
          full.now);
    while (take(&e, &key) == Q_OK)
        ;
    const struct q_bytes drained = subject_bytes(&s);
    end_detach(&e);
    subject_destroy(&s);
    char line[256] = "";
    if (drained.now - fresh.now > (full.now - fresh.now) / 4) {
        check(header_explains(d, line, sizeof line),
              "drained, it keeps %zu of %zu bytes, and the paragraph \"Memory\" at the top "
              "of queues/%s.h does not say that it keeps any",
              drained.now, full.now, d->traits->name);
        printf("%s keeps %zu of %zu bytes when drained: %s", d->name, drained.now, full.now, line);
    }
}

static const char *needs_bytes(const struct q_driver *d)
{
    return d->traits->caution & Q_MEMORY_UNSEEN ? "a peer: nobody can say what it holds" : NULL;
}
static const char *needs_unbounded_bytes(const struct q_driver *d)
{
    return needs_bytes(d) ? needs_bytes(d) : needs_unbounded(d);
}

/* A burst from two producers, drained by two consumers, who then still have their handles: no more
 * is left than two segments for each of the four, and what the empty queue had. */
enum { BURST_THREADS = 2, BURST_SEGMENT = 128 };
struct burst {
    const struct subject *subject;
    struct end end;
    uint64_t first, n;
};

static void *bursts(void *argument)
{
    struct burst *const b = argument;
    for (uint64_t i = 0; i < b->n; i++)
        check(put(&b->end, key_for(b->end.driver, b->first, i + 1)) == Q_OK, "push fails");
    return NULL;
}

static void *drains(void *argument)
{
    struct burst *const b = argument;
    uint64_t key;
    while (take(&b->end, &key) == Q_OK)
        b->n++;
    return NULL;
}

static const char *needs_a_bound(const struct q_driver *d)
{
    if (d->stop && strstr(d->name, ".epochs"))
        return "epochs: who is preempted inside an operation holds up the others' memory";
    return needs_unbounded_bytes(d);
}

static void gives_a_burst_back(const struct q_driver *d)
{
    struct subject s;
    struct burst producer[BURST_THREADS], consumer[BURST_THREADS];
    const unsigned producers = d->traits->producers == 1 ? 1 : BURST_THREADS;
    const unsigned consumers = d->traits->consumers == 1 ? 1 : BURST_THREADS;
    const uint64_t n = scaled(400000, 20000) / producers * producers;
    subject_open(&s, d, &(struct q_config){.capacity = 0, .segment = BURST_SEGMENT});
    for (unsigned i = 0; i < producers; i++) {
        producer[i] = (struct burst){.subject = &s, .first = i, .n = n / producers};
        end_attach(&producer[i].end, &s, Q_PRODUCER);
    }
    for (unsigned i = 0; i < consumers; i++) {
        consumer[i] = (struct burst){.subject = &s};
        end_attach(&consumer[i].end, &s, Q_CONSUMER);
    }
    const struct q_bytes fresh = subject_bytes(&s);
    together(producers, bursts, producer, sizeof *producer);
    const struct q_bytes full = subject_bytes(&s);
    together(consumers, drains, consumer, sizeof *consumer);
    const struct q_bytes drained = subject_bytes(&s);
    uint64_t popped = 0;
    for (unsigned i = 0; i < producers; i++)
        end_detach(&producer[i].end);
    for (unsigned i = 0; i < consumers; i++) {
        popped += consumer[i].n;
        end_detach(&consumer[i].end);
    }
    subject_destroy(&s);
    check(popped == n, "%llu items came out of %llu", (unsigned long long)popped,
          (unsigned long long)n);
    const size_t segment = BURST_SEGMENT * (d->item_bytes + 16) + 512;
    const size_t most = fresh.now + 2 * segment * (producers + consumers) * d->traits->lanes;
    char line[256] = "";
    if (drained.now > most)
        check(header_explains(d, line, sizeof line),
              "drained, it keeps %zu of %zu bytes, more than two segments for each thread (%zu), "
              "and the paragraph \"Memory\" at the top of queues/%s.h does not say so",
              drained.now, full.now, most, d->traits->name);
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"survives each allocation failing", survives_no_memory, needs_our_memory},
        {"accounts for its memory", accounts, needs_bytes},
        {"does not creep", does_not_creep, needs_bytes},
        {"gives memory back when drained", gives_back, needs_unbounded_bytes},
        {"gives a burst back", gives_a_burst_back, needs_a_bound},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
