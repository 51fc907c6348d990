/* contract_concurrent_test.c: items from many threads to many: none lost, none twice, each
 * producer's in its order, every consumer told when it is over. */
#include "tests/contract.h"

static const unsigned shapes[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 4}};
static const size_t capacities[] = {1, 2, 3, 64, 1024};

/* Every shape the traits allow, each with another capacity, from tiny to large. */
static void flows(const struct q_driver *d, unsigned ways, uint64_t items)
{
    bool done[5][5] = {{false}};
    uint64_t random = contract_seed() + ways;
    for (size_t i = 0; i < N_OF(shapes); i++) {
        const unsigned p = most_producers(d, shapes[i][0]), c = most_consumers(d, shapes[i][1]);
        if (done[p][c])
            continue; /* 4:4 clipped to 4:1 is new, 2:2 clipped to 1:1 is not */
        done[p][c] = true;
        for (unsigned k = 0; k < 2; k++) {
            const struct flow f = {
                .producers = p,
                .consumers = c,
                .items = crowd_scaled(d, items, 64),
                .ways = ways,
                .config = {.capacity = capacities[random_below(&random, N_OF(capacities))],
                           .segment = k ? 0 : 2}};
            flow_run(d, &f);
        }
    }
}

static void one_by_one(const struct q_driver *d) { flows(d, 0, 6000); }
static void in_batches(const struct q_driver *d) { flows(d, FLOW_BATCH, 6000); }
static void yielding(const struct q_driver *d)
{
    flows(d, FLOW_YIELD, 4000);
    flows(d, FLOW_YIELD | FLOW_BATCH, 4000);
}
static void waiting(const struct q_driver *d)
{
    flows(d, FLOW_WAIT, 4000);
    flows(d, FLOW_WAIT | FLOW_YIELD, 2000);
}
static void impatient(const struct q_driver *d) { flows(d, FLOW_IMPATIENT, 4000); }
static void coming_and_going(const struct q_driver *d)
{
    flows(d, FLOW_REATTACH, 4000);
    flows(d, FLOW_REATTACH | FLOW_BATCH | FLOW_YIELD, 4000);
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"carries items one by one", one_by_one, NULL},
        {"carries items in batches", in_batches, NULL},
        {"carries items between threads that yield", yielding, NULL},
        {"carries items to threads that wait", waiting, NULL},
        {"loses nothing when waits time out", impatient, NULL},
        {"lets threads attach and detach meanwhile", coming_and_going, needs_order_kept},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
