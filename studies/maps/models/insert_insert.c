/* insert_insert.c: two inserts of one key: one is first. Expect: no violation. */
#include "studies/maps/models/client.h"

static enum map_status first, second;
THREAD(one) { first = insert(h, 7, 10); }
THREAD(two) { second = insert(h, 7, 20); }

int main(void)
{
    begin();
    RUN(one, two);
    assert((first == MAP_OK) + (second == MAP_OK) == 1);
    assert(first == MAP_OK ? second == MAP_PRESENT : first == MAP_PRESENT);
    assert(value_of(7) == (first == MAP_OK ? 10 : 20));
    assert(OP(_size)(&map) == 1);
    OP(_destroy)(&map);
}
