/* moodycamel_spsc.cc: moodycamel::ReaderWriterQueue. Expect: no violation. */
/* Package: libreaderwriterqueue-dev. One producer, one consumer. A block holds one item here, so that
 * both ends move from block to block and one is added. */
#include <cassert>
#include <readerwriterqueue/readerwriterqueue.h>
#include <thread>

struct item {
    int key;
    int note; // written before the push: there for whoever pops the item
};

int main()
{
    moodycamel::ReaderWriterQueue<item, 2> queue(1);
    int popped = 0, last = 0;

    std::thread producer([&] {
        for (int key = 1; key <= 2; key++)
            assert(queue.enqueue(item{key, 10 * key}));
    });
    std::thread consumer([&] {
        item one;
        for (int i = 0; i < 2; i++)
            if (queue.try_dequeue(one)) {
                assert(one.note == 10 * one.key);
                assert(one.key == last + 1); // first in, first out
                last = one.key;
                popped++;
            }
    });
    producer.join();
    consumer.join();

    item one;
    while (queue.try_dequeue(one)) { // what is left, in order
        assert(one.key == last + 1);
        last = one.key;
        popped++;
    }
    assert(popped == 2);
}
