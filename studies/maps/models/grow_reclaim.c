/* grow_reclaim.c: tables are outgrown and freed while a find is in one. Expect: no violation. */
#include "studies/maps/models/client.h"

THREAD(grower)
{
    for (uint64_t key = 2; key <= 4; key++)
        assert(insert(h, key, 10 * key) == MAP_OK);
}
THREAD(reader)
{
    uint64_t value;
    assert(find(h, 1, &value) == MAP_OK && value == 10);
}

int main(void)
{
    begin();
    put(1, 10);
    RUN(grower, reader);
    assert(a_load(&map.root, relaxed)->mask == 7); /* it grew twice */
    OP(_destroy)(&map);
}
