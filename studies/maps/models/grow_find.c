/* grow_find.c: a find beside an insert that makes the table grow. Expect: no violation. */
/* The old table is retired by the insert, and freed when nobody can be in it. */
#include "studies/maps/models/client.h"

THREAD(grower) { assert(insert(h, 2, 20) == MAP_OK); }
THREAD(reader)
{
    uint64_t value;
    assert(find(h, 1, &value) == MAP_OK && value == 10);
    const bool there = find(h, 2, &value) == MAP_OK;
    assert(!there || value == 20);
}

int main(void)
{
    begin();
    put(1, 10);
    RUN(grower, reader);
    for (uint64_t key = 1; key <= 2; key++)
        assert(value_of(key) == 10 * key);
    assert(a_load(&map.root, relaxed)->mask == 3); /* it did grow */
    OP(_destroy)(&map);
}
