/* main.c: another project that uses the installed headers; run.sh builds it out of tree. */
#include <queues/array_mpmc.h>
#include <queues/ring_spsc.h>
#include <stdio.h>

int main(void)
{
    const struct q_config four = {.capacity = 4};
    uint64_t first = 0, second = 0;

    struct ring_spsc ring;
    struct ring_spsc_handle r;
    if (ring_spsc_init(&ring, &four) || ring_spsc_attach(&ring, &r, Q_BOTH))
        return 2;
    const bool rings = ring_spsc_push(&ring, &r, 7) == Q_OK &&
                       ring_spsc_pop(&ring, &r, &first) == Q_OK && first == 7;
    ring_spsc_detach(&ring, &r);
    ring_spsc_destroy(&ring);

    struct array_mpmc array;
    struct array_mpmc_handle a;
    if (array_mpmc_init(&array, &four) || array_mpmc_attach(&array, &a, Q_BOTH))
        return 2;
    const bool arrays = array_mpmc_push(&array, &a, 11) == Q_OK &&
                        array_mpmc_pop(&array, &a, &second) == Q_OK && second == 11;
    array_mpmc_detach(&array, &a);
    array_mpmc_destroy(&array);

    puts(rings && arrays ? "both queues carried their item" : "an item was lost");
    return !(rings && arrays);
}
