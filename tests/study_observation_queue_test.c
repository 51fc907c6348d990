/* study_observation_queue_test.c: the parts of the observation queue: its records and lanes, the
 * text, the index. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "queues/lanes_fair.h"
#include "studies/observation_queue/near_index.h"
#include "studies/observation_queue/observation_queue.h"
#include "studies/observation_queue/text.h"
#include "tests/scale.h"

/* ---- the queue -------------------------------------------------------------------------------- */

static void make(struct observation_queue *q, struct observation_config c)
{
    char message[160] = "";
    c.lane = c.lane ? c.lane : "segment_mpmc";
    c.threads = 8;
    if (observation_queue_init(q, &c, message, sizeof message) != 0)
        fail_msg("%s", message);
}

static bool usable(const struct q_driver *d)
{
    return (d->item_bytes == sizeof(struct observation) || d->item_bytes == sizeof(uint64_t)) &&
           strcmp(d->call, "inline") == 0 && !d->traits->producers && !d->traits->consumers &&
           !d->traits->floor && d->traits->order != Q_UNORDERED &&
           strcmp(d->name, "lanes_fair") != 0; /* not highest first */
}

/* Every queue of this build that can be a lane: what goes in comes out, highest lane first. */
static void any_queue_can_be_a_lane(void **state)
{
    static const unsigned priority[] = {Q_LOW, Q_HIGH, Q_NORMAL, Q_HIGH};
    static const uint64_t order[] = {1, 3, 2, 0};
    unsigned n = 0;
    (void)state;
    for (size_t i = 0; q_drivers[i]; i++) {
        if (!usable(q_drivers[i]))
            continue;
        struct observation_queue q;
        struct observation_handle h;
        make(&q, (struct observation_config){.lane = q_drivers[i]->name,
                                             .by_pointer = q_drivers[i]->item_bytes == 8,
                                             .admission = OBSERVATION_RESERVED,
                                             .capacity = 64});
        assert_int_equal(observation_queue_attach(&q, &h, Q_BOTH), 0);
        struct observation o;
        assert_int_equal(observation_dequeue(&q, &h, &o), Q_EMPTY);
        for (unsigned k = 0; k < 4; k++) {
            o = observation_of(priority[k], k, episode_new("a line", 6));
            assert_non_null(o.episode);
            assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
        }
        for (unsigned k = 0; k < 4; k++) {
            assert_int_equal(observation_dequeue(&q, &h, &o), Q_OK);
            assert_int_equal(o.sequence, order[k]);
            assert_int_equal(o.priority, priority[order[k]]);
            assert_string_equal(o.space, "default");
            assert_memory_equal(o.episode->text, "a line", 6);
            episode_release(o.episode);
        }
        observation_queue_close(&q, &h);
        assert_int_equal(observation_dequeue(&q, &h, &o), Q_CLOSED);
        o = observation_of(Q_HIGH, 1, NULL);
        if (q.driver->traits->close_any) /* else nobody may push any more */
            assert_int_equal(observation_enqueue(&q, &h, &o), Q_CLOSED);
        observation_queue_detach(&q, &h);
        observation_queue_destroy(&q);
        n++;
    }
    assert_true(n > 5);
}

static void wrong_lanes_are_named(void **state)
{
    struct observation_queue q;
    char message[160];
    (void)state;
    struct observation_config c = {.lane = "no_such_queue"};
    assert_int_equal(observation_queue_init(&q, &c, message, sizeof message), ENOENT);
    assert_non_null(strstr(message, "'no_such_queue'"));
    c.lane = "ring_spsc";
    assert_int_equal(observation_queue_init(&q, &c, message, sizeof message), EINVAL);
    assert_non_null(strstr(message, "any number of producers"));
}

static void capacity_is_kept_and_signalled(void **state)
{
    struct observation_queue q;
    struct observation_handle h;
    (void)state;
    for (unsigned admission = OBSERVATION_AS_WRITTEN; admission <= OBSERVATION_RESERVED;
         admission++) {
        make(&q, (struct observation_config){.admission = (enum observation_admission)admission,
                                             .capacity = 10});
        assert_int_equal(observation_queue_attach(&q, &h, Q_BOTH), 0);
        struct observation o;
        for (unsigned i = 0; i < 10; i++) {
            o = observation_of(i % Q_LANES, i, NULL);
            assert_int_equal(observation_queue_depth(&q), i);
            assert_int_equal(observation_queue_pressed(&q), i >= 8);
            assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
        }
        assert_int_equal(observation_enqueue(&q, &h, &o), Q_FULL);
        assert_int_equal(h.last_depth, 10);
        struct observation batch[20];
        assert_int_equal(observation_dequeue_batch(&q, &h, batch, 4), 4);
        assert_int_equal(batch[3].priority, Q_HIGH);
        assert_int_equal(observation_queue_depth(&q), 6);
        assert_int_equal(observation_dequeue_batch(&q, &h, batch, 20), 6);
        assert_int_equal(batch[5].priority, Q_LOW);
        assert_int_equal(observation_queue_depth(&q), 0);
        observation_queue_detach(&q, &h);
        observation_queue_destroy(&q);
    }
}

/* As written, a dequeue between push and count takes the depth below zero. Here one thread does both
 * sides; the experiment sees threads do it. */
static void counting_late_wraps(void **state)
{
    struct observation_queue q;
    struct observation_handle h;
    struct observation o = observation_of(Q_NORMAL, 0, NULL);
    (void)state;
    make(&q, (struct observation_config){.admission = OBSERVATION_AS_WRITTEN, .capacity = 10});
    assert_int_equal(observation_queue_attach(&q, &h, Q_BOTH), 0);
    assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
    a_sub(&q.depth, 1, relaxed); /* the push has not been counted yet */
    assert_int_equal(observation_dequeue(&q, &h, &o), Q_OK);
    assert_true(observation_queue_depth(&q) == SIZE_MAX);
    assert_true(observation_queue_pressed(&q));
    assert_int_equal(observation_enqueue(&q, &h, &o), Q_FULL); /* and it is empty */
    a_add(&q.depth, 1, relaxed);
    assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
    observation_queue_detach(&q, &h);
    observation_queue_destroy(&q);
}

/* How many dequeues one low record waits while high is never empty; 0: it is not served. */
static uint64_t low_waits(enum observation_service service, uint64_t most)
{
    struct observation_queue q;
    struct observation_handle h;
    uint64_t waited = 0;
    make(&q, (struct observation_config){.admission = OBSERVATION_RESERVED, .service = service});
    assert_int_equal(observation_queue_attach(&q, &h, Q_BOTH), 0);
    struct observation o = observation_of(Q_HIGH, 0, NULL);
    for (unsigned i = 0; i < LANES_FAIR_ROUND / 2; i++) { /* into the middle of a round */
        assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
        assert_int_equal(observation_dequeue(&q, &h, &o), Q_OK);
    }
    o = observation_of(Q_LOW, 0, NULL);
    assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
    for (uint64_t i = 1; i <= most && !waited; i++) {
        o = observation_of(Q_HIGH, i, NULL);
        assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
        assert_int_equal(observation_dequeue(&q, &h, &o), Q_OK);
        if (o.priority == Q_LOW)
            waited = i;
    }
    observation_queue_detach(&q, &h);
    observation_queue_destroy(&q);
    return waited;
}

static void promotion_starves_and_fair_does_not(void **state)
{
    (void)state;
    assert_int_equal(low_waits(OBSERVATION_STRICT, 5000), 0);
    assert_int_equal(low_waits(OBSERVATION_PROMOTING, 5000), 0);
    const uint64_t fair = low_waits(OBSERVATION_FAIR, 5000);
    assert_in_range(fair, 2, lanes_fair_bound(1, 1));
}

/* Batches go on where the one before ended: under full load 11, 4 and 1 of 16, whatever their size. */
static void fair_batches_share_as_single_ones_do(void **state)
{
    (void)state;
    for (size_t most = 1; most <= 40; most = most == 1 ? 5 : most * 2) {
        struct observation_queue q;
        struct observation_handle h;
        struct observation batch[40];
        unsigned got[Q_LANES] = {0};
        make(&q, (struct observation_config){.admission = OBSERVATION_RESERVED,
                                             .service = OBSERVATION_FAIR});
        assert_int_equal(observation_queue_attach(&q, &h, Q_BOTH), 0);
        for (unsigned i = 0; i < 3 * 200; i++) {
            const struct observation o = observation_of(i % Q_LANES, i, NULL);
            assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
        }
        for (unsigned n = 0; n < 160; n += (unsigned)most) {
            assert_int_equal(observation_dequeue_batch(&q, &h, batch, most), most);
            for (size_t i = 0; i < most; i++)
                got[batch[i].priority]++;
        }
        assert_int_equal(got[Q_HIGH], 110);
        assert_int_equal(got[Q_NORMAL], 40);
        assert_int_equal(got[Q_LOW], 10);
        observation_queue_detach(&q, &h);
        observation_queue_destroy(&q);
    }
}

static void promotion_moves_one_low_record(void **state)
{
    struct observation_queue q;
    struct observation_handle h;
    struct observation o;
    (void)state;
    make(&q, (struct observation_config){.admission = OBSERVATION_RESERVED,
                                         .service = OBSERVATION_PROMOTING});
    assert_int_equal(observation_queue_attach(&q, &h, Q_BOTH), 0);
    for (unsigned i = 0; i < 3; i++) {
        o = observation_of(i == 2 ? Q_HIGH : Q_LOW, i, NULL);
        assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
    }
    assert_int_equal(observation_dequeue(&q, &h, &o), Q_OK); /* the first attempt promotes */
    assert_int_equal(o.sequence, 2);
    o = observation_of(Q_NORMAL, 3, NULL); /* behind the promoted one, which comes first */
    assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
    static const uint64_t order[] = {0, 3, 1};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(observation_queue_depth(&q), 3 - i);
        assert_int_equal(observation_dequeue(&q, &h, &o), Q_OK);
        assert_int_equal(o.sequence, order[i]);
    }
    observation_queue_detach(&q, &h);
    observation_queue_destroy(&q);
}

/* ---- many threads -------------------------------------------------------------------------------- */

struct crowd {
    struct observation_queue queue;
    uint64_t each;
    atomic(unsigned) producers;
    atomic(uint64_t) sum, got;
    atomic(size_t) depth_most;
    atomic(unsigned) out_of_order;
};

static void *crowd_produce(void *arg)
{
    struct crowd *const c = arg;
    struct observation_handle h;
    unsigned spins = 0;
    assert_int_equal(observation_queue_attach(&c->queue, &h, Q_PRODUCER), 0);
    for (uint64_t i = 0; i < c->each; i++) {
        const struct observation o =
            observation_of((unsigned)(i % Q_LANES), i, episode_new("text of an episode", 18));
        while (observation_enqueue(&c->queue, &h, &o) == Q_FULL)
            q_relax(&spins);
        const size_t depth = observation_queue_depth(&c->queue);
        size_t most = a_load(&c->depth_most, relaxed);
        while (most < depth && !a_cas_weak(&c->depth_most, &most, depth, relaxed, relaxed))
            ;
    }
    if (a_sub(&c->producers, 1, acq_rel) == 1)
        observation_queue_close(&c->queue, &h);
    observation_queue_detach(&c->queue, &h);
    return NULL;
}

static void *crowd_consume(void *arg)
{
    struct crowd *const c = arg;
    struct observation_handle h;
    struct observation batch[7];
    uint64_t sum = 0, got = 0;
    unsigned spins = 0;
    assert_int_equal(observation_queue_attach(&c->queue, &h, Q_CONSUMER), 0);
    for (;;) {
        size_t n = observation_dequeue_batch(&c->queue, &h, batch, 7);
        if (n == 0) {
            const enum q_status s = observation_dequeue(&c->queue, &h, batch);
            if (s == Q_CLOSED)
                break;
            n = s == Q_OK;
            q_relax(&spins);
        }
        for (size_t i = 0; i < n; i++) {
            sum += batch[i].sequence + batch[i].episode->length;
            episode_release(batch[i].episode);
        }
        got += n;
    }
    a_add(&c->sum, sum, relaxed);
    a_add(&c->got, got, relaxed);
    observation_queue_detach(&c->queue, &h);
    return NULL;
}

/* Nothing is lost or doubled, and the depth stays between 0 and the capacity. */
static void a_crowd_loses_nothing(void **state)
{
    static const char *const lanes[] = {"segment_mpmc", "segment_faa", "array_mpmc", "mutex_deque",
                                        "lanes_fair"};
    (void)state;
    for (unsigned i = 0; i < 2 * sizeof lanes / sizeof *lanes; i++) {
        struct crowd c = {.each = scaled(5000, 300)};
        pthread_t thread[4];
        make(&c.queue, (struct observation_config){.lane = lanes[i / 2],
                                                   .by_pointer = i % 2,
                                                   .admission = OBSERVATION_RESERVED,
                                                   .service = OBSERVATION_FAIR,
                                                   .capacity = 50});
        a_init(&c.producers, 2);
        for (unsigned k = 0; k < 4; k++)
            assert_int_equal(
                pthread_create(&thread[k], NULL, k < 2 ? crowd_produce : crowd_consume, &c), 0);
        for (unsigned k = 0; k < 4; k++)
            pthread_join(thread[k], NULL);
        assert_true(a_load(&c.got, relaxed) == 2 * c.each);
        assert_true(a_load(&c.sum, relaxed) == c.each * (c.each - 1) + 2 * 18 * c.each);
        assert_int_equal(observation_queue_depth(&c.queue), 0);
        assert_true(a_load(&c.depth_most, relaxed) <= 50);
        observation_queue_destroy(&c.queue);
    }
}

/* What is still inside when the queue goes is given back: valgrind and ASan watch. */
static void destroy_gives_back_what_is_inside(void **state)
{
    struct observation_queue q;
    struct observation_handle h;
    (void)state;
    make(&q, (struct observation_config){.admission = OBSERVATION_RESERVED});
    assert_int_equal(observation_queue_attach(&q, &h, Q_BOTH), 0);
    for (unsigned i = 0; i < 100; i++) {
        const struct observation o = observation_of(i % Q_LANES, i, episode_new("left", 4));
        assert_int_equal(observation_enqueue(&q, &h, &o), Q_OK);
    }
    assert_true(observation_queue_bytes(&q).now > 100 * sizeof(struct observation));
    observation_queue_detach(&q, &h);
    observation_queue_destroy(&q);
}

/* ---- text -------------------------------------------------------------------------------------------- */

static void text_is_cut_into_lines(void **state)
{
    char path[] = "/tmp/study_observation.XXXXXX", message[256];
    struct text t;
    (void)state;
    const int fd = mkstemp(path);
    FILE *const f = fdopen(fd, "w");
    assert_non_null(f);
    for (unsigned i = 0; i < 99; i++)
        fprintf(f, "  line number %u of many\r\nshort\n\n", i);
    fclose(f);
    assert_int_equal(text_read(&t, path, message, sizeof message), ENODATA);
    assert_non_null(strstr(message, "99 lines"));

    FILE *const more = fopen(path, "a");
    for (unsigned i = 0; i < 2000; i++)
        fputs("x y z ", more); /* no newline at the end, and longer than a line may be */
    fclose(more);
    assert_int_equal(text_read(&t, path, message, sizeof message), 0);
    assert_int_equal(t.n, 100);
    assert_memory_equal(t.line[7].text, "line number 7 of many", t.line[7].length);
    assert_int_equal(t.line[7].length, 21);
    assert_int_equal(t.line[99].length, TEXT_MOST);
    text_release(&t);
    unlink(path);
    assert_int_equal(text_read(&t, path, message, sizeof message), ENOENT);
    assert_non_null(strstr(message, path));
    assert_int_equal(text_read(&t, "/tmp", message, sizeof message), EISDIR);
}

static float dot(const float *a, const float *b)
{
    float sum = 0;
    for (unsigned i = 0; i < TEXT_PLACES; i++)
        sum += a[i] * b[i];
    return sum;
}

static void vectors_of_like_lines_are_near(void **state)
{
    static const char one[] = "the queue answers FULL when there is no room",
                      like[] = "a queue answers FULL where there is no room",
                      other[] = "static inline int histogram_add(struct x *h)";
    float a[TEXT_PLACES], b[TEXT_PLACES], c[TEXT_PLACES];
    (void)state;
    text_vector(one, sizeof one - 1, a);
    text_vector(like, sizeof like - 1, b);
    text_vector(other, sizeof other - 1, c);
    assert_true(dot(a, a) > 0.999f && dot(a, a) < 1.001f);
    assert_true(dot(a, b) > 0.7f);
    assert_true(dot(a, c) < 0.4f);
    text_vector("ab", 2, a); /* too short for three neighbours: nothing, and no division by it */
    assert_true(dot(a, a) == 0);
}

/* ---- the index ----------------------------------------------------------------------------------------- */

/* Lines made of a few hundred words in all orders: crowds of vectors, as text has them. */
static void vector_number(uint64_t i, float v[TEXT_PLACES])
{
    static const char *const word[] = {"queue", "lane",   "segment", "episode", "memory", "depth",
                                       "index", "record", "counter", "thread",  "pause",  "signal"};
    char line[128];
    struct stats_random r;
    stats_random_seed(&r, i);
    const char *w[6];
    for (unsigned k = 0; k < 6; k++)
        w[k] = word[stats_random_below(&r, sizeof word / sizeof *word)];
    snprintf(line, sizeof line, "%s %s %s %s %s %s", w[0], w[1], w[2], w[3], w[4], w[5]);
    text_vector(line, strlen(line), v);
}

static void the_index_finds_what_is_near(void **state)
{
    const size_t n = (size_t)scaled(3000, 400), tries = 100;
    struct near_found found[10], exact[10];
    struct near_index x;
    float v[TEXT_PLACES];
    unsigned hits = 0;
    (void)state;
    assert_int_equal(near_index_init(&x, n, 1), 0);
    assert_int_equal(near_index_search(&x, v, 10, found), 0); /* nothing in it */
    for (size_t i = 0; i < n; i++) {
        vector_number(i, v);
        assert_int_equal(near_index_insert(&x, v), 0);
    }
    assert_int_equal(near_index_insert(&x, v), ENOSPC);
    for (size_t i = 0; i < tries; i++) {
        vector_number(n + i, v); /* new ones */
        assert_int_equal(near_index_exact(&x, v, 10, exact), 10);
        assert_int_equal(near_index_search(&x, v, 10, found), 10);
        for (unsigned k = 0; k < 10; k++) {
            assert_true(k == 0 || exact[k].distance >= exact[k - 1].distance);
            assert_true(k == 0 || found[k].distance >= found[k - 1].distance);
            assert_true(found[k].distance >= exact[k].distance - 1e-6f);
            hits += found[k].distance <= exact[9].distance;
        }
    }
    assert_true(hits >= 10 * tries * 9 / 10); /* recall */
    for (uint32_t i = 0; i < x.n; i += 7) {   /* what is in it finds itself, or its equal */
        assert_int_equal(near_index_search(&x, x.vector + (size_t)i * TEXT_PLACES, 1, found), 1);
        assert_true(found[0].distance < 1e-6f);
    }
    near_index_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_queue_can_be_a_lane),
        cmocka_unit_test(wrong_lanes_are_named),
        cmocka_unit_test(capacity_is_kept_and_signalled),
        cmocka_unit_test(counting_late_wraps),
        cmocka_unit_test(promotion_starves_and_fair_does_not),
        cmocka_unit_test(fair_batches_share_as_single_ones_do),
        cmocka_unit_test(promotion_moves_one_low_record),
        cmocka_unit_test(a_crowd_loses_nothing),
        cmocka_unit_test(destroy_gives_back_what_is_inside),
        cmocka_unit_test(text_is_cut_into_lines),
        cmocka_unit_test(vectors_of_like_lines_are_near),
        cmocka_unit_test(the_index_finds_what_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
