/* boost_spsc.cc: boost::lockfree::spsc_queue. Expect: no violation. */
/* Package: libboost-dev. One producer, one consumer, room for two items, three pushes: it is full,
 * and its places are used again. */
#include <boost/lockfree/spsc_queue.hpp>
#include <cassert>
#include <thread>

struct item {
    int key;
    int note; // written before the push: there for whoever pops the item
};

int main()
{
    boost::lockfree::spsc_queue<item, boost::lockfree::capacity<2>> queue;
    int pushed = 0, popped = 0, last = 0;

    std::thread producer([&] {
        for (int key = 1; key <= 3; key++)
            if (queue.push(item{key, 10 * key}))
                pushed++;
    });
    std::thread consumer([&] {
        item one;
        for (int i = 0; i < 2; i++)
            if (queue.pop(one)) {
                assert(one.note == 10 * one.key);
                assert(one.key > last); // first in, first out; a refused key is missing
                last = one.key;
                popped++;
            }
    });
    producer.join();
    consumer.join();

    item one;
    while (queue.pop(one)) {
        assert(one.key > last);
        last = one.key;
        popped++;
    }
    assert(popped == pushed && pushed >= 2);
}
