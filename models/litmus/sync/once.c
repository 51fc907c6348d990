/* once.c: pthread_once and call_once. Expect: no violation. */
/* Each function runs once, and before any caller goes on. */
#include <assert.h>
#include <pthread.h>
#include <threads.h>

static pthread_once_t control = PTHREAD_ONCE_INIT;
static once_flag flag = ONCE_FLAG_INIT;
static int a, b;

static void make_a(void) { a++; }
static void make_b(void) { b++; }

static void *use(void *arg)
{
    pthread_once(&control, make_a);
    call_once(&flag, make_b);
    assert(a == 1 && b == 1);
    return arg;
}

int main(void)
{
    pthread_t t, u;
    pthread_create(&t, NULL, use, NULL);
    pthread_create(&u, NULL, use, NULL);
    use(NULL);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
    return 0;
}
