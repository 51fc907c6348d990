/* queuelab: the command. list · bench · check · study · report · doctor */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/bench.h"
#include "harness/check.h"
#include "harness/doctor.h"
#include "harness/list.h"
#include "harness/report.h"
#include "harness/run.h"
#include "studies/command.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "usage: queuelab COMMAND [OPTION ...]\n"
    "\n"
    "  list      the queues and their classes: [--json | --markdown | --workloads]\n"
    "            --peers     other people's queues: versions, conditions of use, what is missing\n"
    "  bench     measure:    [--plan quick|full] [--budget 90s|20m] [--only REGEX]\n"
    "                        [--class NAME] [--peers] [--compare]\n"
    "                        [--queue REGEX] [--workload REGEX] [--seed N] [--rounds N]\n"
    "                        [--sample-ms X] [--pin spread|compact|none] [--dry-run] [--quiet]\n"
    "                        [--out DIR] [--resume DIR] [--json FILE|-]\n"
    "  check     model-check: [--queue REGEX] [--scenario REGEX] [--model rc11|sc|tso]\n"
    "                        [--all | --most EXECUTIONS] [--jobs N] [--max-seconds S]\n"
    "                        [--expected FILE] [--update] [--json]\n"
    "            --weaken    which memory orders are needed [--table FILE]\n"
    "            --progress  who waits for a stopped thread [--table FILE]\n"
    "%s"
    "  report    REPORT.md from records: --results DIR --report FILE [--data DIR | --check]\n"
    "  doctor    what this machine can tell: [--json]\n"
    "  help      this page\n"
    "\n"
    "Unless said otherwise: --plan quick (--budget 150s; full: 20m), --seed the time, --pin "
    "spread,\n"
    "--model rc11, --jobs 1, --max-seconds 300 (--weaken 60, --progress 5).\n"
    "\n"
    "exit: 0 all well; 1 a violation, a difference from what is committed, a failed sample, or a\n"
    "      report that cannot be made; 2 wrong use; 3 bench, study: a file that cannot be read or\n"
    "      written; check: the time ran out; 4 check: code that cannot be modelled; 130 "
    "interrupted,\n"
    "      what was measured is kept\n"
    "\n"
    "Cells are named workload/family/queue/producers:consumers. --only matches anywhere in that\n"
    "name, --queue and --workload match whole names. docs/METHODOLOGY.md says what is measured.\n";

static int misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int misuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "queuelab: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "; see `queuelab help`\n");
    va_end(args);
    return EXIT_USAGE;
}

/* The next option of argv by long name; -1 at the end. A stray word or an unknown option is
 * complained about here and answers '?'. */
static int next_option(int argc, char **argv, const struct option *options)
{
    opterr = 0;
    const int c = getopt_long(argc, argv, "", options, NULL);
    if (c == '?') {
        if (optopt)
            misuse("%s %s needs a value", argv[0], argv[optind - 1]);
        else
            misuse("%s does not know '%s'", argv[0], argv[optind - 1]);
    } else if (c == -1 && optind < argc) {
        misuse("%s does not know '%s'", argv[0], argv[optind]);
        return '?';
    }
    return c;
}

static bool parse_unsigned(const char *text, uint64_t most, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return end != text && *end == '\0' && errno == 0 && text[0] != '-' && *value <= most;
}

static int command_list(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"markdown", no_argument, NULL, 'm'},
        {"workloads", no_argument, NULL, 'w'},
        {"peers", no_argument, NULL, 'p'},
        {0},
    };
    enum list_form form = LIST_TABLE;
    bool list_the_workloads = false, peers = false;
    for (int c; (c = next_option(argc, argv, options)) != -1;) {
        if (c == '?')
            return EXIT_USAGE;
        if (c == 'w')
            list_the_workloads = true;
        else if (c == 'p')
            peers = true;
        else
            form = c == 'j' ? LIST_JSON : LIST_MARKDOWN;
    }
    if (list_the_workloads)
        list_workloads(stdout);
    else
        list_queues(stdout, form, peers);
    return 0;
}

static int command_bench(int argc, char **argv, const char *command)
{
    enum {
        PLAN,
        BUDGET,
        ONLY,
        QUEUE,
        WORKLOAD,
        ROUNDS,
        SAMPLE,
        SEED,
        PIN,
        OUT,
        JSON,
        RESUME,
        CLASS,
        PEERS,
        COMPARE,
        DRY,
        QUIET
    };
    static const struct option options[] = {
        {"plan", required_argument, NULL, PLAN},
        {"budget", required_argument, NULL, BUDGET},
        {"only", required_argument, NULL, ONLY},
        {"queue", required_argument, NULL, QUEUE},
        {"workload", required_argument, NULL, WORKLOAD},
        {"rounds", required_argument, NULL, ROUNDS},
        {"sample-ms", required_argument, NULL, SAMPLE},
        {"seed", required_argument, NULL, SEED},
        {"pin", required_argument, NULL, PIN},
        {"out", required_argument, NULL, OUT},
        {"json", required_argument, NULL, JSON},
        {"resume", required_argument, NULL, RESUME},
        {"class", required_argument, NULL, CLASS},
        {"peers", no_argument, NULL, PEERS},
        {"compare", no_argument, NULL, COMPARE},
        {"dry-run", no_argument, NULL, DRY},
        {"quiet", no_argument, NULL, QUIET},
        {0},
    };
    struct bench_options o = {
        .plan = {.name = "quick", .pin = "spread", .seed = (uint64_t)time(NULL)},
        .command = command,
    };
    uint64_t number;
    for (int c; (c = next_option(argc, argv, options)) != -1;) {
        switch (c) {
        case PLAN:
            o.plan.name = optarg;
            break;
        case BUDGET:
            if (!((o.plan.budget_s = plan_parse_duration(optarg)) > 0))
                return misuse("--budget '%s' is no duration: write 90s, 20m or 1h", optarg);
            break;
        case ONLY:
            o.plan.only = optarg;
            break;
        case QUEUE:
            o.plan.queue = optarg;
            break;
        case WORKLOAD:
            o.plan.workload = optarg;
            break;
        case ROUNDS:
            if (!parse_unsigned(optarg, 10000, &number) || number == 0)
                return misuse("--rounds '%s' is no number from 1 to 10000", optarg);
            o.plan.rounds = (unsigned)number;
            break;
        case SAMPLE:
            o.plan.sample_ms = strtod(optarg, NULL);
            if (!(o.plan.sample_ms > 0 && o.plan.sample_ms <= 60000))
                return misuse("--sample-ms '%s' is no number above 0 and up to 60000", optarg);
            break;
        case SEED:
            if (!parse_unsigned(optarg, UINT64_MAX >> 1, &o.plan.seed))
                return misuse("--seed '%s' is no whole number from 0 to 2^63-1", optarg);
            break;
        case PIN:
            if (strcmp(optarg, "spread") && strcmp(optarg, "compact") && strcmp(optarg, "none"))
                return misuse("--pin '%s': use spread, compact or none", optarg);
            o.plan.pin = optarg;
            break;
        case OUT:
            o.out = optarg;
            break;
        case JSON:
            o.json = optarg;
            break;
        case RESUME:
            o.out = optarg;
            o.resume = true;
            break;
        case CLASS:
            o.plan.class_name = optarg;
            break;
        case PEERS:
            o.plan.peers = true;
            break;
        case COMPARE:
            o.compare = true;
            break;
        case DRY:
            o.dry_run = true;
            break;
        case QUIET:
            o.quiet = true;
            break;
        default:
            return EXIT_USAGE;
        }
    }
    return bench(&o);
}

static bool parse_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return end != text && *end == '\0' && *seconds >= 0 && *seconds <= 1e6;
}

/* What the options leave open, and what they may not ask for together. 0 or EXIT_USAGE. */
static int complete_check(struct check_options *o, double max_seconds)
{
    static const struct {
        const char *option, *table;
        double max_seconds;
        uint64_t most;
    } mode[] = {[CHECK_SCENARIOS] = {"", NULL, 300, 0},
                [CHECK_WEAKEN] = {"--weaken", "models/necessity.tsv", 60, 6500},
                [CHECK_PROGRESS] = {"--progress", "models/progress.tsv", 5, 1000}};
    const bool sweep = o->mode != CHECK_SCENARIOS;
    o->max_seconds = max_seconds < 0 ? mode[o->mode].max_seconds : max_seconds;
    if (sweep && strcmp(o->model, "rc11"))
        return misuse("%s is of the model rc11 only", mode[o->mode].option);
    if (o->all && o->most)
        return misuse("--all or --most, not both");
    if (!o->all && !o->most)
        o->most = mode[o->mode].most;
    if (!sweep && o->table)
        return misuse("--table goes with --weaken or --progress; the scenarios' is --expected");
    if (sweep && o->update && o->scenario)
        return misuse("%s --update needs all scenarios: leave --scenario out",
                      mode[o->mode].option);
    if (!o->table)
        o->table = mode[o->mode].table;
    return 0;
}

static int command_check(int argc, char **argv)
{
    enum {
        QUEUE,
        SCENARIO,
        MODEL,
        JOBS,
        SECONDS,
        EXPECTED,
        TABLE,
        UPDATE,
        JSON,
        ALL,
        MOST,
        WEAKEN,
        PROGRESS
    };
    static const struct option options[] = {
        {"queue", required_argument, NULL, QUEUE},
        {"scenario", required_argument, NULL, SCENARIO},
        {"model", required_argument, NULL, MODEL},
        {"jobs", required_argument, NULL, JOBS},
        {"max-seconds", required_argument, NULL, SECONDS},
        {"expected", required_argument, NULL, EXPECTED},
        {"table", required_argument, NULL, TABLE},
        {"update", no_argument, NULL, UPDATE},
        {"json", no_argument, NULL, JSON},
        {"all", no_argument, NULL, ALL},
        {"most", required_argument, NULL, MOST},
        {"weaken", no_argument, NULL, WEAKEN},
        {"progress", no_argument, NULL, PROGRESS},
        {0},
    };
    struct check_options o = {.model = "rc11", .expected = "models/expected.tsv", .jobs = 1};
    double max_seconds = -1;
    uint64_t number;
    for (int c; (c = next_option(argc, argv, options)) != -1;) {
        switch (c) {
        case QUEUE:
            o.queue = optarg;
            break;
        case SCENARIO:
            o.scenario = optarg;
            break;
        case MODEL:
            if (strcmp(optarg, "rc11") && strcmp(optarg, "sc") && strcmp(optarg, "tso"))
                return misuse("--model '%s': use rc11, sc or tso", optarg);
            o.model = optarg;
            break;
        case JOBS:
            if (!parse_unsigned(optarg, 256, &number) || number == 0)
                return misuse("--jobs '%s' is no number from 1 to 256", optarg);
            o.jobs = (unsigned)number;
            break;
        case SECONDS:
            if (!parse_seconds(optarg, &max_seconds))
                return misuse("--max-seconds '%s' is no number from 0 (no limit) to 1000000",
                              optarg);
            break;
        case EXPECTED:
            o.expected = optarg;
            break;
        case TABLE:
            o.table = optarg;
            break;
        case UPDATE:
            o.update = true;
            break;
        case JSON:
            o.json = true;
            break;
        case ALL:
            o.all = true;
            break;
        case MOST:
            if (!parse_unsigned(optarg, UINT64_MAX, &o.most) || o.most == 0)
                return misuse("--most '%s' is no number of executions above 0", optarg);
            break;
        case WEAKEN:
        case PROGRESS:
            if (o.mode != CHECK_SCENARIOS)
                return misuse("one of --weaken and --progress at a time");
            o.mode = c == WEAKEN ? CHECK_WEAKEN : CHECK_PROGRESS;
            break;
        default:
            return EXIT_USAGE;
        }
    }
    const int status = complete_check(&o, max_seconds);
    return status ? status : check(&o);
}

static int command_report(int argc, char **argv)
{
    enum { RESULTS, REPORT, DATA, CHECK };
    static const struct option options[] = {
        {"results", required_argument, NULL, RESULTS},
        {"report", required_argument, NULL, REPORT},
        {"data", required_argument, NULL, DATA},
        {"check", no_argument, NULL, CHECK},
        {0},
    };
    const char *results = NULL, *report = NULL, *data = NULL;
    bool check = false;
    for (int c; (c = next_option(argc, argv, options)) != -1;) {
        if (c == '?')
            return EXIT_USAGE;
        if (c == RESULTS)
            results = optarg;
        else if (c == REPORT)
            report = optarg;
        else if (c == DATA)
            data = optarg;
        else
            check = true;
    }
    if (!results || !report)
        return misuse("report needs --results DIR and --report FILE");
    char message[512] = "";
    const int error = check ? report_check(results, report, message, sizeof message)
                            : report_write(results, report, data, message, sizeof message);
    if (error)
        fprintf(stderr, "queuelab: %s\n", message[0] ? message : strerror(error));
    else if (check)
        printf("%s follows from %s\n", report, results);
    return error ? 1 : 0;
}

/* One queue against itself, the way two queues are compared: what difference does the machine make? */
struct noise {
    struct topology topology;
    struct cell a, b;
};

static double measure_noise(void *arg, unsigned pair)
{
    struct noise *n = arg;
    const struct run_options run = {.topology = &n->topology, .target_ns = 10000000};
    struct record first, second;
    struct cell *one = pair % 2 ? &n->b : &n->a, *two = pair % 2 ? &n->a : &n->b;
    if (run_sample(one, &run, &first) || run_sample(two, &run, &second) || !first.ok || !second.ok)
        return NAN;
    const double ratio = log(first.ns_per_item / second.ns_per_item);
    run_release(&first);
    run_release(&second);
    return pair % 2 ? -ratio : ratio;
}

static int command_doctor(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool json = false;
    for (int c; (c = next_option(argc, argv, options)) != -1;) {
        if (c == '?')
            return EXIT_USAGE;
        json = true;
    }
    struct noise noise = {.a = {.workload = workload_find("spsc"),
                                .driver = q_driver_find("ring_spsc", 8, "inline"),
                                .producers = 1,
                                .consumers = 1,
                                .batch = 1,
                                .capacity = 1024,
                                .pin = "spread"}};
    noise.b = noise.a;
    const int error = topology_load(&noise.topology);
    if (error) {
        fprintf(stderr, "queuelab: cannot read the processors of this machine: %s\n",
                strerror(error));
        return 1;
    }
    return doctor(stdout, json, noise.a.driver ? measure_noise : NULL, &noise);
}

int main(int argc, char **argv)
{
    char command[512] = "queuelab";
    for (int i = 1; i < argc; i++) {
        const size_t n = strlen(command);
        snprintf(command + n, sizeof command - n, strpbrk(argv[i], " *()|$'\\\"") ? " '%s'" : " %s",
                 argv[i]);
    }
    if (argc < 2)
        return misuse("no command");
    const char *name = argv[1];
    int status;
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
        (argc == 3 && strcmp(argv[2], "--help") == 0)) { /* study NAME --help has its own */
        printf(usage, study_usage);
        status = 0;
    } else if (strcmp(name, "list") == 0) {
        status = command_list(argc - 1, argv + 1);
    } else if (strcmp(name, "bench") == 0) {
        status = command_bench(argc - 1, argv + 1, command);
    } else if (strcmp(name, "check") == 0) {
        status = command_check(argc - 1, argv + 1);
    } else if (strcmp(name, "study") == 0) {
        status = study_command(argc - 1, argv + 1);
    } else if (strcmp(name, "report") == 0) {
        status = command_report(argc - 1, argv + 1);
    } else if (strcmp(name, "doctor") == 0) {
        status = command_doctor(argc - 1, argv + 1);
    } else {
        return misuse("no command '%s'", name);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "queuelab: cannot write standard output: %s\n", strerror(errno));
        return 1;
    }
    return status;
}
