/* moodycamel_mpmc.cc: moodycamel::ConcurrentQueue. Expect: no violation. */
/* Package: libconcurrentqueue-dev. Two producers without tokens, one consumer. Order is promised for
 * each producer only. */
#include <cassert>
#include <concurrentqueue/concurrentqueue.h>
#include <thread>

// Small tables: what is checked is the protocol, and every array that is cleared costs time.
struct small : moodycamel::ConcurrentQueueDefaultTraits {
    static const size_t BLOCK_SIZE = 2;
    static const size_t EXPLICIT_INITIAL_INDEX_SIZE = 2;
    static const size_t IMPLICIT_INITIAL_INDEX_SIZE = 2;
    static const size_t INITIAL_IMPLICIT_PRODUCER_HASH_SIZE = 2;
};

int main()
{
    moodycamel::ConcurrentQueue<int, small> queue(4);
    int seen[3] = {0, 0, 0};

    std::thread first([&] { assert(queue.enqueue(1)); });
    std::thread second([&] { assert(queue.enqueue(2)); });
    int key;
    if (queue.try_dequeue(key))
        seen[key]++;
    first.join();
    second.join();

    while (queue.try_dequeue(key))
        seen[key]++;
    assert(seen[1] == 1 && seen[2] == 1); // each item once
}
