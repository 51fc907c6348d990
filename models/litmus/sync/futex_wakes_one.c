/* futex_wakes_one.c: two sleepers, and only one is woken. Expect: lost wake-up. */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int gate;

static void *pass(void *arg)
{
    while (!atomic_load(&gate))
        syscall(SYS_futex, &gate, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    return arg;
}

int main(void)
{
    pthread_t t, u;
    pthread_create(&t, NULL, pass, NULL);
    pthread_create(&u, NULL, pass, NULL);
    atomic_store(&gate, 1);
    syscall(SYS_futex, &gate, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
    return 0;
}
