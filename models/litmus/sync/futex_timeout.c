/* futex_timeout.c: a sleep that nobody ends but its time-out. Expect: no violation. */
#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_int word;

int main(void)
{
    struct timespec start, end;
    const struct timespec second = {.tv_sec = 1};
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &second, NULL, 0) == -1);
    assert(errno == EAGAIN);
    assert(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &second, NULL, 0) == -1);
    assert(errno == ETIMEDOUT);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert(end.tv_sec == start.tv_sec + 1);
    end.tv_sec++;
    assert(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &end, NULL,
                   FUTEX_BITSET_MATCH_ANY) == -1);
    assert(errno == ETIMEDOUT);
    return 0;
}
