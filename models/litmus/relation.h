/* relation.h: binary relations over a few events, as the papers write them. */
#ifndef MODELS_LITMUS_RELATION_H
#define MODELS_LITMUS_RELATION_H

#include <stdbool.h>
#include <stdint.h>

enum { RELATION_EVENTS = 40 };

typedef uint64_t event_set; /* bit i: event i */

struct relation {
    unsigned n;                    /* over events 0 .. n-1 */
    event_set to[RELATION_EVENTS]; /* to[a] has bit b: a is related to b */
};

static inline bool related(const struct relation *r, unsigned a, unsigned b)
{
    return r->to[a] >> b & 1;
}

static inline void relate(struct relation *r, unsigned a, unsigned b)
{
    r->to[a] |= (event_set)1 << b;
}

static inline struct relation relation_empty(unsigned n)
{
    struct relation r;
    r.n = n;
    for (unsigned a = 0; a < n; a++)
        r.to[a] = 0;
    return r;
}

/* [s]: every event of the set to itself. */
static inline struct relation relation_identity(unsigned n, event_set s)
{
    struct relation r = relation_empty(n);
    for (unsigned a = 0; a < n; a++)
        r.to[a] = s & (event_set)1 << a;
    return r;
}

static inline struct relation relation_or(struct relation a, struct relation b)
{
    for (unsigned i = 0; i < a.n; i++)
        a.to[i] |= b.to[i];
    return a;
}

static inline struct relation relation_and(struct relation a, struct relation b)
{
    for (unsigned i = 0; i < a.n; i++)
        a.to[i] &= b.to[i];
    return a;
}

static inline struct relation relation_minus(struct relation a, struct relation b)
{
    for (unsigned i = 0; i < a.n; i++)
        a.to[i] &= ~b.to[i];
    return a;
}

/* a;b */
static inline struct relation relation_then(struct relation a, struct relation b)
{
    struct relation r = relation_empty(a.n);
    for (unsigned i = 0; i < a.n; i++)
        for (unsigned k = 0; k < a.n; k++)
            if (related(&a, i, k))
                r.to[i] |= b.to[k];
    return r;
}

/* a;b;c */
static inline struct relation relation_then2(struct relation a, struct relation b,
                                             struct relation c)
{
    return relation_then(relation_then(a, b), c);
}

/* r? */
static inline struct relation relation_maybe(struct relation r)
{
    for (unsigned a = 0; a < r.n; a++)
        relate(&r, a, a);
    return r;
}

/* r+ (Floyd and Warshall) */
static inline struct relation relation_closure(struct relation r)
{
    for (unsigned k = 0; k < r.n; k++)
        for (unsigned a = 0; a < r.n; a++)
            if (related(&r, a, k))
                r.to[a] |= r.to[k];
    return r;
}

/* The other way round. */
static inline struct relation relation_inverse(struct relation r)
{
    struct relation inverse = relation_empty(r.n);
    for (unsigned a = 0; a < r.n; a++)
        for (unsigned b = 0; b < r.n; b++)
            if (related(&r, a, b))
                relate(&inverse, b, a);
    return inverse;
}

/* from x to */
static inline struct relation relation_product(unsigned n, event_set from, event_set to)
{
    struct relation r = relation_empty(n);
    for (unsigned a = 0; a < n; a++)
        r.to[a] = from >> a & 1 ? to : 0;
    return r;
}

static inline bool relation_is_empty(struct relation r)
{
    event_set any = 0;
    for (unsigned a = 0; a < r.n; a++)
        any |= r.to[a];
    return any == 0;
}

static inline bool relation_irreflexive(struct relation r)
{
    for (unsigned a = 0; a < r.n; a++)
        if (related(&r, a, a))
            return false;
    return true;
}

static inline bool relation_acyclic(struct relation r)
{
    return relation_irreflexive(relation_closure(r));
}

#endif
