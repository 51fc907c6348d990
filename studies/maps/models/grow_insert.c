/* grow_insert.c: two inserts of one key, the table too small for both. Expect: no violation. */
#include "studies/maps/models/client.h"

static enum map_status status[2];
THREAD(one) { status[0] = insert(h, 2, 20); }
THREAD(two) { status[1] = insert(h, 2, 30); }

int main(void)
{
    begin();
    put(1, 10);
    RUN(one, two);
    assert((status[0] == MAP_OK) + (status[1] == MAP_OK) == 1);
    assert(value_of(1) == 10);
    assert(value_of(2) == (status[0] == MAP_OK ? 20 : 30));
    assert(OP(_size)(&map) == 2);
    OP(_destroy)(&map);
}
