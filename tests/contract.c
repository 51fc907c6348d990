/* contract.c: cases, drivers and ends for the contract tests. Threads: contract_flow.c. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <signal.h>

#include <cmocka.h>

#include "harness/clock.h"
#include "tests/contract.h"

#define CASE_SECONDS 60 /* a few is usual, under valgrind or a sanitizer too */
#define ITEM_MAX     64
#define SKIPPED      77 /* exit status, as ctest is told: no peer's package is installed */

/* Tests ask for absurd capacities: the answer must be NULL, not the end of the program. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "allocator_may_return_null=1"; }

/* ---- cases ----------------------------------------------------------------------------------- */

struct chosen {
    const struct contract_case *c;
    const struct q_driver *d;
    char name[160];
};
static const struct chosen *now; /* the running case */
static pthread_t main_thread;
static char doing[256];

void context(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(doing, sizeof doing, format, arguments);
    va_end(arguments);
}

void contract_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    print_error("%s: %s (%s is false); %s; seed %llu\n", now ? now->name : "?", what, condition,
                doing[0] ? doing : "-", (unsigned long long)contract_seed());
    if (pthread_equal(pthread_self(), main_thread))
        _fail(file, line);
    print_error("%s:%d: failed on a thread of the case: the program ends here\n", file, line);
    fflush(NULL);
    _exit(1);
}

static void hung(int signal_number)
{
    (void)signal_number;
    static const char text[] = "did not end in time (a lost wake-up, a lost item, a deadlock?): ";
    (void)!write(2, text, sizeof text - 1);
    (void)!write(2, now->name, strlen(now->name));
    (void)!write(2, "; ", 2);
    (void)!write(2, doing, strlen(doing));
    (void)!write(2, "\n", 1);
    _exit(1);
}

static void run_case(void **state)
{
    const struct chosen *const chosen = *state;
    const char *const reason = chosen->d->traits->floor ? "a floor carries no items"
                               : chosen->c->why_not     ? chosen->c->why_not(chosen->d)
                                                        : NULL;
    if (reason) {
        print_message("skipped: %s: %s\n", chosen->name, reason);
        skip();
    }
    now = chosen;
    doing[0] = '\0';
    alarm(CASE_SECONDS);
    const uint64_t before = clock_monotonic_ns();
    chosen->c->run(chosen->d);
    alarm(0);
    const double seconds = (double)(clock_monotonic_ns() - before) / 1e9;
    if (seconds > 2)
        print_message("%s took %.1f s\n", chosen->name, seconds);
}

int contract_main(int argc, char **argv, const struct contract_case *cases, size_t n)
{
    const bool peers = argc > 1 && strcmp(argv[1], "--peers") == 0;
    const char *const pattern = argc > 1 + peers ? argv[1 + peers] : NULL;
    if (argc > 2 + peers || (pattern && pattern[0] == '-')) {
        fprintf(stderr,
                "usage: %s [--peers] [PATTERN]   cases whose name matches, as in '*ring_spsc*'; "
                "--peers: other people's queues instead of ours\n",
                argv[0]);
        return 2;
    }
    if (pattern)
        cmocka_set_test_filter(pattern);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, hung);
    main_thread = pthread_self();

    size_t drivers = 0, count = 0;
    while (q_drivers[drivers])
        drivers++;
    struct chosen *const chosen = calloc(n * drivers + 1, sizeof *chosen);
    struct CMUnitTest *const tests = calloc(n * drivers + 1, sizeof *tests);
    if (!chosen || !tests) {
        free(chosen);
        free(tests);
        return 1;
    }
    for (size_t k = 0; k < drivers; k++) {
        const struct q_driver *const d = q_drivers[k];
        if (strcmp(d->call, "inline") != 0)
            continue; /* the same operations, reached in another way by the kernels only */
        if ((d->traits->peer != NULL) != peers)
            continue;
        for (size_t i = 0; i < n; i++, count++) {
            chosen[count] = (struct chosen){.c = &cases[i], .d = d};
            snprintf(chosen[count].name, sizeof chosen[count].name, "%s/%u %s", d->name,
                     d->item_bytes, cases[i].name);
            tests[count] = (struct CMUnitTest){
                .name = chosen[count].name, .test_func = run_case, .initial_state = &chosen[count]};
        }
    }
    int failed = 1;
    if (count)
        failed = _cmocka_run_group_tests(argv[0], tests, count, NULL, NULL);
    else
        fprintf(stderr, "%s: no driver to test: %s\n", argv[0],
                peers ? "see `queuelab list --peers`" : "is queues/queues.def empty?");
    free(chosen);
    free(tests);
    return count == 0 && peers ? SKIPPED : failed != 0;
}

const char *needs_bounded(const struct q_driver *d)
{
    return d->traits->bounded ? NULL : "unbounded: never full";
}
const char *needs_unbounded(const struct q_driver *d)
{
    return d->traits->bounded ? "bounded: does not grow" : NULL;
}
const char *needs_close_any(const struct q_driver *d)
{
    return d->traits->close_any ? NULL : "close_any is false: nobody may push when it is closed";
}
const char *needs_lanes(const struct q_driver *d)
{
    return d->traits->order == Q_PRIORITY_FIFO ? NULL : "has no priority lanes";
}

const char *needs_sleep(const struct q_driver *d)
{
    return d->traits->peer && !(d->traits->native & Q_WAIT) ? "a peer: it waits by trying again"
                                                            : NULL;
}
const char *needs_our_memory(const struct q_driver *d)
{
    return d->traits->peer ? "a peer: it takes its memory where it likes" : NULL;
}
const char *needs_capacity(const struct q_driver *d)
{
    if (d->traits->caution & Q_CAPACITY_ROUGH)
        return "how many items fit depends on where it stands";
    return needs_bounded(d);
}
const char *needs_order_kept(const struct q_driver *d)
{
    return d->traits->caution & Q_ORDER_ATTACHED
               ? "a peer: a producer's order ends when it detaches"
               : NULL;
}

/* ---- amounts and chance ---------------------------------------------------------------------- */

uint64_t crowd_scaled(const struct q_driver *d, uint64_t n, uint64_t least)
{
    return scaled(d->traits->caution & Q_SPINS_INSIDE ? n / 50 : n, least);
}

uint64_t contract_seed(void)
{
    const char *const text = getenv("QUEUELAB_TEST_SEED");
    return text ? strtoull(text, NULL, 0) : 1;
}

uint64_t random_next(uint64_t *state) /* splitmix64: Steele, Lea & Flood 2014 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t random_below(uint64_t *state, uint64_t n) { return random_next(state) % n; }

const char *status_name(enum q_status s)
{
    static const char *const names[] = {"OK",      "FULL",  "EMPTY",   "CLOSED",
                                        "TIMEOUT", "NOMEM", "DROPPED", "IO"};
    return (size_t)s < N_OF(names) ? names[s] : "?";
}

/* ---- a queue and its ends -------------------------------------------------------------------- */

/* What init and attach forget to set must not work by luck: memory full of 0xa5. */
static void *dirty_memory(size_t align, size_t bytes)
{
    bytes = (bytes + align - 1) & ~(align - 1);
    void *const p = aligned_alloc(align, bytes);
    if (!p)
        abort();
    return memset(p, 0xa5, bytes);
}

int subject_try(struct subject *s, const struct q_driver *d, const struct q_config *cfg)
{
    s->driver = d;
    s->queue = dirty_memory(d->align, d->queue_bytes);
    const int error = d->init(s->queue, cfg);
    if (error) {
        free(s->queue);
        s->queue = NULL;
    }
    return error;
}

void subject_open(struct subject *s, const struct q_driver *d, const struct q_config *cfg)
{
    const int error = subject_try(s, d, cfg);
    check(error == 0, "init answers %s for capacity %zu, segment %zu", strerror(error),
          cfg->capacity, cfg->segment);
}

void subject_destroy(struct subject *s)
{
    s->driver->destroy(s->queue);
    free(s->queue);
    s->queue = NULL;
}

size_t subject_capacity(const struct subject *s) { return s->driver->capacity(s->queue); }

struct q_bytes subject_bytes(const struct subject *s) { return s->driver->bytes(s->queue); }

int end_try(struct end *e, const struct subject *s, enum q_role role)
{
    *e = (struct end){.driver = s->driver, .queue = s->queue};
    e->handle = dirty_memory(s->driver->align, s->driver->handle_bytes);
    const int error = s->driver->attach(s->queue, e->handle, role);
    if (error) {
        free(e->handle);
        e->handle = NULL;
    }
    return error;
}

void end_attach(struct end *e, const struct subject *s, enum q_role role)
{
    const int error = end_try(e, s, role);
    check(error == 0, "attach answers %s", strerror(error));
}

void end_detach(struct end *e)
{
    e->driver->detach(e->queue, e->handle);
    free(e->handle);
    e->handle = NULL;
}

void end_reattach(struct end *e, enum q_role role)
{
    e->driver->detach(e->queue, e->handle);
    const int error = e->driver->attach(e->queue, e->handle, role);
    check(error == 0, "attach answers %s for a handle used before", strerror(error));
}

struct q_counts end_counts(const struct end *e)
{
    struct q_counts counts;
    memcpy(&counts, e->handle, sizeof counts); /* a handle begins with them */
    return counts;
}

struct buffer {
    _Alignas(ITEM_MAX) unsigned char bytes[BATCH_MAX * ITEM_MAX];
};

enum q_status put(const struct end *e, uint64_t key)
{
    struct buffer b;
    e->driver->make(b.bytes, key);
    return e->driver->push(e->queue, e->handle, b.bytes);
}

enum q_status put_wait(const struct end *e, uint64_t key, uint64_t timeout_ns)
{
    struct buffer b;
    e->driver->make(b.bytes, key);
    return e->driver->push_wait(e->queue, e->handle, b.bytes, timeout_ns);
}

static uint64_t intact_key(const struct end *e, const unsigned char *item)
{
    const uint64_t key = e->driver->key(item);
    check(key != 0, "popped an item that is torn, or that nobody pushed");
    return key;
}

enum q_status take(const struct end *e, uint64_t *key)
{
    struct buffer b;
    const enum q_status s = e->driver->pop(e->queue, e->handle, b.bytes);
    if (s == Q_OK)
        *key = intact_key(e, b.bytes);
    return s;
}

enum q_status take_wait(const struct end *e, uint64_t *key, uint64_t timeout_ns)
{
    struct buffer b;
    const enum q_status s = e->driver->pop_wait(e->queue, e->handle, b.bytes, timeout_ns);
    if (s == Q_OK)
        *key = intact_key(e, b.bytes);
    return s;
}

size_t put_n(const struct end *e, const uint64_t *keys, size_t n)
{
    struct buffer b;
    for (size_t i = 0; i < n; i++)
        e->driver->make(b.bytes + i * e->driver->item_bytes, keys[i]);
    const size_t done = e->driver->push_n(e->queue, e->handle, b.bytes, n);
    check(done <= n, "push_n took %zu of %zu items", done, n);
    return done;
}

size_t take_n(const struct end *e, uint64_t *keys, size_t n)
{
    struct buffer b;
    const size_t done = e->driver->pop_n(e->queue, e->handle, b.bytes, n);
    check(done <= n, "pop_n gave %zu of %zu items", done, n);
    for (size_t i = 0; i < done; i++)
        keys[i] = intact_key(e, b.bytes + i * e->driver->item_bytes);
    return done;
}

void shut(const struct end *e) { e->driver->close(e->queue, e->handle); }

uint64_t key_for(const struct q_driver *d, uint64_t producer, uint64_t number)
{
    const uint64_t key = producer << Q_KEY_NUMBER_BITS | number;
    uint64_t chance = number;
    return d->traits->order == Q_PRIORITY_FIFO ? random_below(&chance, 3) << 62 | key : key;
}
