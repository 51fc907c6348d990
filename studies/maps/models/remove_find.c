/* remove_find.c: finds beside a remove: there, then gone, never back. Expect: no violation. */
/* And what was written before the insert is there for who finds the value. */
#include "studies/maps/models/client.h"

static int written;
THREAD(writer)
{
    uint64_t value;
    written = 1;
    assert(insert(h, 1, 10) == MAP_OK);
    assert(take(h, 1, &value) == MAP_OK && value == 10);
}
THREAD(reader)
{
    uint64_t value;
    bool seen = false, gone = false;
    for (int i = 0; i < 2; i++) {
        const bool there = find(h, 1, &value) == MAP_OK;
        assert(!there || (value == 10 && written == 1));
        assert(!(gone && there));
        gone |= seen && !there;
        seen |= there;
    }
}

int main(void)
{
    begin();
    RUN(writer, reader);
    assert(value_of(1) == UINT64_MAX);
    OP(_destroy)(&map);
}
