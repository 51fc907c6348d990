/* xenium_michael_scott.cc: xenium::michael_scott_queue. Expect: no violation. */
/* Package: libxenium-dev. The linked list of Michael and Scott with hazard pointers: one producer, one
 * consumer, two pops, so that a node is retired while the other thread may look at it. */
#include <cassert>
#include <thread>
#include <xenium/michael_scott_queue.hpp>
#include <xenium/reclamation/hazard_pointer.hpp>

using namespace xenium;
using two_each = policy::allocation_strategy<reclamation::hp_allocation::static_strategy<2>>;
using hazards = reclamation::hazard_pointer<>::with<two_each>;

int main()
{
    michael_scott_queue<int, policy::reclaimer<hazards>> queue;
    int popped = 0, last = 0, key;

    std::thread producer([&] {
        queue.push(1);
        queue.push(2);
    });
    for (int i = 0; i < 2; i++)
        if (queue.try_pop(key)) {
            assert(key == last + 1);
            last = key;
            popped++;
        }
    producer.join();

    while (queue.try_pop(key)) {
        assert(key == last + 1);
        last = key;
        popped++;
    }
    assert(popped == 2);
}
