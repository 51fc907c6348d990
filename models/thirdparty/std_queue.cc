/* std_queue.cc: std::shared_ptr, std::mutex, std::condition_variable. Expect: no violation. */
/* Package: none. What libstdc++ itself does between threads must be found right, or nothing that is
 * said about other libraries counts. */
#include <cassert>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

class queue
{
    std::mutex lock;
    std::condition_variable filled;
    std::deque<std::shared_ptr<int>> items;

  public:
    void push(std::shared_ptr<int> item)
    {
        {
            std::lock_guard<std::mutex> hold(lock);
            items.push_back(std::move(item));
        }
        filled.notify_one();
    }
    std::shared_ptr<int> pop()
    {
        std::unique_lock<std::mutex> hold(lock);
        filled.wait(hold, [this] { return !items.empty(); });
        std::shared_ptr<int> item = items.front();
        items.pop_front();
        return item;
    }
};

int main()
{
    queue q;
    int sum = 0;
    std::thread producer([&] {
        const auto both = std::make_shared<int>(21); // two owners in two threads
        q.push(both);
        q.push(both);
    });
    std::thread consumer([&] {
        for (int i = 0; i < 2; i++)
            sum += *q.pop();
    });
    producer.join();
    consumer.join();
    assert(sum == 42);
}
