/* main.c: queuelab-model: explores one program that build_subject.sh made. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/checker/hooks/crash.h"
#include "models/checker/explore/explore.h"
#include "models/checker/explore/sites.h"
#include "models/checker/subject/loader.h"
#include "models/checker/options.h"
#include "models/checker/sweep_print.h"
#include "models/checker/verdict.h"
#include "models/scenarios/scenario_spec.h"

static int wrong(int status, const char *why)
{
    fprintf(stderr, "queuelab-model: %s\n", why);
    return status;
}

/* What the program prints in thousands of executions is nobody's result. Our own output goes to
 * new streams; the numbers 1 and 2, to which the C++ library writes without asking, to nowhere. */
static int keep_streams(void)
{
    FILE *out = fdopen(dup(STDOUT_FILENO), "w"), *err = fdopen(dup(STDERR_FILENO), "w");
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (!out || !err || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0 ||
        dup2(nowhere, STDERR_FILENO) < 0)
        return errno;
    setvbuf(err, NULL, _IONBF, 0);
    stdout = out;
    stderr = err;
    return 0;
}

/* "ring_spsc, scenario full_empty": what a report calls a scenario of a queue. */
static const char *scenario_title(const struct options *o)
{
    static char title[300];
    static const char prefix[] = "scenario_";
    const char *slash = strrchr(o->name, '/'), *name = slash ? slash + 1 : o->name;
    const size_t length = strlen(name),
                 end = length > 3 && !strcmp(name + length - 3, ".so") ? 3 : 0;
    if (!o->function || strncmp(o->function, prefix, sizeof prefix - 1) != 0)
        return o->name;
    snprintf(title, sizeof title, "%.*s, scenario %s", (int)(length - end), name,
             o->function + sizeof prefix - 1);
    return title;
}

/* This command, as a shell would read it: exploring is deterministic, so it shows the same again. */
static const char *this_command(int argc, char **argv)
{
    static char text[2000];
    size_t n = (size_t)snprintf(text, sizeof text, "queuelab-model");
    for (int i = 1; i < argc && n < sizeof text; i++) {
        if (!strncmp(argv[i], "--svg", 5)) { /* its picture is there already */
            i += argv[i][5] == '\0';
            continue;
        }
        const bool plain = strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_-=./:,+@") == strlen(argv[i]);
        n += (size_t)snprintf(text + n, sizeof text - n,
                              plain                   ? " %s"
                              : strchr(argv[i], '\'') ? " \"%s\""
                                                      : " '%s'",
                              argv[i]);
    }
    return n < sizeof text ? text : NULL;
}

/* The operations of a queue's scenario have a sequential object that they must look like. */
static const struct spec *spec_of(const char *function)
{
    static struct spec spec;
    static const char prefix[] = "scenario_";
    const struct q_traits *const *traits = loader_find("subject_traits");
    if (!function || !traits || strncmp(function, prefix, sizeof prefix - 1) != 0)
        return NULL;
    const struct scenario *s = scenario_find(function + sizeof prefix - 1);
    return s && scenario_spec(s, *traits, &spec) ? &spec : NULL;
}

static int list_scenarios(const char *name)
{
    const struct q_traits *const *traits = loader_find("subject_traits");
    if (!traits) {
        fprintf(stderr, "queuelab-model: %s is no queue with scenarios\n", name);
        return 2;
    }
    for (size_t i = 0; i < SCENARIOS; i++)
        if (!scenario_why_not(&scenarios[i], *traits))
            puts(scenarios[i].name);
    return 0;
}

int main(int argc, char **argv)
{
    static struct options o;
    static struct explore_result result;
    char why[600];

    loader_fix_addresses(argv);
    if (!options_read(argc, argv, &o, why, sizeof why))
        return wrong(2, strcat(why, " (queuelab-model --help)"));
    if (o.help) {
        printf("usage: queuelab-model PROGRAM.so [options]\n"
               "PROGRAM.so: made by models/checker/subject/build_subject.sh; models/qcheck does "
               "both.\n\n");
        options_help(stdout);
        return 0;
    }
    o.colour = !o.json && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    o.explore.progress = !o.quiet && isatty(STDERR_FILENO);
    if (!loader_open(o.object, o.name, why, sizeof why))
        return wrong(4, why);
    if (o.scenarios)
        return list_scenarios(o.name);
    if (!loader_start_at(o.function)) {
        snprintf(why, sizeof why, o.function ? "%s has no function %s" : "%s has no main%s", o.name,
                 o.function ? o.function : "");
        return wrong(o.function ? 2 : 4, why);
    }
    o.explore.spec = spec_of(o.function);
    o.name = scenario_title(&o);
    if (!o.replay)
        o.replay = this_command(argc, argv);
    int error = keep_streams();
    if (!error)
        error = crash_init();
    if (error) {
        snprintf(why, sizeof why, "cannot prepare: %s", strerror(error));
        return wrong(4, why);
    }

    if (o.weaken_all || o.freeze_all)
        return sweep_print(stdout, &o, &result);
    if (o.weaken) {
        struct explore_options as_written = o.explore; /* to learn what is executed where */
        as_written.keep_going = true;
        explore(&as_written, loader_run, NULL, &result);
        if (!verdict_find_site(&o, why, sizeof why))
            return wrong(2, why);
    }
    if (o.edges) {
        o.explore.on_complete = sites_edges;
        o.explore.blocked_too = true;
    }
    explore(&o.explore, loader_run, NULL, &result);
    const bool drawn = verdict_print(stdout, &o, &result, why, sizeof why);
    if (fflush(stdout) || ferror(stdout)) {
        snprintf(why, sizeof why, "cannot write the result: %s", strerror(errno));
        return wrong(2, why);
    }
    return drawn ? verdict_status(&o, &result) : wrong(2, why);
}
