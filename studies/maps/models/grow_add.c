/* grow_add.c: an update in place beside an insert that makes the table grow. Expect: no violation. */
#include "studies/maps/models/client.h"

THREAD(grower) { assert(insert(h, 2, 20) == MAP_OK); }
THREAD(counter)
{
    uint64_t before;
    assert(add(h, 1, 1, &before) == MAP_OK && before == 10);
}

int main(void)
{
    begin();
    put(1, 10);
    RUN(grower, counter);
    assert(value_of(1) == 11);
    assert(value_of(2) == 20);
    OP(_destroy)(&map);
}
