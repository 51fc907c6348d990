/* keys.c: keys and operations, drawn beforehand. */
#include "studies/indexing/keys.h"

#include <math.h>
#include <stdlib.h>

#include "studies/maps/driver.h"

const struct mix mixes[] = {
    {"read-only", 0}, {"read-heavy", 5}, {"mixed", 50}, {"write-heavy", 90}, {NULL, 0},
};

/* The integral of x^-exponent, and its inverse. */
static double area(const struct zipf *z, double x)
{
    const double rest = 1 - z->exponent;
    return fabs(rest) < 1e-9 ? log(x) : (pow(x, rest) - 1) / rest;
}
static double area_inverse(const struct zipf *z, double a)
{
    const double rest = 1 - z->exponent;
    return fabs(rest) < 1e-9 ? exp(a) : pow(1 + a * rest, 1 / rest);
}

void zipf_init(struct zipf *z, uint64_t n, double exponent)
{
    *z = (struct zipf){.n = n, .exponent = exponent};
    z->low = area(z, 1.5) - 1;
    z->high = area(z, (double)n + 0.5);
    z->shift = 2 - area_inverse(z, area(z, 2.5) - pow(2, -exponent));
}

uint64_t zipf_next(const struct zipf *z, struct stats_random *random)
{
    if (z->exponent == 0)
        return 1 + stats_random_below(random, z->n);
    for (;;) {
        const double a = z->high + stats_random_unit(random) * (z->low - z->high);
        const double x = area_inverse(z, a);
        double rank = floor(x + 0.5);
        if (rank < 1)
            rank = 1;
        else if (rank > (double)z->n)
            rank = (double)z->n;
        if (rank - x <= z->shift || a >= area(z, rank + 0.5) - pow(rank, -z->exponent))
            return (uint64_t)rank;
    }
}

uint64_t key_of(uint64_t rank)
{
    /* An odd factor permutes the numbers modulo 2^62. */
    return rank * 0x9e3779b97f4a7c15u & (((uint64_t)1 << MAP_OP_SHIFT) - 1);
}

uint64_t *work_draw(const struct mix *mix, const struct zipf *zipf, size_t n, uint64_t seed)
{
    uint64_t *const op = malloc(n * sizeof *op);
    struct stats_random random;
    stats_random_seed(&random, seed);
    for (size_t i = 0; op && i < n; i++) {
        uint64_t what = MAP_FIND;
        if (stats_random_below(&random, 100) < mix->changes)
            what = stats_random_below(&random, 2) ? MAP_INSERT : MAP_REMOVE;
        op[i] = what << MAP_OP_SHIFT | key_of(zipf_next(zipf, &random));
    }
    return op;
}
