/* reclaim.h: when may memory be freed that other threads may still be reading?
 *
 * A thread that unlinks an object from a lock-free structure cannot free it: another may have read
 * the pointer just before and be about to follow it. It RETIRES the object, and has it back when
 * nobody can be reading it any more. Two ways to know that, behind one interface; the build of a
 * queue chooses (queues.def: QUEUE(n) has hazard pointers, QUEUE_WITH(n, epochs) epochs):
 *
 *   Hazard pointers (Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects",
 *   IEEE TPDS 2004). A reader announces the one object that it is about to read, and looks again
 *   whether it is still there. Who retires compares its list with all announcements.
 *     bound: a guard keeps at most `patience` + (all announcements) objects waiting, whatever the
 *     other threads do; a stopped one holds up to Q_HAZARDS objects and no more
 *   Epochs (Fraser, "Practical lock-freedom", 2004; three of them, as in crossbeam-epoch). A reader
 *   announces for a whole operation in which epoch it began; the epoch moves on when all readers
 *   that are inside have begun in it, and what was retired two epochs ago is free.
 *     bound: none behind a reader that is stopped inside an operation, since the epoch stands
 *
 *   q_reclaim_init   (r, memory, patience)   in init; patience: objects that a guard retires before
 *                                            it looks which are free
 *   q_reclaim_destroy(r)                     all guards are detached: ALL that still waits
 *   q_guard_attach   (g, r)                  0 or ENOMEM;  in attach; a guard lies in the handle
 *   q_guard_detach   (g, r)                  what is free by now; the rest waits with the next guard
 *   q_enter(g, r)  q_leave(g)                around all of an operation that reads objects
 *   q_protect(g, slot, load)                 the pointer that `load` gives, safe to follow until
 *                                            the slot protects another: `load` reads a place from
 *                                            which an object is taken away before it is retired
 *   q_hold(g, slot, p)                       announces p; then look whether p is still reachable
 *   q_clear(g, slot)                         protects nothing: else it lasts beyond the operation
 *   q_retire(g, r, object)                   nobody finds the object from now on, and we are done
 *                                            with it; returns what is free, mostly NULL
 *
 * What is free comes back as a chain (q_retired.below) for the queue to use again or to free: no
 * callbacks. An object begins with a struct q_retired, which is the queue's own while it is in use.
 *
 * A slot that protects what it protected before costs a comparison: a queue of large segments pays
 * for an announcement once per segment. Announcing is a store, then a look at another place: the
 * processor must not turn them round, so the announcer and who retires need a full fence each, that
 * of the announcer in every operation. Here it is the light half of an asymmetric fence (wait.h),
 * and who retires pays with a system call for `patience` objects at once. Where the kernel refuses
 * that, both sides fence; where it comes to refuse it, nothing is given back from then on.
 *
 * Progress: all operations are wait-free but attach (lock-free: a list of records that grows to the
 * most guards ever attached at once) and q_protect (lock-free: repeats when the pointer changed).
 *
 * Edges   registered   attach -> retire, attach   a record's fields are initialised
 *         vacant       detach -> attach           what the last owner of the record left
 *         done         enter, leave, hold, clear -> retire   this reader's earlier reads are over
 *         advanced     retire -> retire           who was to be waited for had left by then */
#ifndef QUEUES_RECLAIM_H
#define QUEUES_RECLAIM_H

#include "queues/queue.h"

#define Q_HAZARDS 3 /* slots of a guard */
#ifndef Q_PATIENCE_MAX
#define Q_PATIENCE_MAX SIZE_MAX /* the checker has 1: what is retired is looked at at once */
#endif

struct q_retired {
    struct q_retired *below;
};

/* What one guard shows to the others, and what it has retired. Records are never freed before the
 * queue is, so that a list of them can be walked without protection. */
struct q_record {
    struct q_record *next; /* constant in the list */
    atomic(uint32_t) taken;
#ifdef Q_WITH_EPOCHS
    atomic(
        uint64_t) inside; /* 2 * epoch + 1: in an operation that began in this epoch; 0: in none */
#else
    atomic(void *) hazard[Q_HAZARDS];
#endif
    struct q_retired *retired; /* from here on the owner's */
    size_t count, limit;       /* how many wait, and when to look at them */
#ifdef Q_WITH_EPOCHS
    struct {
        struct q_retired *chain;
        uint64_t epoch; /* at least that in which these were retired */
    } limbo[2];         /* of odd and even epochs */
#endif
};

struct q_reclaim {
    atomic(struct q_record *) records;
    struct q_memory *memory;
    size_t patience;
    bool asymmetric; /* the kernel fences for readers; may be cleared before the first attach */
#ifdef Q_WITH_EPOCHS
    alignas(Q_LINE) atomic(uint64_t) epoch; /* read in every operation */
#endif
};

struct q_guard {
    struct q_record *record;
    bool asymmetric;
#ifndef Q_WITH_EPOCHS
    void *held[Q_HAZARDS]; /* what our hazard slots say */
#endif
};

static inline struct q_retired *q_chain_push(struct q_retired *chain, struct q_retired *object)
{
    object->below = chain;
    return object;
}

/* static void N_give_all(q, back): N_give for each struct T of a chain. Rare: not inlined. */
#define Q_GIVE_ALL(N, T)                                                                           \
    static __attribute__((noinline)) void N##_give_all(struct N *q, struct q_retired *back)        \
    {                                                                                              \
        while (back) {                                                                             \
            struct q_retired *const below = back->below;                                           \
            N##_give(q, (struct T *)back);                                                         \
            back = below;                                                                          \
        }                                                                                          \
    }

/* One chain of two. */
static inline struct q_retired *q_chain_join(struct q_retired *a, struct q_retired *b)
{
    if (!b)
        return a;
    while (a) {
        struct q_retired *const below = a->below;
        b = q_chain_push(b, a);
        a = below;
    }
    return b;
}

/* Between an announcement and the look whether it came in time. */
static inline void q_announced(const struct q_guard *g)
{
    if (g->asymmetric)
        a_fence_light();
    else
        a_fence(seq_cst); /* [sc: store buffering: our announcement against their unlinking] */
}

/* ---- hazard pointers, or epochs -------------------------------------------------------------- */

#ifndef Q_WITH_EPOCHS

static inline void q_record_init(struct q_record *o)
{
    for (unsigned i = 0; i < Q_HAZARDS; i++)
        a_init(&o->hazard[i], NULL);
}

static inline void q_enter(struct q_guard *g, struct q_reclaim *r) { (void)g, (void)r; }
static inline void q_leave(struct q_guard *g) { (void)g; }

/* True: it was announced already. */
static inline bool q_hold(struct q_guard *g, unsigned slot, void *p)
{
    if (g->held[slot] == p)
        return true;
    g->held[slot] = p;
    a_store(&g->record->hazard[slot], p, release); /* [done>] */
    q_announced(g);
    return false;
}

static inline void q_clear(struct q_guard *g, unsigned slot)
{
    if (g->held[slot]) {
        g->held[slot] = NULL;
        a_store(&g->record->hazard[slot], NULL, release); /* [done>] */
    }
}

#define q_protect(g, slot, load)                                                                   \
    ({                                                                                             \
        __typeof__(load) protect_ = (load);                                                        \
        while (!q_hold(g, slot, protect_)) {                                                       \
            const __typeof__(load) again_ = (load);                                                \
            if (again_ == protect_)                                                                \
                break;                                                                             \
            protect_ = again_;                                                                     \
        }                                                                                          \
        protect_;                                                                                  \
    })

/* Which of what this record's owner retired is free: what no slot of another announces. */
static __attribute__((noinline)) struct q_retired *q_reclaim_scan(struct q_reclaim *r,
                                                                  struct q_record *mine)
{
    if (!a_fence_heavy(r->asymmetric))
        return NULL; /* nobody passed a fence: an announcement may be on its way */
    struct q_retired *held = NULL;
    size_t count = 0;
    for (struct q_record *o = a_load(&r->records, acquire); o; o = o->next) /* [>registered] */
        for (unsigned i = 0; o != mine && i < Q_HAZARDS; i++) {
            const void *const p = a_load(&o->hazard[i], acquire); /* [>done] */
            if (!p)
                continue;
            for (struct q_retired **at = &mine->retired; *at; at = &(*at)->below)
                if (*at == p) {
                    struct q_retired *const object = *at;
                    *at = object->below;
                    held = q_chain_push(held, object);
                    count++;
                    break;
                }
        }
    struct q_retired *const back = mine->retired;
    mine->retired = held;
    mine->count = count;
    return back;
}

static inline struct q_retired *q_record_rest(struct q_record *o)
{
    struct q_retired *const rest = o->retired;
    o->retired = NULL;
    return rest;
}

#else

static inline void q_record_init(struct q_record *o)
{
    a_init(&o->inside, 0);
    for (unsigned i = 0; i < 2; i++) {
        o->limbo[i].chain = NULL;
        o->limbo[i].epoch = 0;
    }
}

static inline void q_enter(struct q_guard *g, struct q_reclaim *r)
{
    const uint64_t epoch = a_load(&r->epoch, relaxed);   /* late: then it stands, at worst */
    a_store(&g->record->inside, 2 * epoch + 1, release); /* [done>] */
    q_announced(g);
}

static inline void q_leave(struct q_guard *g)
{
    a_store(&g->record->inside, 0, release); /* [done>] */
}

static inline bool q_hold(struct q_guard *g, unsigned slot, void *p)
{
    (void)g, (void)slot, (void)p;
    return true;
}

static inline void q_clear(struct q_guard *g, unsigned slot) { (void)g, (void)slot; }

#define q_protect(g, slot, load) ((void)(g), (load))

/* All readers that are inside began in this epoch: then it may move on. */
static inline bool q_reclaim_all_in(struct q_reclaim *r, uint64_t epoch)
{
    for (struct q_record *o = a_load(&r->records, acquire); o; o = o->next) { /* [>registered] */
        const uint64_t inside = a_load(&o->inside, acquire);                  /* [>done] */
        if (inside && inside != 2 * epoch + 1)
            return false;
    }
    return true;
}

/* What the owner retired goes into limbo, marked with an epoch that is read behind a fence. A reader
 * who began in a later epoch sees it unlinked; while one that began earlier is inside, the epoch
 * moves on once at most. So behind two moves it is free. */
static __attribute__((noinline)) struct q_retired *q_reclaim_scan(struct q_reclaim *r,
                                                                  struct q_record *mine)
{
    if (!a_fence_heavy(r->asymmetric))
        return NULL;
    const uint64_t epoch = a_load(&r->epoch, acquire); /* [>advanced] */
    uint64_t now = epoch, seen = epoch;
    if (q_reclaim_all_in(r, epoch) &&
        a_cas(&r->epoch, &seen, epoch + 1, release, relaxed)) /* [advanced>] */
        now = epoch + 1;
    struct q_retired *back = NULL;
    for (unsigned i = 0; i < 2; i++)
        if (mine->limbo[i].epoch + 2 <= now) {
            back = q_chain_join(mine->limbo[i].chain, back);
            mine->limbo[i].chain = NULL;
        }
    mine->limbo[epoch & 1].epoch = epoch; /* it was this one already, or two or more ago */
    mine->limbo[epoch & 1].chain = q_chain_join(mine->retired, mine->limbo[epoch & 1].chain);
    mine->retired = NULL;
    mine->count = 0;
    return back;
}

static inline struct q_retired *q_record_rest(struct q_record *o)
{
    struct q_retired *const rest =
        q_chain_join(o->retired, q_chain_join(o->limbo[0].chain, o->limbo[1].chain));
    o->retired = o->limbo[0].chain = o->limbo[1].chain = NULL;
    return rest;
}

#endif

/* ---- for both -------------------------------------------------------------------------------- */

static inline void q_reclaim_init(struct q_reclaim *r, struct q_memory *memory, size_t patience)
{
    a_init(&r->records, NULL);
    r->memory = memory;
    r->patience = patience < Q_PATIENCE_MAX ? patience : Q_PATIENCE_MAX;
    r->asymmetric = q_membarrier_register();
#ifdef Q_WITH_EPOCHS
    a_init(&r->epoch, 2); /* nothing was retired before epoch 1 */
#endif
}

static inline struct q_retired *q_reclaim_destroy(struct q_reclaim *r)
{
    struct q_retired *all = NULL;
    for (struct q_record *o = a_load(&r->records, relaxed); o;) {
        struct q_record *const next = o->next;
        all = q_chain_join(q_record_rest(o), all);
        q_free(r->memory, o, Q_LINE, sizeof *o);
        o = next;
    }
    return all;
}

/* A record that its owner has left, or NULL. */
static inline struct q_record *q_record_take(struct q_reclaim *r)
{
    for (struct q_record *o = a_load(&r->records, acquire); o; o = o->next) { /* [>registered] */
        uint32_t taken = 0;
        if (a_load(&o->taken, relaxed) == 0 &&
            a_cas(&o->taken, &taken, 1, acquire, relaxed)) /* [>vacant] */
            return o;
    }
    return NULL;
}

static inline int q_guard_attach(struct q_guard *g, struct q_reclaim *r)
{
    *g = (struct q_guard){.record = q_record_take(r), .asymmetric = r->asymmetric};
    if (g->record)
        return 0;
    struct q_record *const o = q_alloc(r->memory, Q_LINE, sizeof *o);
    if (!o)
        return ENOMEM;
    a_init(&o->taken, 1);
    q_record_init(o);
    o->retired = NULL;
    o->count = 0;
    o->limit = r->patience;
    o->next = a_load(&r->records, relaxed);
    while (!a_cas_weak(&r->records, &o->next, o, release, relaxed)) /* [registered>] */
        ;
    g->record = o;
    return 0;
}

static inline struct q_retired *q_guard_detach(struct q_guard *g, struct q_reclaim *r)
{
    struct q_record *const o = g->record;
    for (unsigned i = 0; i < Q_HAZARDS; i++)
        q_clear(g, i);
    struct q_retired *const back = q_reclaim_scan(r, o);
    o->limit = o->count + r->patience;
    a_store(&o->taken, 0, release); /* [vacant>] */
    g->record = NULL;
    return back;
}

static inline struct q_retired *q_retire(struct q_guard *g, struct q_reclaim *r,
                                         struct q_retired *object)
{
    struct q_record *const o = g->record;
    o->retired = q_chain_push(o->retired, object);
    if (__builtin_expect(++o->count < o->limit, 1))
        return NULL;
    struct q_retired *const back = q_reclaim_scan(r, o);
    o->limit = o->count + r->patience; /* what is announced now will be for a while */
    return back;
}

#endif
