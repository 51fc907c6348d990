/* graph.h: execution graphs: what happened, in which order it was added, who read from whom.
 *
 * An event is one step of a thread that others can notice: an atomic read or write, a fence, the
 * birth, end or join of a thread, a choice of the environment. Plain accesses are not events: they
 * are checked for races against the events' clocks (shadow.h).
 *
 * Events lie in one array in the order in which they were added (their stamp is their index).
 * po is a thread's own order, counted from 1; rf gives a read its write; mo is the coherence order
 * of one location's writes, a list that begins with its INIT. Two clocks per event say, thread by
 * thread, up to which po an event is hb-before it (hb) or in its causal past (porf). */
#ifndef MODELS_CHECKER_GRAPH_H
#define MODELS_CHECKER_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef MODEL_THREADS
#define MODEL_THREADS 8 /* the program's main thread included; a power of two */
#endif

enum { EVENTS_MAX = 1024, LOCS_MAX = 512, SC_MAX = 128, NONE = 0xffff };

typedef unsigned __int128 word; /* any value an atomic can hold, zero-extended */
typedef uint16_t vclock __attribute__((vector_size(2 * MODEL_THREADS)));

static inline vclock clock_join(vclock a, vclock b)
{
    const vclock more = (vclock)(a > b);
    return (a & more) | (b & ~more);
}

enum order { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST }; /* as __ATOMIC_... */

static inline bool order_acquires(enum order o)
{
    return o == ACQUIRE || o == CONSUME || o == ACQ_REL || o == SEQ_CST;
}
static inline bool order_releases(enum order o)
{
    return o == RELEASE || o == ACQ_REL || o == SEQ_CST;
}

/* What an operation of order a becomes that must have order b as well. */
static inline enum order order_at_least(enum order a, enum order b)
{
    if (a == b || b == RELAXED || a == SEQ_CST)
        return a;
    if (a == RELAXED || b == SEQ_CST)
        return b;
    return order_releases(a) || order_releases(b) ? ACQ_REL : ACQUIRE;
}

/* What a compare-and-swap's failure becomes when its order is to be at least this. */
static inline enum order order_of_failure(enum order to)
{
    return to == SEQ_CST ? SEQ_CST : order_acquires(to) ? ACQUIRE : RELAXED;
}

enum event_kind {
    EV_INIT,  /* what a location held before its first atomic access; no thread */
    EV_READ,  /* also the reading half of a read-modify-write, and a failed compare-and-swap */
    EV_WRITE, /* also the writing half, directly after its EV_READ */
    EV_FENCE,
    EV_CREATE, /* value: the child */
    EV_START,  /* rf: the EV_CREATE */
    EV_END,
    EV_JOIN,   /* rf: the EV_END */
    EV_CHOICE, /* value: what the environment chose, 0 .. choices - 1 */
};

/* How a read decides what it does with the value that it finds. */
enum outcome {
    READS,  /* only reads: a load, a failed compare-and-swap */
    WRITES, /* is a read-modify-write: a write follows */
    BLOCKS, /* the thread waits here: this value does not let it go on */
};

enum event_flag {
    EVENT_WRITES = 1,  /* a read whose outcome is WRITES */
    EVENT_BLOCKS = 2,  /* a read whose outcome is BLOCKS */
    EVENT_RMW = 4,     /* a write that is the second half of a read-modify-write */
    EVENT_FIXED = 8,   /* a read that no later write may revisit (it is in a revisitor's past) */
    EVENT_NA = 16,     /* a write made by a plain store to an atomic's memory */
    EVENT_LIGHT = 64,  /* a fence that orders only against heavy ones (P1202): in psc, not in hb */
    EVENT_HEAVY = 128, /* ... those */
    EVENT_UNDEF = 32,  /* an INIT without a value: fresh heap memory */
};

/* How many choices other than the usual one an execution may have, by what kind they are. */
enum budget {
    BUDGET_NONE,
    BUDGET_SPURIOUS, /* a weak compare-and-swap fails for no reason */
    BUDGET_WAKEUPS,  /* a condition wait ends for no reason: counted with these */
    BUDGET_TIMEOUTS
};

struct event {
    uint8_t kind, thread; /* thread: NONE_THREAD for INIT */
    uint8_t order;        /* the order in effect: a failed compare-and-swap has its failure order */
    uint8_t flags;
    uint8_t rule;                  /* of a read: see rules.h; of a choice: its budget */
    uint8_t order_good, order_bad; /* of a read: the order if it writes, and if it does not */
    uint8_t size;
    uint16_t po, po_prev, po_next;
    uint16_t loc;
    uint16_t loc_prev; /* the event added before it at its location */
    uint16_t rf;
    uint16_t mo, mo_prev, mo_next; /* of a write: its place in its location's order */
    uint16_t choices;              /* of a choice: out of how many; of kind `what` */
    uint32_t site;                 /* see source.h: the instruction */
    word value;                    /* read, written, chosen */
    word operand;                  /* of a read: what its rule compares with */
    vclock hb, porf;
    vclock msg; /* of a write: what an acquire of it learns */
};

enum { NONE_THREAD = 0xff };

typedef unsigned __int128 sc_set; /* of a graph's seq_cst events, a bit each */

struct graph {
    uint16_t events, locs, threads;
    uint16_t urgent;   /* the thread that must go on first (a write is due), or NONE */
    uint16_t spurious; /* choices other than 0, by budget: failures and wake-ups for no reason */
    uint16_t timeouts;
    double weight;      /* its share of the tree of executions, for the estimate */
    uint16_t sc_events; /* seq_cst accesses and fences */
    uint16_t first[MODEL_THREADS], last[MODEL_THREADS];
    sc_set sc_fences, sc_light,
        sc_heavy; /* which of them are fences, light ones, heavy ones (rc11.c) */
    struct graph_loc {
        uint16_t init, mo_last, last; /* its INIT, its mo-last write, its newest event; NONE */
    } loc[LOCS_MAX];
    struct graph_sc {
        uint16_t id, po;
        uint8_t thread;
        sc_set reaches; /* whom it comes before in the partial SC order (rc11.c keeps this) */
    } sc[SC_MAX];
    struct event e[EVENTS_MAX];
};

void graph_clear(struct graph *g);

/* A new event at the end of thread t (NONE_THREAD: an INIT), its clocks those of the thread's last
 * event plus itself; the caller fills in the rest. NULL when EVENTS_MAX is reached. */
struct event *graph_add(struct graph *g, enum event_kind kind, unsigned t, uint16_t loc);

/* Takes the newest event, which nothing refers to, out again. */
void graph_drop_last(struct graph *g);

/* Puts write w directly behind write `after` in its location's mo. */
void graph_place(struct graph *g, uint16_t w, uint16_t after);

/* Takes write w out of its location's mo. */
void graph_unplace(struct graph *g, uint16_t w);

/* Copies the events with keep[id] set, renumbered; map[old] = new. Locations without events lose
 * their INIT. */
void graph_restrict(struct graph *to, const struct graph *from, const bool *keep, uint16_t *map);

/* A compact copy on the heap, and back. */
struct saved_graph;
struct snapshot;
struct saved_graph *graph_save(const struct graph *g);
void graph_load(struct graph *g, const struct saved_graph *saved);
size_t graph_saved_bytes(const struct saved_graph *saved);
struct saved_graph *graph_saved_clone(const void *bytes); /* of a copy's bytes, moved elsewhere */
/* Where its execution can begin (snapshot.h). */
struct snapshot **graph_saved_from(struct saved_graph *saved);
void graph_saved_set_weight(struct saved_graph *saved, double weight);

static inline uint16_t event_id(const struct graph *g, const struct event *e)
{
    return (uint16_t)(e - g->e);
}
static inline bool event_is_write(const struct event *e)
{
    return e->kind == EV_WRITE || e->kind == EV_INIT;
}
/* Is e in the past that `clock` describes? */
static inline bool event_before(const struct event *e, const vclock *clock)
{
    return e->thread == NONE_THREAD || (*clock)[e->thread] >= e->po;
}

/* A number that is equal for two graphs with the same events, rf and mo, whatever their stamps. */
uint64_t graph_hash(const struct graph *g);

#endif
