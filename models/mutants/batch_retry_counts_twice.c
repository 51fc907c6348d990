/* batch_retry_counts_twice.c: an error in a batch leaves half of it done. Expect: assertion. */
/* The batch lock of "Phase 6: Lock-Free Structures": `for record in batch {
 * guard.execute(record)?; }`, called "logic unchanged".
 *
 * 1. The first record of the batch is applied. 2. The second one fails, and `?` leaves the loop
 * and the lock. 3. The caller tries the batch again: the first record counts twice.
 *
 * Repair: apply to a copy and publish it at the end, or number the records and skip what was
 * applied. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t engine = PTHREAD_MUTEX_INITIALIZER;
static int applied[2];
static bool failed_once;

static bool execute_with_record(int record)
{
    if (record == 1 && !failed_once) {
        failed_once = true;
        return false;
    }
    applied[record]++;
    return true;
}

static bool execute_batch(void)
{
    bool ok = true;
    pthread_mutex_lock(&engine);
    for (int record = 0; record < 2 && ok; record++)
        ok = execute_with_record(record);
    pthread_mutex_unlock(&engine);
    return ok;
}

static void *worker(void *arg)
{
    (void)arg;
    while (!execute_batch())
        ;
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {worker};
    pthread_t thread[1];
    for (int i = 0; i < 1; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 1; i++)
        pthread_join(thread[i], NULL);
    assert(applied[0] == 1 && applied[1] == 1);
    return 0;
}
