#include "harness/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/sample.h"

/* Eight significant digits are more than a measurement holds, and make short records. */
static double tidy(double x)
{
    char text[32];
    snprintf(text, sizeof text, "%.8g", x);
    return strtod(text, NULL);
}

static void tidy_record(struct record *r)
{
    double *const figures[] = {&r->elapsed_ns,      &r->ns_per_item,  &r->items_per_s,
                               &r->rtt_before_ns,   &r->rtt_after_ns, &r->bytes_per_item,
                               &r->rank_error_mean, &r->fair_push,    &r->fair_pop};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        *figures[i] = tidy(*figures[i]);
}

static struct histogram *copy_histogram(const struct histogram *h, bool present)
{
    struct histogram *copy = present ? malloc(sizeof *copy) : NULL;
    if (copy)
        *copy = *h;
    return copy;
}

/* Runs the sample in a child; the parent sleeps until the child's end of a pipe closes. */
static int sample_in_child(const struct cell *c, const struct run_options *o, struct result *result)
{
    int alive[2];
    if (pipe2(alive, O_CLOEXEC) != 0)
        return errno;
    fflush(NULL);
    const pid_t child = fork();
    if (child < 0) {
        const int error = errno;
        close(alive[0]);
        close(alive[1]);
        return error;
    }
    if (child == 0) {
        close(alive[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a killed run leaves nothing behind */
        sample_take(c, o, result);
        _exit(0);
    }
    close(alive[1]);
    const uint64_t limit = sample_timeout_ns(o) + 2000000000u;
    const uint64_t deadline = clock_monotonic_ns() + limit;
    bool over = false;
    for (uint64_t now; !over && (now = clock_monotonic_ns()) < deadline;) {
        struct pollfd end = {.fd = alive[0], .events = POLLIN};
        over = poll(&end, 1, (int)((deadline - now) / 1000000u) + 1) == 1;
    }
    close(alive[0]);
    if (!over)
        kill(child, SIGKILL); /* it did not even hear `stop` */
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (a_load(&result->done, acquire))
        return 0;
    result->record.error[0] = '\0';
    if (!over)
        judge_fail(&result->record, "hung: no thread heard the call to stop, killed after %.0f s",
                   (double)limit / 1e9);
    else if (WIFSIGNALED(status))
        judge_fail(&result->record, "crashed: %s", strsignal(WTERMSIG(status)));
    else
        judge_fail(&result->record, "its process left early with status %d", WEXITSTATUS(status));
    return 0;
}

int run_sample(struct cell *c, const struct run_options *o, struct record *r)
{
    clock_calibrate(); /* before fork: children share the card */
    struct result *result =
        mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED)
        return errno;
    histogram_clear(&result->push);
    histogram_clear(&result->pop);
    histogram_clear(&result->sojourn);
    cell_describe(c, &result->record);
    result->record.ok = true;
    if (o->in_process) {
        sample_take(c, o, result);
    } else {
        fflush(NULL);
        const int error = sample_in_child(c, o, result);
        if (error) {
            munmap(result, sizeof *result);
            return error;
        }
    }
    tidy_record(&result->record);
    *r = result->record;
    r->push = copy_histogram(&result->push, r->ok && result->has_push);
    r->pop = copy_histogram(&result->pop, r->ok && result->has_pop);
    r->sojourn = copy_histogram(&result->sojourn, r->ok && result->has_sojourn);
    if (r->ok && r->ns_per_item > 0 && !cell_timed(c))
        c->ns_per_item = r->ns_per_item;
    munmap(result, sizeof *result);
    return 0;
}

void run_release(struct record *r)
{
    free(r->push);
    free(r->pop);
    free(r->sojourn);
    r->push = r->pop = r->sojourn = NULL;
}
