/* boost_queue.cc: boost::lockfree::queue, one producer. Expect: no violation. */
/* Package: libboost-dev. Nodes are indices with tags, as many as there is room, and used again: one
 * producer, one consumer, room for one, two pushes. With two producers: boost_queue_two.cc. */
#include <boost/lockfree/queue.hpp>
#include <cassert>
#include <thread>

using fixed = boost::lockfree::fixed_sized<true>;

int main()
{
    boost::lockfree::queue<int, fixed, boost::lockfree::capacity<1>> queue;
    int pushed = 0, popped = 0, last = 0, key;

    std::thread producer([&] {
        pushed += queue.push(1);
        pushed += queue.push(2);
    });
    if (queue.pop(key)) {
        last = key;
        popped++;
    }
    producer.join();

    while (queue.pop(key)) {
        assert(key > last);
        last = key;
        popped++;
    }
    assert(popped == pushed && pushed >= 1);
}
