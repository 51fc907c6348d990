/* grow_remove.c: a remove beside an insert that makes the table grow. Expect: no violation. */
#include "studies/maps/models/client.h"

THREAD(grower) { assert(insert(h, 2, 20) == MAP_OK); }
THREAD(remover)
{
    uint64_t value;
    assert(take(h, 1, &value) == MAP_OK && value == 10);
}

int main(void)
{
    begin();
    put(1, 10);
    RUN(grower, remover);
    assert(value_of(1) == UINT64_MAX);
    assert(value_of(2) == 20);
    OP(_destroy)(&map);
}
