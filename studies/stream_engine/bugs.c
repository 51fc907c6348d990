/* bugs.c: what is lost, counted twice, or seen half done: the batch and the count as the document prints
 * them, and ways to use its map that it leaves open, each beside the same as it should be. */
#include <pthread.h>
#include <stdlib.h>

#include "studies/observation_queue/team.h"
#include "studies/proof.h"
#include "studies/stream_engine/cells.h"

/* ---- looked up, then inserted -------------------------------------------------------------------------- */

struct entries {
    struct map_sharded map;
    uint64_t keys;
    bool in_two; /* not what the document prints */
};

/* Each thread sees each key once, in the same order. */
static void entry_thread(void *arg, unsigned index)
{
    struct entries *const e = arg;
    struct map_sharded_handle h;
    (void)index;
    for (uint64_t key = 1; key <= e->keys; key++) {
        uint64_t before;
        if (!e->in_two) { /* entry(key).or_insert() */
            map_sharded_add(&e->map, &h, key, 1, &before);
            continue;
        }
        const uint64_t hash = map_hash(key);
        struct map_shard *s = map_sharded_lock(&e->map, hash); /* get_mut(&key) */
        struct plain_slot *at = plain_table_at(&s->table, hash, key);
        const bool there = at->value != 0;
        if (there)
            at->value++;
        pthread_mutex_unlock(&s->lock);
        if (there)
            continue;
        s = map_sharded_lock(&e->map, hash); /* insert(key, 1): over what is there */
        at = plain_table_at(&s->table, hash, key);
        if (at->value)
            at->value = 1 | PLAIN_USED;
        else
            plain_table_put(&s->table, &e->map.memory, at, hash, key, 1);
        pthread_mutex_unlock(&s->lock);
    }
}

static void sum_value(void *context, uint64_t key, uint64_t value)
{
    (void)key;
    *(uint64_t *)context += value;
}

static void measure_entries(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *sample)
{
    static struct entries e;
    struct map_sharded_handle h;
    uint64_t counted = 0;
    const unsigned threads = (unsigned)cell->number[1];
    e.keys = (uint64_t)study_number(run, "groups");
    e.in_two = cell->number[0] == IN_TWO;
    if (map_sharded_init(&e.map, &(struct map_config){.capacity = e.keys}) ||
        team_run(0, threads, entry_thread, &e) < 0) {
        study_fail(sample, "no memory, or no threads");
        return;
    }
    map_sharded_each(&e.map, &h, sum_value, &counted);
    study_put(sample, "lost", (double)(e.keys * threads - counted));
    study_put(sample, "records", (double)(e.keys * threads));
}

/* ---- a state behind a counted pointer ---------------------------------------------------------------------- */

struct shared_state {
    atomic(unsigned) references;
    uint64_t count;
};
struct make_mut {
    pthread_mutex_t shard;
    struct shared_state *in_map;
    uint64_t turns;
    enum { UNDER_THE_GUARD, TAKEN_OUT, PUT_BACK } how;
    atomic(bool) no_memory, shared;
};

static void state_drop(struct shared_state *s)
{
    if (a_sub(&s->references, 1, acq_rel) == 1)
        free(s);
}

static void make_mut_thread(void *arg, unsigned index)
{
    struct make_mut *const m = arg;
    (void)index;
    for (uint64_t i = 0; i < m->turns; i++) {
        pthread_mutex_lock(&m->shard);
        if (m->how == UNDER_THE_GUARD) { /* get_mut(&key), make_mut: nobody else has it */
            if (a_load(&m->in_map->references, acquire) != 1)
                a_store(&m->shared, true, relaxed);
            m->in_map->count++;
            pthread_mutex_unlock(&m->shard);
            continue;
        }
        struct shared_state *const mine = m->in_map; /* map.get(&key).clone() */
        a_add(&mine->references, 1, relaxed);
        pthread_mutex_unlock(&m->shard);
        struct shared_state *const copy = malloc(sizeof *copy); /* make_mut: it is shared */
        if (!copy) {
            a_store(&m->no_memory, true, relaxed);
            return;
        }
        a_init(&copy->references, 1);
        copy->count = mine->count + 1; /* update() */
        state_drop(mine);
        if (m->how == TAKEN_OUT) {
            state_drop(copy); /* the end of its scope */
            continue;
        }
        pthread_mutex_lock(&m->shard); /* map.insert(key, state) */
        struct shared_state *const old = m->in_map;
        m->in_map = copy;
        pthread_mutex_unlock(&m->shard);
        state_drop(old);
    }
}

static void measure_make_mut(const struct study_run *run, const struct study_cell *cell,
                             struct study_sample *sample)
{
    static struct make_mut m;
    const unsigned threads = (unsigned)cell->number[1];
    pthread_mutex_init(&m.shard, NULL);
    m.turns = (uint64_t)study_number(run, "groups");
    m.how = cell->number[0] == 0 ? UNDER_THE_GUARD : cell->number[0] == 1 ? TAKEN_OUT : PUT_BACK;
    m.in_map = calloc(1, sizeof *m.in_map);
    if (!m.in_map ||
        (a_init(&m.in_map->references, 1), team_run(0, threads, make_mut_thread, &m)) < 0 ||
        a_load(&m.no_memory, relaxed)) {
        study_fail(sample, "no memory, or no threads");
        return;
    }
    if (a_load(&m.shared, relaxed))
        study_fail(sample, "a state that nobody cloned is shared");
    study_put(sample, "lost", (double)(m.turns * threads - m.in_map->count));
    study_put(sample, "records", (double)(m.turns * threads));
}

/* ---- an error in the middle of a batch -------------------------------------------------------------------- */

/* The record in the middle fails the first time; whoever asked for the batch tries it once more. As
 * printed, records are put to the states one by one; else into sums of the batch's own, which are put to
 * the states when all of it went well. */
static void measure_retry(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *sample)
{
    struct stream stream;
    struct store states, sums;
    struct change change;
    const size_t n = (size_t)study_number(run, "batch");
    const bool printed = cell->number[0] == AS_PRINTED;
    if (sample_stream(run, sample, 16, 0, &stream))
        return;
    if (store_init(&states, STORE_PLAIN, 64, 0)) {
        study_fail(sample, "no memory");
        return;
    }
    bool whole = false;
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        bool ok = true;
        if (store_init(&sums, STORE_PLAIN, 64, 0)) {
            study_fail(sample, "no memory");
            return;
        }
        for (size_t i = 0; i < n && i < stream.n && ok; i++) {
            const struct record *const r = &stream.record[i];
            if (attempt == 0 && i == n / 2) {
                ok = false; /* execute_with_record(...)? */
                continue;
            }
            const struct update u = {.hash = r->hash,
                                     .key = r->key,
                                     .group = r->group,
                                     .count = 1,
                                     .sum = r->number,
                                     .least = r->number,
                                     .most = r->number};
            store_update(printed ? &states : &sums, NULL, &u, &change);
        }
        struct group *const part = store_take(&sums);
        for (const struct group *g = part; g && ok; g = g->made) {
            const struct update all = group_all(g);
            store_update(&states, NULL, &all, &change);
        }
        groups_free(part);
        store_destroy(&sums);
        whole = ok;
    }
    double counted = 0;
    struct group *const all = store_take(&states);
    for (const struct group *g = all; g; g = g->made)
        counted += (double)a_load(&g->count, relaxed);
    const double records = (double)(n < stream.n ? n : stream.n);
    groups_free(all);
    if (!whole)
        study_fail(sample, "the second attempt failed too");
    study_put(sample, "counted_twice", counted - records);
    study_put(sample, "records", records);
}

/* ---- the count and the state ------------------------------------------------------------------------------ */

struct apart {
    pthread_mutex_t lock;
    uint64_t sum; /* every record adds 1 */
    alignas(Q_LINE) atomic(uint64_t) count;
    bool printed;
    uint64_t turns;
    atomic(bool) over;
    uint64_t looks, wrong, worst;
};

static void apart_thread(void *arg, unsigned index)
{
    struct apart *const a = arg;
    if (index > 0) {
        for (uint64_t i = 0; i < a->turns; i++) {
            if (a->printed)
                a_add(&a->count, 1, relaxed);
            pthread_mutex_lock(&a->lock);
            a->sum++;
            if (!a->printed)
                a_store(&a->count, a_load(&a->count, relaxed) + 1, relaxed);
            pthread_mutex_unlock(&a->lock);
        }
        a_store(&a->over, true, relaxed);
        return;
    }
    do {
        pthread_mutex_lock(&a->lock);
        const uint64_t count = a_load(&a->count, relaxed), sum = a->sum;
        pthread_mutex_unlock(&a->lock);
        const uint64_t off = count > sum ? count - sum : sum - count;
        a->looks++;
        a->wrong += off > 0;
        a->worst = off > a->worst ? off : a->worst;
    } while (!a_load(&a->over, relaxed));
}

static void measure_apart(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *sample)
{
    static struct apart a;
    pthread_mutex_init(&a.lock, NULL);
    a.printed = cell->number[0] == AS_PRINTED;
    a.turns = (uint64_t)study_number(run, "groups") * 4;
    if (team_run(1, 3, apart_thread, &a) < 0)
        study_fail(sample, "cannot start threads");
    study_put(sample, "wrong_looks", (double)a.wrong);
    study_put(sample, "looks", (double)a.looks);
    study_put(sample, "worst", (double)a.worst);
}

/* ---- cells ------------------------------------------------------------------------------------------------- */

struct study_cell *bug_add(struct cells *c, const char *experiment, const char *variant,
                           measure *how, double a, double b, const char *setting)
{
    struct study_cell *const cell = cell_add(c, experiment, variant, "%s", setting);
    cell->measure = how;
    cell->number[0] = a;
    cell->number[1] = b;
    return cell;
}

void stream_engine_bugs(struct cells *c, const struct study_run *run)
{
    static const char *const printed = "as printed", *const mended = "mended";
    bug_add(c, "new groups", "get, then insert", measure_entries, IN_TWO, 4, "4 threads");
    bug_add(c, "new groups", "found or made in one step", measure_entries, AS_IT_SHOULD_BE, 4,
            "4 threads");
    bug_add(c, "shared state", "make_mut under the guard", measure_make_mut, UNDER_THE_GUARD, 4,
            "4 threads");
    bug_add(c, "shared state", "clone taken out", measure_make_mut, TAKEN_OUT, 4, "4 threads");
    bug_add(c, "shared state", "clone put back", measure_make_mut, PUT_BACK, 4, "4 threads");
    bug_add(c, "retry", printed, measure_retry, AS_PRINTED, 0, "1 error")->rounds = 3;
    bug_add(c, "retry", mended, measure_retry, AS_IT_SHOULD_BE, 0, "1 error")->rounds = 3;
    bug_add(c, "count and state", printed, measure_apart, AS_PRINTED, 0, "3 threads, 1 looks");
    bug_add(c, "count and state", mended, measure_apart, AS_IT_SHOULD_BE, 0, "3 threads, 1 looks");
    stream_engine_guard_bugs(c);
    static const struct study_program programs[] = {{"groupby_get_then_insert", "assertion"},
                                                    {"shard_refmut_deadlock", "deadlock"},
                                                    {"make_mut_lost_update", "assertion"},
                                                    {"batch_retry_counts_twice", "assertion"},
                                                    {"count_and_state_apart", "assertion"}};
    c->n += study_proofs(c->cell + c->n, programs, sizeof programs / sizeof *programs);
    (void)run;
}
