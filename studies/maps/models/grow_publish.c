/* grow_publish.c: what was written before an insert is there behind a move, too. Expect: no violation. */
#include "studies/maps/models/client.h"

static int written;
THREAD(writer)
{
    written = 1;
    assert(insert(h, 1, 10) == MAP_OK);
}
THREAD(grower)
{
    uint64_t value;
    assert(insert(h, 2, 20) == MAP_OK);
    if (find(h, 1, &value) == MAP_OK)
        assert(value == 10 && written == 1);
}

int main(void)
{
    begin();
    RUN(writer, grower);
    assert(value_of(1) == 10 && value_of(2) == 20);
    OP(_destroy)(&map);
}
