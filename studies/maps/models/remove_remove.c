/* remove_remove.c: two neighbours are removed, and stay so. Expect: no violation. */
#include "studies/maps/models/client.h"

THREAD(one)
{
    uint64_t value;
    assert(take(h, 1, &value) == MAP_OK && value == 10);
}
THREAD(two)
{
    uint64_t value;
    assert(take(h, 2, &value) == MAP_OK && value == 20);
}

int main(void)
{
    begin();
    put(1, 10);
    put(2, 20);
    RUN(one, two);
    assert(value_of(1) == UINT64_MAX);
    assert(value_of(2) == UINT64_MAX);
    OP(_destroy)(&map);
}
