/* remove_same.c: two removes of one key, beside an insert of it. Expect: no violation. */
#include "studies/maps/models/client.h"

static unsigned taken, put_there;
static uint64_t got[2];
THREAD(one)
{
    if (take(h, 1, &got[0]) != MAP_OK)
        got[0] = 0;
}
THREAD(two)
{
    if (take(h, 1, &got[1]) != MAP_OK)
        got[1] = 0;
    else if (insert(h, 1, 30) == MAP_OK)
        put_there = 1;
}

int main(void)
{
    begin();
    put(1, 10);
    RUN(one, two);
    /* 10 goes to one of them; 30 to nobody but the first. */
    taken = (got[0] == 10) + (got[1] == 10);
    assert(taken == 1 && got[1] != 30);
    assert(got[0] != 30 || put_there);
    assert(value_of(1) == (put_there && got[0] != 30 ? 30 : UINT64_MAX));
    OP(_destroy)(&map);
}
