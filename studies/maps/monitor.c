/* monitor.c: linearizability of a map, key by key. See monitor.h. */
#include "studies/maps/monitor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING UINT64_MAX /* no value: above MAP_VALUE_MAX */
enum { CONFIGURATIONS_MOST = 1 << 18 };

/* Which operations in flight have taken effect (bits are places), and the value then. */
struct configuration {
    uint64_t done, value;
};

/* A set of them, by open addressing; `list` in the order of arrival. */
struct bag {
    struct configuration *list;
    uint32_t *table; /* index + 1 */
    size_t n, room;  /* table has twice the room: a power of two */
};

struct search {
    const struct map_event *flight[MAP_MONITOR_FLIGHT];
    uint64_t taken; /* places of `flight` */
    struct bag now, next;
};

static int bag_grow(struct bag *b)
{
    const size_t room = b->room ? 2 * b->room : 64;
    struct configuration *const list = realloc(b->list, room * sizeof *list);
    if (!list)
        return ENOMEM;
    b->list = list;
    uint32_t *const table = calloc(2 * room, sizeof *table);
    if (!table)
        return ENOMEM;
    free(b->table);
    b->table = table;
    b->room = room;
    for (size_t i = 0; i < b->n; i++) {
        size_t at = map_hash(list[i].done ^ map_hash(list[i].value)) & (2 * room - 1);
        while (table[at])
            at = (at + 1) & (2 * room - 1);
        table[at] = (uint32_t)i + 1;
    }
    return 0;
}

static int bag_add(struct bag *b, struct configuration c)
{
    if (b->n == b->room && bag_grow(b))
        return ENOMEM;
    size_t at = map_hash(c.done ^ map_hash(c.value)) & (2 * b->room - 1);
    for (; b->table[at]; at = (at + 1) & (2 * b->room - 1))
        if (memcmp(&b->list[b->table[at] - 1], &c, sizeof c) == 0)
            return 0;
    b->list[b->n++] = c;
    b->table[at] = (uint32_t)b->n;
    return 0;
}

static void bag_clear(struct bag *b)
{
    if (b->n && b->n < b->room / 16)
        for (size_t i = 0; i < b->n; i++) { /* few of many: take these out alone */
            size_t at = map_hash(b->list[i].done ^ map_hash(b->list[i].value)) & (2 * b->room - 1);
            for (; b->table[at]; at = (at + 1) & (2 * b->room - 1))
                b->table[at] = 0;
        }
    else if (b->n)
        memset(b->table, 0, 2 * b->room * sizeof *b->table);
    b->n = 0;
}

/* Can it take effect now, with its answer? Then *value is what it leaves. One that never returned has
 * no answer to be held to. */
static bool step(const struct map_event *e, uint64_t *value)
{
    const bool there = *value != NOTHING, any = e->ret == UINT64_MAX;
    const uint64_t had = *value;
    switch (e->op) {
    case MAP_FIND:
        return any || (there ? e->status == MAP_OK && e->got == had : e->status == MAP_ABSENT);
    case MAP_INSERT:
        if (!there)
            *value = e->given;
        return any || (!there ? e->status == MAP_OK : e->status == MAP_PRESENT);
    case MAP_REMOVE:
        *value = NOTHING;
        return any || (there ? e->status == MAP_OK && e->got == had : e->status == MAP_ABSENT);
    default:
        *value = ((there ? had : 0) + e->given) & MAP_VALUE_MAX;
        return any || (there ? e->status == MAP_OK && e->got == had : e->status == MAP_ABSENT);
    }
}

/* All configurations in which the operation at this place has taken effect. 0, ENOMEM, E2BIG. */
static int returned(struct search *s, unsigned place)
{
    const uint64_t bit = (uint64_t)1 << place;
    bag_clear(&s->next);
    for (size_t i = 0; i < s->now.n; i++) { /* grows while we go */
        const struct configuration c = s->now.list[i];
        if (c.done & bit) {
            if (bag_add(&s->next, (struct configuration){c.done & ~bit, c.value}))
                return ENOMEM;
            continue;
        }
        for (uint64_t left = s->taken & ~c.done; left; left &= left - 1) {
            const unsigned p = (unsigned)__builtin_ctzll(left);
            struct configuration d = {c.done | (uint64_t)1 << p, c.value};
            if (step(s->flight[p], &d.value) && bag_add(&s->now, d))
                return ENOMEM;
        }
        if (s->now.n > CONFIGURATIONS_MOST)
            return E2BIG;
    }
    const struct bag swap = s->now;
    s->now = s->next;
    s->next = swap;
    s->taken &= ~bit;
    return 0;
}

/* A call or a return: `at` is its stamp. */
struct moment {
    uint64_t at;
    uint32_t event;
    uint32_t is_return;
};

static int by_time(const void *a_, const void *b_)
{
    const struct moment *const a = a_, *const b = b_;
    return a->at != b->at ? (a->at < b->at ? -1 : 1) : (int)a->is_return - (int)b->is_return;
}

static int by_key(const void *a_, const void *b_)
{
    const struct map_event *const a = a_, *const b = b_;
    return a->key != b->key    ? (a->key < b->key ? -1 : 1)
           : a->call < b->call ? -1
                               : a->call > b->call;
}

static void explain(const struct map_event *e, struct map_judgement *j)
{
    static const char *const ops[] = {"find", "insert", "remove", "add"};
    static const char *const answers[] = {"ok", "absent", "present", "no memory"};
    char given[32] = "", got[32] = "";
    if (e->op == MAP_INSERT || e->op == MAP_ADD)
        snprintf(given, sizeof given, ", %" PRIu64, e->given);
    if (e->op != MAP_INSERT && e->status == MAP_OK)
        snprintf(got, sizeof got, " %" PRIu64, e->got);
    snprintf(j->why, sizeof j->why,
             "%s(%" PRIu64 "%s) = %s%s: no order of what was done with this key explains it",
             ops[e->op], e->key, given, answers[e->status], got);
}

/* The operations of one key. 0, ENOMEM. */
static int one_key(struct search *s, const struct map_event *events, size_t n,
                   struct moment *moments, struct map_judgement *j)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (events[i].status == MAP_NOMEM)
            continue; /* changed nothing, saw nothing */
        moments[m++] = (struct moment){events[i].call, (uint32_t)i, 0};
        if (events[i].ret != UINT64_MAX)
            moments[m++] = (struct moment){events[i].ret, (uint32_t)i, 1};
    }
    qsort(moments, m, sizeof *moments, by_time);
    s->taken = 0;
    bag_clear(&s->now);
    if (bag_add(&s->now, (struct configuration){0, NOTHING}))
        return ENOMEM;
    for (size_t i = 0; i < m; i++) {
        const struct map_event *const e = &events[moments[i].event];
        if (!moments[i].is_return) {
            if (s->taken == UINT64_MAX) {
                j->undecided++;
                return 0;
            }
            const unsigned p = (unsigned)__builtin_ctzll(~s->taken);
            s->taken |= (uint64_t)1 << p;
            s->flight[p] = e;
            continue;
        }
        unsigned p = 0;
        while (!(s->taken >> p & 1) || s->flight[p] != e)
            p++;
        const int error = returned(s, p);
        if (error == E2BIG)
            j->undecided++;
        if (error)
            return error == E2BIG ? 0 : error;
        if (s->now.n > j->most)
            j->most = s->now.n;
        if (s->now.n == 0) {
            if (j->wrong++ == 0)
                explain(e, j);
            return 0;
        }
    }
    return 0;
}

int map_monitor(struct map_event *events, size_t n, struct map_judgement *j)
{
    struct search s = {.taken = 0};
    struct moment *const moments = malloc((2 * n + 1) * sizeof *moments);
    int error = moments ? 0 : ENOMEM;
    *j = (struct map_judgement){.keys = 0};
    qsort(events, n, sizeof *events, by_key);
    for (size_t i = 0, end; !error && i < n; i = end) {
        for (end = i; end < n && events[end].key == events[i].key; end++)
            continue;
        j->keys++;
        error = one_key(&s, events + i, end - i, moments, j);
    }
    free(moments);
    free(s.now.list);
    free(s.now.table);
    free(s.next.list);
    free(s.next.table);
    return error;
}
