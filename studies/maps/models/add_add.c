/* add_add.c: two threads count under one key that is not there yet. Expect: no violation. */
#include "studies/maps/models/client.h"

static uint64_t before[2];
static enum map_status status[2];
THREAD(one) { status[0] = add(h, 3, 1, &before[0]); }
THREAD(two) { status[1] = add(h, 3, 2, &before[1]); }

int main(void)
{
    begin();
    RUN(one, two);
    assert(value_of(3) == 3);
    assert((status[0] == MAP_ABSENT) + (status[1] == MAP_ABSENT) == 1);
    assert(status[0] == MAP_ABSENT ? before[0] == 0 && before[1] == 1
                                   : before[1] == 0 && before[0] == 2);
    OP(_destroy)(&map);
}
