/* litmus.c: the command line tool: a litmus program's executions, by the checker and by
 * enumeration.
 *
 *   litmus 'x=1 rel; y || y rlx; x acq' [--model rc11|sc|tso] [--pldi17]
 *   litmus --random 10000 --seed 1                 compares that many programs drawn by chance
 *   litmus --random 500 --large                    larger ones: the policies with each other
 *   litmus --counts models/litmus/counts.tsv       compares with known numbers of graphs
 *
 * Exit codes: 0 all agree, 1 something differs, 2 usage. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "models/litmus/compare.h"
#include "models/litmus/enumerate.h"
#include "models/litmus/random.h"
#include "models/litmus/run.h"

enum { DIFFERS = 1, USAGE = 2, SHOWN_MAX = 10 };

static const double candidates_max = 5e6; /* some seconds of enumeration */

static char running[LITMUS_TEXT]; /* the program to blame for a crash */

static void crashed(int signal_number)
{
    static const char text[] = "litmus: the checker crashed with: ";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0 ||
        write(STDERR_FILENO, running, strlen(running)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
        _exit(DIFFERS);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static int usage(const char *problem)
{
    fprintf(
        stderr,
        "litmus: %s\n"
        "  litmus 'x=1 rel; y || y rlx; x acq' [--model rc11|sc|tso] [--pldi17]\n"
        "  litmus --random N [--seed S]    compare N programs drawn by chance\n"
        "  litmus --random N --large       ... too large for the enumeration: the checker's two\n"
        "                                  policies with each other and with a machine\n"
        "  litmus --counts FILE            compare with known numbers of graphs\n",
        problem);
    return USAGE;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- one program --------------------------------------------------------------------------- */

static int show(const struct litmus *p, enum memory m)
{
    struct executions engine = {0}, naive[MEMORIES] = {{0}};
    const bool enumerable = enumerate_candidates(p) <= candidates_max;
    char why[1024];
    const bool ran = run_litmus(p, m, false, &engine, why, sizeof why);
    if (enumerable)
        enumerate(p, 1u << m, naive);
    printf("%s: %zu execution graphs\n", memory_names[m], engine.n);
    if (enumerable)
        printf("by enumeration: %zu\n", naive[m].n);
    else
        printf("by enumeration: too large for it\n");
    printf("%8s%s  outcome: values read : last values\n", "graphs",
           enumerable ? "    naive  " : "");
    const size_t outcomes = executions_table(stdout, p, &engine, enumerable ? &naive[m] : NULL);
    printf("%zu outcomes\n", outcomes);
    int status = EXIT_SUCCESS;
    if (!ran) {
        printf("the checker: %s\n", why);
        status = DIFFERS;
    }
    if (enumerable && !compare(p, 1u << m, why, sizeof why)) {
        printf("THEY DIFFER: %s\n", why);
        status = DIFFERS;
    }
    executions_clear(&engine);
    for (unsigned k = 0; k < MEMORIES; k++)
        executions_clear(&naive[k]);
    return status;
}

/* ---- many ---------------------------------------------------------------------------------- */

static void blame(struct litmus *p, comparison *agrees)
{
    char text[LITMUS_TEXT], why[1024];
    litmus_print(p, text, sizeof text);
    printf("DIFFERS  %s\n", text);
    compare_shrink(p, agrees, COMPARE_ALL, why, sizeof why);
    litmus_print(p, text, sizeof text);
    printf("  smaller: %s\n  %s\n", text, why);
    fflush(stdout);
}

static int random_programs(unsigned long n, uint64_t seed, bool large)
{
    comparison *const agrees = large ? compare_policies : compare;
    struct stats_random r;
    stats_random_seed(&r, seed);
    unsigned long differ = 0;
    const double begin = now_s();
    for (unsigned long i = 0; i < n && differ < SHOWN_MAX; i++) {
        struct litmus p;
        char why[1024];
        litmus_random(&p, &r, large);
        litmus_print(&p, running, sizeof running);
        if (!agrees(&p, COMPARE_ALL, why, sizeof why)) {
            differ++;
            blame(&p, agrees);
        }
        if (isatty(STDERR_FILENO) && i % 100 == 99)
            fprintf(stderr, "\r%lu of %lu programs, %lu differ ", i + 1, n, differ);
    }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%60s\r", "");
    if (differ == SHOWN_MAX)
        printf("stopped at %lu programs that differ\n", differ);
    else
        printf("%lu programs (seed %lu), each under 4 models, 2 policies: %lu differ, %.1f s\n", n,
               (unsigned long)seed, differ, now_s() - begin);
    return differ ? DIFFERS : EXIT_SUCCESS;
}

static int known_counts(const char *path)
{
    FILE *const f = fopen(path, "r");
    if (!f) {
        fprintf(stderr, "litmus: %s: %s\n", path, strerror(errno));
        return USAGE;
    }
    char line[LITMUS_TEXT + 128];
    unsigned rows = 0, differ = 0;
    while (fgets(line, sizeof line, f)) {
        struct litmus_count c;
        struct litmus p;
        char why[1024];
        const int kind = litmus_count_parse(&c, line);
        if (kind == 0)
            continue;
        if (kind < 0 || !litmus_parse(&p, c.text, why, sizeof why)) {
            fprintf(stderr, "litmus: %s: cannot read the line\n  %s", path, line);
            fclose(f);
            return USAGE;
        }
        memcpy(running, c.text, sizeof running);
        struct executions rc11 = {0}, sc = {0};
        rows++;
        if (!run_litmus(&p, MEMORY_RC11, false, &rc11, why, sizeof why) ||
            !run_litmus(&p, MEMORY_SC, false, &sc, why, sizeof why)) {
            differ++;
            printf("DIFFERS  %s\n  %s\n", c.text, why);
        } else if (rc11.n != c.rc11 || sc.n != c.sc) {
            differ++;
            printf("DIFFERS  %s\n  rc11: %zu graphs, known: %zu; sc: %zu, known: %zu\n", c.text,
                   rc11.n, c.rc11, sc.n, c.sc);
        }
        executions_clear(&rc11);
        executions_clear(&sc);
    }
    fclose(f);
    printf("%u programs, %u differ\n", rows, differ);
    return differ || !rows ? DIFFERS : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    enum { RANDOM = 256, SEED, COUNTS, MODEL, PLDI17, LARGE };
    static const struct option options[] = {
        {"random", required_argument, NULL, RANDOM},
        {"seed", required_argument, NULL, SEED},
        {"counts", required_argument, NULL, COUNTS},
        {"model", required_argument, NULL, MODEL},
        {"pldi17", no_argument, NULL, PLDI17},
        {"large", no_argument, NULL, LARGE},
        {NULL, 0, NULL, 0},
    };
    unsigned long programs = 0;
    uint64_t seed = 1;
    const char *counts = NULL;
    enum memory m = MEMORY_RC11;
    bool pldi17 = false, large = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        char *end = "";
        if (option == RANDOM)
            programs = strtoul(optarg, &end, 10);
        else if (option == SEED)
            seed = strtoull(optarg, &end, 10);
        else if (option == COUNTS)
            counts = optarg;
        else if (option == LARGE)
            large = true;
        else if (option == PLDI17)
            pldi17 = true;
        else if (option != MODEL)
            return usage("unknown option");
        else if (strcmp(optarg, "sc") == 0)
            m = MEMORY_SC;
        else if (strcmp(optarg, "tso") == 0)
            m = MEMORY_TSO;
        else if (strcmp(optarg, "rc11") != 0)
            return usage("--model is rc11, sc or tso");
        if (*end)
            return usage("--random and --seed want a number");
    }
    if (pldi17 && m != MEMORY_RC11)
        return usage("--pldi17 is a variant of rc11");
    if (optind + !(programs || counts) != argc)
        return usage("give one program, or --random N, or --counts FILE");
    const int error = run_litmus_init();
    if (error) {
        fprintf(stderr, "litmus: memory for the programs: %s\n", strerror(error));
        return DIFFERS;
    }
    signal(SIGSEGV, crashed);
    signal(SIGABRT, crashed);
    if (counts)
        return known_counts(counts);
    if (programs)
        return random_programs(programs, seed, large);
    struct litmus p;
    char why[256];
    if (!litmus_parse(&p, argv[optind], why, sizeof why))
        return usage(why);
    litmus_print(&p, running, sizeof running);
    return show(&p, pldi17 ? MEMORY_PLDI17 : m);
}
