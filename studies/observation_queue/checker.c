/* checker.c: what the model checker says, as committed and (where this build has it) once more.
 *
 * models/expected.tsv says what exploring every execution of a queue in a small program came to;
 * models/progress.tsv who waits for a stopped thread; models/mutants/kills.tsv in what way each
 * planted bug is found, among them the document's own code, transcribed. `./run_all.sh test` fails when the checker finds something else. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "experiments.h"

static const char expected[] = "models/expected.tsv", kills[] = "models/mutants/kills.tsv",
                  progress[] = "models/progress.tsv";

/* Cuts a line at its tabs; how many fields there are. */
static unsigned cut(char *line, char **field, unsigned most)
{
    unsigned n = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *rest = line; n < most && (field[n] = strsep(&rest, "\t")) != NULL;)
        n++;
    return n;
}

static FILE *opened(const char *path, struct study_sample *s)
{
    FILE *const f = fopen(path, "r");
    if (!f)
        study_fail(s, "cannot read %s: %s; run it at the top of the project", path,
                   strerror(errno));
    return f;
}

/* One queue in all scenarios under RC11. */
static void explored(struct study_sample *s, const char *queue)
{
    unsigned ok = 0, unfinished = 0, other = 0;
    double executions = 0, starvation = 0, depth = 0, order = 0;
    char line[1024], *field[8];
    FILE *const f = opened(expected, s);
    while (f && fgets(line, sizeof line, f)) {
        if (cut(line, field, 8) < 5 || strcmp(field[0], queue) != 0 ||
            strcmp(field[2], "rc11") != 0)
            continue;
        const double complete = strtod(field[4], NULL);
        const bool fine = strcmp(field[3], "ok") == 0;
        ok += fine;
        unfinished += strcmp(field[3], "unfinished") == 0;
        other += !fine && strcmp(field[3], "unfinished") != 0;
        executions += complete;
        if (strcmp(field[1], "lanes_no_starvation") == 0)
            starvation = fine ? complete : 0;
        if (strcmp(field[1], "lanes_order") == 0)
            order = fine ? complete : 0;
        if (strncmp(field[1], "depth_never", 11) == 0)
            depth += fine ? complete : 0;
    }
    if (f)
        fclose(f);
    study_put(s, "scenarios_ok", ok);
    study_put(s, "scenarios_unfinished", unfinished);
    study_put(s, "scenarios_violated", other);
    study_put(s, "executions", executions);
    study_put(s, "no_starvation_executions", starvation);
    study_put(s, "order_executions", order);
    study_put(s, "depth_executions", depth);
}

/* The document's code: is the bug of each program found, and as what it is? */
static void found_bugs(struct study_sample *s)
{
    static const char *const mutants[] = {
        "depth_underflow",       "soft_capacity_overshoot", "promotion_starves",
        "promotion_gap",         "scan_not_strict",         "consumers_stop_early",
        "segment_push_unlinked", "segment_loser_leaks",     "segqueue_push_waits"};
    char line[1024], *field[8], name[STUDY_WORD];
    bool found[sizeof mutants / sizeof *mutants] = {false};
    FILE *const f = opened(kills, s);
    while (f && fgets(line, sizeof line, f))
        if (cut(line, field, 8) >= 5)
            for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++)
                found[i] |= strcmp(field[0], mutants[i]) == 0 && strcmp(field[2], field[4]) == 0;
    if (f)
        fclose(f);
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++) {
        snprintf(name, sizeof name, "%s", mutants[i]);
        study_put(s, name, found[i]);
    }
}

/* Was it found that a stopped thread holds up a push of SegQueue's protocol (segment_mpmc.h)? */
static void progress_of(struct study_sample *s)
{
    char line[1024], *field[8];
    bool blocks = false;
    FILE *const f = opened(progress, s);
    while (f && fgets(line, sizeof line, f))
        if (cut(line, field, 8) >= 5)
            blocks |= strcmp(field[0], "segment_mpmc") == 0 && strcmp(field[1], "push") == 0 &&
                      strcmp(field[3], "blocking") == 0;
    if (f)
        fclose(f);
    study_put(s, "segment_push_blocks", blocks);
}

/* The lanes' own scenarios once more, by this build's checker, where it has one. */
static void again(struct study_sample *s, const char *queue)
{
    char self[3072], command[4096], line[1024], verdict[64];
    unsigned ok = 0, violated = 0;
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    snprintf(command, sizeof command,
             "'%s' check --queue %s --scenario 'lanes_no_starvation|lanes_order|depth_.*' 2>&-",
             self, queue);
    FILE *const f = popen(command, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%*s %*s %63s", verdict) == 1 &&
            strncmp(line, queue, strlen(queue)) == 0 && strcmp(verdict, "failed") != 0) {
            ok += strcmp(verdict, "ok") == 0;
            violated += strcmp(verdict, "ok") != 0;
        }
    if (f)
        pclose(f);
    study_put(s, "again_ok", ok); /* none: there is no checker in this build */
    study_put(s, "again_violated", violated);
}

void measure_checker(const struct study_run *run, const struct study_cell *cell,
                     struct study_sample *s)
{
    const char *const queue = cell->subject;
    (void)run;
    if (!queue) {
        found_bugs(s);
        progress_of(s);
        return;
    }
    explored(s, queue);
    again(s, queue);
}
