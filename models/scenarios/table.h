/* table.h: the scenarios: what each claims, and of which queues. Data only: for the scenarios
 * themselves, for the checker, which has their code in a shared object, and for `queuelab check`,
 * which has not.
 *
 * A queue whose traits say `floor` is no queue and is never checked. */
#ifndef MODELS_SCENARIOS_TABLE_H
#define MODELS_SCENARIOS_TABLE_H

#include <string.h>

#include "queues/traits.h"

struct scenario {
    const char *name;  /* the program is scenario_NAME */
    const char *claim; /* one sentence */
    unsigned threads;  /* beside main */
    unsigned capacity; /* of the queue, if it is bounded */
    unsigned needs;    /* NEEDS_..., NOT_RECORDED */
};

enum {
    NEEDS_PRODUCERS = 1, /* more than one */
    NEEDS_CONSUMERS = 2, /* more than one */
    NEEDS_BOUNDED = 4,
    NEEDS_UNBOUNDED = 8,
    NEEDS_CLOSE_ANY = 16,
    NEEDS_LANES = 32,
    NEEDS_EXACT = 4096,
    NEEDS_INEXACT = 8192, /* an item may become visible by the push of another */
    NEEDS_STRICT = 64,    /* lanes_strict */
    NEEDS_FAIR = 128,     /* lanes_fair */
    NEEDS_BLOCK = 256,    /* the policies of a full queue */
    NEEDS_DROP_NEWEST = 512,
    NEEDS_DROP_OLDEST = 1024,
    NEEDS_SPILL = 16384,
    NOT_RECORDED = 2048,   /* no operations for the checker to put in order */
    NEEDS_PARKING = 32768, /* waits by the event counts of wait.h */
    NEEDS_REFILL = 65536,  /* becomes full, nobody knows when */
};

#define MPMC (NEEDS_PRODUCERS | NEEDS_CONSUMERS)

/* name, claim, threads beside main, capacity of the queue if it is bounded, needs */
#define SCENARIO_TABLE(X)                                                                          \
    X(publish, "what its producer wrote before a push is there for whoever pops the item", 2, 2,   \
      0)                                                                                           \
    X(publish_one, "so it is with one item and one look", 2, 2, 0)                                 \
    X(full_empty, "FULL and EMPTY are answered only when they may be", 2, 2, 0)                    \
    X(exact_empty, "EMPTY was true at an instant of the call", 2, 4, MPMC | NEEDS_EXACT)           \
    X(exact_empty_link, "so it was at the end of a segment", 2, 8,                                 \
      MPMC | NEEDS_EXACT | NEEDS_UNBOUNDED)                                                        \
    X(wrap_around, "places that are used a second time hold what was pushed last", 2, 2, 0)        \
    X(two_producers, "two producers lose nothing and each keeps its order", 2, 4, NEEDS_PRODUCERS) \
    X(two_producers_link, "two producers both need more memory, and lose none of it", 2, 4,        \
      NEEDS_PRODUCERS | NEEDS_UNBOUNDED)                                                           \
    X(two_consumers, "two consumers share the items, none comes twice", 2, 4, NEEDS_CONSUMERS)     \
    X(two_consumers_link, "two consumers both come to the end of a segment, and lose nothing", 2,  \
      4, NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                        \
    X(mpsc_2x1, "two producers and a consumer, one operation each", 3, 2, NEEDS_PRODUCERS)         \
    X(mpmc_2x2x1, "two producers and two consumers, one operation each", 4, 2, MPMC)               \
    X(mpmc_2x2, "two producers and two consumers, two operations each", 4, 2, MPMC)                \
    X(close_drains, "every push that answered OK is popped before pops answer CLOSED", 3, 2, 0)    \
    X(close_instant, "after an answer CLOSED every push is answered so, by whatever handle", 2, 2, \
      NEEDS_PRODUCERS | NEEDS_CLOSE_ANY)                                                           \
    X(close_wakes, "close wakes a consumer that waits for an item", 2, 2, 0)                       \
    X(close_wakes_two, "close wakes all consumers that wait for an item", 3, 2, NEEDS_CONSUMERS)   \
    X(close_wakes_push, "close wakes a producer that waits for room", 2, 1,                        \
      NEEDS_BOUNDED | NEEDS_CLOSE_ANY)                                                             \
    X(park_wake, "a push wakes a consumer that sleeps", 2, 2, 0)                                   \
    X(park_wake_timeout, "a consumer whose time is up just then still gets the item", 2, 2, 0)     \
    X(park_wake_two, "a waiter whose time is up does not swallow another's wake-up", 3, 2, MPMC)   \
    X(park_wake_burst, "two pushes wake two consumers that sleep", 3, 2, NEEDS_CONSUMERS)          \
    X(park_wake_pass, "a waiter that is woken wakes the next one when there is an item for it", 3, \
      2, MPMC | NEEDS_INEXACT)                                                                     \
    X(park_room, "a pop wakes a producer that sleeps", 2, 1, NEEDS_BOUNDED)                        \
    X(batch_prefix, "push_n takes a prefix, pop_n gives the oldest", 2, 2, NOT_RECORDED)           \
    X(reclaim, "memory is used again, or given back, all of it", 2, 4, NEEDS_UNBOUNDED)            \
    X(reclaim_held, "memory is not used again under a consumer that has just found it", 2, 8,      \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                           \
    X(reclaim_held_one, "nor where that takes fewest steps", 2, 8, MPMC | NEEDS_UNBOUNDED)         \
    X(reclaim_held_push, "nor is it under a producer", 2, 8, NEEDS_PRODUCERS | NEEDS_UNBOUNDED)    \
    X(reclaim_fenced, "nor where the kernel has no membarrier", 2, 8,                              \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                           \
    X(reclaim_slow, "memory is used again only when nobody reads it any more", 2, 8,               \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                           \
    X(reclaim_slow_batch, "so it is when a batch uses it", 2, 8,                                   \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED | NOT_RECORDED)                                            \
    X(reclaim_stale, "a pop looks only into memory that is still there", 2, 8,                     \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                           \
    X(link_then_push, "a push finds the segment that another push just linked", 2, 8,              \
      NEEDS_PRODUCERS | NEEDS_UNBOUNDED)                                                           \
    X(link_then_pop, "pops follow into a segment just linked, and go no further than the pushes",  \
      3, 8, NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                     \
    X(link_then_follow, "pops follow into a segment that a push links meanwhile", 3, 8,            \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                           \
    X(link_closes, "no push links a segment behind the close that it did not see", 2, 8,           \
      NEEDS_PRODUCERS | NEEDS_UNBOUNDED | NEEDS_CLOSE_ANY)                                         \
    X(link_given_back, "a push may link the segment that a pop just gave back", 2, 8,              \
      NEEDS_UNBOUNDED)                                                                             \
    X(link_three, "a producer finds a segment by way of another that did not link it", 3, 8,       \
      NEEDS_PRODUCERS | NEEDS_UNBOUNDED | NEEDS_CLOSE_ANY)                                         \
    X(link_follow_one, "a pop finds a segment by way of another that did not link it", 3, 8,       \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                           \
    X(reclaim_gone, "memory is used again only when who has left has read it", 2, 8,               \
      MPMC | NEEDS_UNBOUNDED)                                                                      \
    X(reclaim_twice, "so it is where who has read it comes again at once", 2, 8,                   \
      MPMC | NEEDS_UNBOUNDED)                                                                      \
    X(reclaim_two, "two consumers give segments back at once", 2, 8,                               \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                           \
    X(alloc_failure, "a push without memory answers NOMEM, takes nothing and breaks nothing", 2,   \
      2, 0)                                                                                        \
    X(attach_detach, "threads come and go while others push and pop", 2, 2, 0)                     \
    X(attach_handed, "a thread that comes may take over what one that goes leaves", 2, 8,          \
      NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                           \
    X(attach_two, "what is kept for a producer is left to the next in good order", 2, 4,           \
      NEEDS_PRODUCERS)                                                                             \
    X(attach_reclaim, "a thread comes just when memory is given back", 2, 4, NEEDS_UNBOUNDED)      \
    X(close_publishes, "what was written before close is there for whoever is answered CLOSED", 2, \
      2, 0)                                                                                        \
    X(close_publishes_link, "so it is where the segment is used up", 2, 8, NEEDS_UNBOUNDED)        \
    X(room_publishes, "what was written before a pop is there for the push that takes its room",   \
      2, 1, NEEDS_BOUNDED)                                                                         \
    X(refill, "likewise, where it takes several pops", 2, 1, NEEDS_REFILL)                         \
    X(reuse, "a place is filled again only when whoever emptied it has read it", 3, 2,             \
      NEEDS_CONSUMERS)                                                                             \
    X(reuse_passed, "a pop that passes a place by keeps it from the push whose place it was", 3,   \
      8, NEEDS_CONSUMERS | NEEDS_UNBOUNDED)                                                        \
    X(reuse_batch, "so are the places of a batch", 3, 2, NEEDS_CONSUMERS | NOT_RECORDED)           \
    X(park_wake_fenced, "no wake-up is lost where the kernel has no membarrier", 2, 2,             \
      NEEDS_PARKING)                                                                               \
    X(park_wake_refused, "no wake-up is lost when the kernel comes to refuse membarrier", 2, 2,    \
      NEEDS_PARKING)                                                                               \
    X(block_waits, "under Q_BLOCK a push to a full queue sleeps until there is room", 2, 1,        \
      NEEDS_BLOCK)                                                                                 \
    X(drop_newest, "under Q_DROP_NEWEST a push answers DROPPED only when it found no room", 2, 1,  \
      NEEDS_DROP_NEWEST)                                                                           \
    X(drop_oldest_races_take, "under Q_DROP_OLDEST an item is popped or discarded, never both", 2, \
      2, NEEDS_DROP_OLDEST)                                                                        \
    X(drop_oldest_two, "under Q_DROP_OLDEST two producers discard different items", 2, 2,          \
      NEEDS_DROP_OLDEST)                                                                           \
    X(drop_oldest_laps, "under Q_DROP_OLDEST an item still being pushed is not discarded", 2, 2,   \
      NEEDS_DROP_OLDEST)                                                                           \
    X(drop_oldest_reuse, "under Q_DROP_OLDEST a discarded item's place may be another's next", 2,  \
      1, NEEDS_DROP_OLDEST)                                                                        \
    X(spill_order,                                                                                 \
      "under Q_SPILL items leave in the order in which they came, by ring or by file", 2, 1,       \
      NEEDS_SPILL)                                                                                 \
    X(spill_order_two, "so do those of two producers", 3, 1, NEEDS_SPILL)                          \
    X(spill_batch, "so do batches", 2, 1, NEEDS_SPILL | NOT_RECORDED)                              \
    X(spill_wakes, "under Q_SPILL a push wakes a consumer that sleeps, wherever its item went", 2, \
      1, NEEDS_SPILL)                                                                              \
    X(spill_close, "under Q_SPILL pops answer CLOSED when ring and file are drained", 3, 1,        \
      NEEDS_SPILL)                                                                                 \
    X(spill_disk_full, "a record that the disk refuses is answered IO, and nothing is lost", 3, 1, \
      NEEDS_SPILL)                                                                                 \
    X(spill_disk_fails, "a write or cut that fails once is answered IO or made up for", 2, 1,      \
      NEEDS_SPILL)                                                                                 \
    X(spill_reopen, "what is in the file when the queue is destroyed comes out of the next one",   \
      2, 1, NEEDS_SPILL)                                                                           \
    X(depth_never_underflows, "the depth never falls below zero", 3, 2, NEEDS_LANES)               \
    X(depth_never_exceeds_capacity, "the depth never passes the capacity", 3, 1, NEEDS_LANES)      \
    X(lanes_refused, "a push that its lane refuses gives its reservation back, and says so", 2, 1, \
      NEEDS_LANES)                                                                                 \
    X(lanes_refused_batch, "so does a batch", 2, 1, NEEDS_LANES | NOT_RECORDED)                    \
    X(lanes_order, "an item leaves only when no higher lane held one all the time", 2, 4,          \
      NEEDS_STRICT)                                                                                \
    X(lanes_no_starvation, "a low item waits for no more than its turn", 2, 8, NEEDS_FAIR)

#define X(name, claim, threads, capacity, needs) CAPACITY_##name = capacity,
enum { SCENARIO_TABLE(X) };
#undef X
#define X(name, claim, threads, capacity, needs) {#name, claim, threads, capacity, needs},
static const struct scenario scenarios[] = {SCENARIO_TABLE(X)};
#undef X
#undef MPMC
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static inline const struct scenario *scenario_find(const char *name)
{
    for (size_t i = 0; i < SCENARIOS; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    return NULL;
}

/* Why a scenario says nothing about a queue; NULL: it applies. */
static inline const char *scenario_why_not(const struct scenario *s, const struct q_traits *t)
{
    const unsigned n = s->needs;
    if (t->floor)
        return "a floor, not a queue";
    if (n & NEEDS_PRODUCERS && t->producers == 1)
        return "one producer only";
    if (n & NEEDS_CONSUMERS && t->consumers == 1)
        return "one consumer only";
    if (n & NEEDS_BOUNDED && !t->bounded)
        return "never full";
    if (n & NEEDS_BOUNDED && t->caution & Q_CAPACITY_ROUGH)
        return "holds more than its capacity, nobody knows how much";
    if (n & NEEDS_REFILL && !(t->bounded && t->caution & Q_CAPACITY_ROUGH))
        return "full at its capacity";
    if (n & NEEDS_UNBOUNDED && t->bounded && t->lanes == 1)
        return "memory of a fixed size";
    if (n & NEEDS_EXACT && !t->exact)
        return "EMPTY and FULL may be out of date";
    if (n & NEEDS_INEXACT && t->exact)
        return "every push makes its own item visible";
    if (n & NEEDS_PARKING && t->native & Q_WAIT)
        return "waits in its own way";
    if (n & NEEDS_CLOSE_ANY && !t->close_any)
        return "must not be closed while others push";
    if (n & (NEEDS_LANES | NEEDS_STRICT | NEEDS_FAIR) && t->lanes == 1)
        return "has no lanes";
    if (n & NEEDS_STRICT && strcmp(t->name, "lanes_strict") != 0)
        return "its lanes take turns";
    if (n & NEEDS_FAIR && strcmp(t->name, "lanes_fair") != 0)
        return "its lanes do not take turns";
    if ((n & NEEDS_BLOCK && !(t->policies & 1u << Q_BLOCK)) ||
        (n & NEEDS_DROP_NEWEST && !(t->policies & 1u << Q_DROP_NEWEST)) ||
        (n & NEEDS_DROP_OLDEST && !(t->policies & 1u << Q_DROP_OLDEST)) ||
        (n & NEEDS_SPILL && !(t->policies & 1u << Q_SPILL)))
        return "always refuses when full";
    return NULL;
}

#endif
