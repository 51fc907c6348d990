/* insert_remove.c: a key is removed while a neighbour is inserted. Expect: no violation. */
/* What the document's list loses: the neighbour hangs on the entry that is taken out. */
#include "studies/maps/models/client.h"

THREAD(remover)
{
    uint64_t value;
    assert(take(h, 1, &value) == MAP_OK && value == 10);
}
THREAD(inserter) { assert(insert(h, 2, 20) == MAP_OK); }

int main(void)
{
    begin();
    put(1, 10);
    RUN(remover, inserter);
    assert(value_of(1) == UINT64_MAX);
    assert(value_of(2) == 20);
    assert(OP(_size)(&map) == 1);
    OP(_destroy)(&map);
}
