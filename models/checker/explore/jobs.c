/* jobs.c: several processes explore parts of one tree; how far it all is, on stderr. */
#include "models/checker/explore/jobs.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "models/checker/explore/engine.h"

enum { GRAPH_BYTES = sizeof(struct graph) + 64, LOCATION_BYTES = 64 << 10 };

/* Shared by all processes of one jobs_run. */
struct board {
    _Atomic size_t next; /* the first item that nobody has taken */
    atomic_bool stop, restart;
    struct slot {
        struct explore_result result;
        atomic_bool left_over; /* it stopped before its items were done */
        bool has_graph;
        unsigned char graph[GRAPH_BYTES], locations[LOCATION_BYTES]; /* which it names by number */
    } slot[];
};

static struct board *board;
static bool restarted;

bool jobs_stopped(void) { return board && atomic_load(&board->stop); }
void jobs_restart(void)
{
    if (board)
        atomic_store(&board->restart, true);
}
bool jobs_restarted(void) { return restarted; }

static void job(struct slot *s, size_t items, bool (*work)(size_t item, struct explore_result *r))
{
    for (size_t i; (i = atomic_fetch_add(&board->next, 1)) < items;) {
        if (jobs_stopped() || !work(i, &s->result)) {
            atomic_store(&s->left_over, true);
            atomic_store(&board->stop, true);
            break;
        }
    }
    if (s->result.failed && graph_saved_bytes(s->result.failed) <= GRAPH_BYTES) {
        size_t n;
        const void *locations = step_locations(&n);
        memcpy(s->graph, s->result.failed, graph_saved_bytes(s->result.failed));
        memcpy(s->locations, locations, n < LOCATION_BYTES ? n : LOCATION_BYTES);
        s->has_graph = true;
    }
    _exit(0);
}

static void show(unsigned jobs, const struct explore_result *before, double started)
{
    struct explore_result sum = *before;
    struct timespec t;
    for (unsigned j = 0; j < jobs; j++)
        explore_add(&sum, &board->slot[j].result);
    clock_gettime(CLOCK_MONOTONIC, &t);
    progress_show(&sum, (double)t.tv_sec + 1e-9 * (double)t.tv_nsec - started);
}

bool jobs_run(unsigned jobs, size_t items, bool (*work)(size_t item, struct explore_result *r),
              struct explore_result *total, double started)
{
    const size_t bytes = sizeof *board + jobs * sizeof board->slot[0];
    restarted = false;
    board = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) {
        board = NULL;
        fault_raise(FAULT_UNBOUNDED, NULL, 0, "no memory for %u jobs: %s", jobs, strerror(errno));
    }
    const struct explore_result before = *total;
    fflush(NULL);
    unsigned alive = 0;
    for (unsigned j = 0; j < jobs; j++) {
        const pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            job(&board->slot[j], items, work);
        }
        if (child < 0)
            break; /* the others do its share */
        alive++;
    }
    if (alive == 0)
        fault_raise(FAULT_UNBOUNDED, NULL, 0, "cannot start a job: %s", strerror(errno));
    bool whole = true;
    while (alive) {
        int status;
        const pid_t child = waitpid(-1, &status, WNOHANG);
        if (child > 0) {
            alive--;
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                whole = false; /* killed: what it did not finish is missing */
                atomic_store(&board->stop, true);
            }
        } else if (child < 0 && errno != EINTR) {
            break;
        } else {
            poll(NULL, 0, 20);
            show(jobs, &before, started);
        }
    }
    for (unsigned j = 0; j < jobs; j++) {
        struct slot *s = &board->slot[j];
        s->result.failed = s->has_graph ? graph_saved_clone(s->graph) : NULL;
        if (s->has_graph && total->fault.kind == FAULT_NONE) {
            size_t n;
            void *locations = step_locations(&n);
            memcpy(locations, s->locations, n);
        }
        explore_add(total, &s->result);
        whole = whole && !atomic_load(&s->left_over);
    }
    restarted = atomic_load(&board->restart);
    munmap(board, bytes);
    board = NULL;
    return whole;
}

/* ---- progress ---------------------------------------------------------------------------- */

static double shown;
static bool line_open;

void progress_show(const struct explore_result *r, double seconds)
{
    const bool terminal = isatty(2);
    if (seconds - shown < (terminal ? 0.3 : 10))
        return;
    shown = seconds;
    const double executions = (double)(r->complete + r->blocked);
    const double share = r->explored > 0 ? r->explored : 0;
    fprintf(stderr, "%s  %.0f executions", terminal ? "\r\033[K" : "", executions);
    if (share > 1e-6 && share < 1)
        fprintf(stderr, " of about %.3g, %.1f %% of the tree, %.0f s, about %.0f s left",
                executions / share, 100 * share, seconds, seconds * (1 - share) / share);
    if (!terminal)
        fputc('\n', stderr);
    line_open = terminal;
}

void progress_clear(void)
{
    if (line_open)
        fputs("\r\033[K", stderr);
    line_open = false;
    shown = 0;
}
