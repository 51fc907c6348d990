/* reclaim.c: an entry is removed and freed while a find stands on it. Expect: no violation. */
#include "studies/maps/models/client.h"

THREAD(remover)
{
    uint64_t value;
    assert(take(h, 1, &value) == MAP_OK);
    assert(insert(h, 3, 30) == MAP_OK);
    assert(take(h, 3, &value) == MAP_OK);
}
THREAD(reader)
{
    uint64_t value;
    assert(find(h, 2, &value) == MAP_OK && value == 20);
}

int main(void)
{
    begin();
    put(1, 10);
    put(2, 20);
    RUN(remover, reader);
    assert(value_of(2) == 20);
    OP(_destroy)(&map);
}
