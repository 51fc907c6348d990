/* boost_queue_two.cc: boost::lockfree::queue, two producers. Expect: data race. */
/* Package: libboost-dev. The library's own, in Boost 1.74. Its users met it under ThreadSanitizer:
 * boostorg/lockfree #78 (the queue) and #22 (the stack), both open when this was written.
 *
 * The free list keeps its link in the bytes that hold `next`, an atomic, while the node is in the
 * queue. The link is a plain variable (freelist.hpp, tagged_index):
 *
 * 1. Two pushes both see the same first free node. 2. One gets it by its compare-and-swap and
 * initialises the node: an atomic store to `next`. 3. The other, late, reads the link there, plainly,
 * to prepare a compare-and-swap that is bound to fail, for the tag has moved.
 *
 * What was read is thrown away, so common machines forgive it. In C++ it is a data race: a plain read
 * and a write with nothing between the two that orders them. The tag guards the compare-and-swap and
 * not the read before it. Repair, in the library: the link is an atomic too, accessed relaxed. */
#include <boost/lockfree/queue.hpp>
#include <thread>

using fixed = boost::lockfree::fixed_sized<true>;

int main()
{
    boost::lockfree::queue<int, fixed, boost::lockfree::capacity<2>> queue;
    std::thread other([&] { queue.push(1); });
    queue.push(2);
    other.join();
}
