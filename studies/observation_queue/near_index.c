/* near_index.c: see near_index.h. */
#include "near_index.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef float four __attribute__((vector_size(16)));

static float distance_of(const float *a, const float *b)
{
    four sum[4] = {{0}}; /* four at a time, and four sums that do not wait for each other */
    for (unsigned i = 0; i < TEXT_PLACES; i += 16)
        for (unsigned k = 0; k < 4; k++) {
            four x, y;
            memcpy(&x, a + i + 4 * k, sizeof x);
            memcpy(&y, b + i + 4 * k, sizeof y);
            sum[k] += (x - y) * (x - y);
        }
    const four all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    return (all[0] + all[1]) + (all[2] + all[3]);
}

static const float *vector_of(const struct near_index *x, uint32_t id)
{
    return x->vector + (size_t)id * TEXT_PLACES;
}

static unsigned links_most(unsigned layer) { return layer == 0 ? 2 * NEAR_LINKS : NEAR_LINKS; }

/* The count of links of a vector in a layer; its ids follow. Each place has room for one link too
 * many, which is then cut. */
static uint32_t *links_of(const struct near_index *x, uint32_t id, unsigned layer)
{
    uint32_t *const l = x->link[id];
    return layer == 0 ? l : l + (2 * NEAR_LINKS + 2) + (layer - 1) * (NEAR_LINKS + 2);
}

/* ---- heaps ----------------------------------------------------------------------------------- */

/* Binary heaps of struct near_found; sign 1: the nearest on top, -1: the farthest. */
static bool above(const struct near_found *a, const struct near_found *b, int sign)
{
    return sign > 0 ? a->distance < b->distance : a->distance > b->distance;
}

static void heap_push(struct near_found *heap, size_t *n, struct near_found f, int sign)
{
    size_t at = (*n)++;
    for (; at > 0 && above(&f, &heap[(at - 1) / 2], sign); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = f;
}

static struct near_found heap_pop(struct near_found *heap, size_t *n, int sign)
{
    const struct near_found top = heap[0], last = heap[--*n];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < *n; at = child) {
        if (child + 1 < *n && above(&heap[child + 1], &heap[child], sign))
            child++;
        if (!above(&heap[child], &last, sign))
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return top;
}

/* ---- searching a layer ------------------------------------------------------------------------ */

/* Algorithm 2: the `most` nearest in one layer, from one entry on; x->found becomes a heap with the
 * farthest on top. */
static size_t search_layer(struct near_index *x, const float *v, struct near_found entry,
                           unsigned layer, size_t most)
{
    size_t candidates = 0, found = 0;
    if (++x->round == 0) {
        memset(x->seen, 0, x->capacity * sizeof *x->seen);
        x->round = 1;
    }
    x->seen[entry.id] = x->round;
    heap_push(x->candidate, &candidates, entry, 1);
    heap_push(x->found, &found, entry, -1);
    while (candidates > 0) {
        const struct near_found c = heap_pop(x->candidate, &candidates, 1);
        if (found == most && c.distance > x->found[0].distance)
            break;
        const uint32_t *const links = links_of(x, c.id, layer);
        for (uint32_t i = 1; i <= links[0]; i++) {
            const uint32_t id = links[i];
            if (x->seen[id] == x->round)
                continue;
            x->seen[id] = x->round;
            const struct near_found f = {distance_of(v, vector_of(x, id)), id};
            if (found == most && f.distance >= x->found[0].distance)
                continue;
            heap_push(x->candidate, &candidates, f, 1);
            heap_push(x->found, &found, f, -1);
            if (found > most)
                heap_pop(x->found, &found, -1);
        }
    }
    return found;
}

/* x->found in order, nearest first. */
static void sort_found(struct near_index *x, size_t n)
{
    for (size_t left = n; left > 1;) {
        const struct near_found farthest = heap_pop(x->found, &left, -1);
        x->found[left] = farthest;
    }
}

/* Walks down from the entry to `layer`, always to the nearest. */
static struct near_found descend(struct near_index *x, const float *v, unsigned layer)
{
    struct near_found best = {distance_of(v, vector_of(x, x->entry)), x->entry};
    for (unsigned l = x->layers[x->entry]; l > layer; l--)
        for (bool moved = true; moved;) {
            const uint32_t *const links = links_of(x, best.id, l);
            moved = false;
            for (uint32_t i = 1; i <= links[0]; i++) {
                const float d = distance_of(v, vector_of(x, links[i]));
                if (d < best.distance)
                    best = (struct near_found){d, links[i]}, moved = true;
            }
        }
    return best;
}

/* ---- inserting -------------------------------------------------------------------------------- */

/* Algorithm 4: of candidates in order, those that are nearer to v than to any that was taken: links
 * in all directions, and not `most` of them into one crowd. The rest of the room: the nearest. */
static void select_links(const struct near_index *x, const struct near_found *sorted, size_t n,
                         unsigned most, uint32_t *links)
{
    bool taken[NEAR_BUILD + 1] = {false};
    links[0] = 0;
    for (size_t i = 0; i < n && links[0] < most; i++) {
        bool apart = true;
        for (uint32_t k = 1; k <= links[0] && apart; k++)
            apart = distance_of(vector_of(x, sorted[i].id), vector_of(x, links[k])) >=
                    sorted[i].distance;
        if (apart) {
            links[++links[0]] = sorted[i].id;
            taken[i] = true;
        }
    }
    for (size_t i = 0; i < n && links[0] < most; i++)
        if (!taken[i])
            links[++links[0]] = sorted[i].id;
}

static int nearer(const void *a, const void *b)
{
    const float x = ((const struct near_found *)a)->distance,
                y = ((const struct near_found *)b)->distance;
    return x < y ? -1 : x > y;
}

/* One more link from `id` to `to`; one too many is chosen away. */
static void add_link(const struct near_index *x, uint32_t id, uint32_t to, unsigned layer)
{
    uint32_t *const links = links_of(x, id, layer);
    links[++links[0]] = to;
    if (links[0] <= links_most(layer))
        return;
    struct near_found all[2 * NEAR_LINKS + 1];
    const uint32_t n = links[0];
    for (uint32_t i = 0; i < n; i++)
        all[i] = (struct near_found){distance_of(vector_of(x, id), vector_of(x, links[i + 1])),
                                     links[i + 1]};
    qsort(all, n, sizeof *all, nearer);
    select_links(x, all, n, links_most(layer), links);
}

static unsigned draw_layer(struct near_index *x)
{
    const double u = stats_random_unit(&x->random);
    const double layer = -log(1 - u) / log(NEAR_LINKS);
    return layer < NEAR_LAYERS - 1 ? (unsigned)layer : NEAR_LAYERS - 1;
}

int near_index_insert(struct near_index *x, const float vector[TEXT_PLACES])
{
    if (x->n == x->capacity)
        return ENOSPC;
    const uint32_t id = (uint32_t)x->n;
    const unsigned top = draw_layer(x);
    const size_t words = 2 * NEAR_LINKS + 2 + top * (NEAR_LINKS + 2);
    if (!(x->link[id] = calloc(words, sizeof **x->link)))
        return ENOMEM;
    memcpy(x->vector + (size_t)id * TEXT_PLACES, vector, TEXT_PLACES * sizeof *vector);
    x->layers[id] = (uint8_t)top;
    x->n++;
    if (id == 0) {
        x->entry = id;
        return 0;
    }
    const unsigned highest = x->layers[x->entry];
    struct near_found entry = descend(x, vector, top);
    for (unsigned layer = top < highest ? top : highest;; layer--) {
        const size_t n = search_layer(x, vector, entry, layer, NEAR_BUILD);
        sort_found(x, n);
        entry = x->found[0];
        uint32_t *const links = links_of(x, id, layer);
        select_links(x, x->found, n, NEAR_LINKS, links);
        for (uint32_t i = 1; i <= links[0]; i++)
            add_link(x, links[i], id, layer);
        if (layer == 0)
            break;
    }
    if (top > highest)
        x->entry = id;
    return 0;
}

/* ---- searching -------------------------------------------------------------------------------- */

size_t near_index_search(struct near_index *x, const float vector[TEXT_PLACES], size_t k,
                         struct near_found *to)
{
    if (x->n == 0 || k == 0)
        return 0;
    k = k < NEAR_MOST ? k : NEAR_MOST;
    size_t n = search_layer(x, vector, descend(x, vector, 0), 0, k > NEAR_SEARCH ? k : NEAR_SEARCH);
    sort_found(x, n);
    n = n < k ? n : k;
    memcpy(to, x->found, n * sizeof *to);
    return n;
}

size_t near_index_exact(const struct near_index *x, const float vector[TEXT_PLACES], size_t k,
                        struct near_found *to)
{
    size_t n = 0;
    for (uint32_t id = 0; id < x->n && k > 0; id++) {
        const struct near_found f = {distance_of(vector, vector_of(x, id)), id};
        if (n == k && f.distance >= to[0].distance)
            continue;
        if (n == k)
            heap_pop(to, &n, -1);
        heap_push(to, &n, f, -1);
    }
    for (size_t left = n; left > 1;) {
        const struct near_found farthest = heap_pop(to, &left, -1);
        to[left] = farthest;
    }
    return n;
}

/* ---- life ------------------------------------------------------------------------------------- */

int near_index_init(struct near_index *x, size_t capacity, uint64_t seed)
{
    *x = (struct near_index){.capacity = capacity};
    x->vector = calloc(capacity, TEXT_PLACES * sizeof *x->vector);
    x->layers = calloc(capacity, sizeof *x->layers);
    x->link = calloc(capacity, sizeof *x->link);
    x->seen = calloc(capacity, sizeof *x->seen);
    x->candidate = calloc(capacity + 1, sizeof *x->candidate); /* each vector once */
    x->found = calloc(NEAR_MOST + 1, sizeof *x->found);
    stats_random_seed(&x->random, seed);
    if (x->vector && x->layers && x->link && x->seen && x->candidate && x->found)
        return 0;
    near_index_release(x);
    return ENOMEM;
}

void near_index_release(struct near_index *x)
{
    for (size_t i = 0; x->link && i < x->n; i++)
        free(x->link[i]);
    free(x->vector);
    free(x->layers);
    free(x->link);
    free(x->seen);
    free(x->candidate);
    free(x->found);
    *x = (struct near_index){0};
}
