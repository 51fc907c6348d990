/* xenium_vyukov.cc: xenium::vyukov_bounded_queue. Expect: no violation. */
/* Package: libxenium-dev. Cells with sequence numbers, the idea of queues/array_mpmc.h: two producers,
 * one consumer, two cells, three pushes. */
#include <cassert>
#include <thread>
#include <xenium/vyukov_bounded_queue.hpp>

int main()
{
    xenium::vyukov_bounded_queue<int> queue(2);
    int seen[4] = {0, 0, 0, 0}, pushed[4] = {0, 0, 0, 0};

    std::thread first([&] {
        pushed[1] = queue.try_push(1);
        pushed[2] = queue.try_push(2);
    });
    std::thread second([&] { pushed[3] = queue.try_push(3); });
    int key;
    if (queue.try_pop(key))
        seen[key]++;
    first.join();
    second.join();

    while (queue.try_pop(key))
        seen[key]++;
    for (int i = 1; i <= 3; i++)
        assert(seen[i] == pushed[i]); // once, if the push said so
}
