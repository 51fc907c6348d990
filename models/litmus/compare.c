/* compare.c: the checker against the naive enumeration, the machine, and itself. */
#include "models/litmus/compare.h"

#include "models/litmus/enumerate.h"
#include "models/litmus/machine.h"
#include "models/litmus/run.h"

static bool same(const struct litmus *p, const char *other, const struct executions *expected,
                 const struct executions *engine, char *why, size_t why_size)
{
    bool only_expected;
    const struct execution *const e = executions_difference(expected, engine, &only_expected);
    if (!e)
        return true;
    char graph[256], outcome[256];
    execution_print(p, e, graph, sizeof graph);
    execution_outcome(p, e, outcome, sizeof outcome);
    snprintf(why, why_size,
             "%zu graphs by %s, %zu by the checker (outcomes %s); only %s has: %s(%s)", expected->n,
             other, engine->n,
             executions_same_outcomes(p, expected, engine) ? "are equal" : "differ",
             only_expected ? other : "the checker", graph, outcome);
    return false;
}

bool compare(const struct litmus *p, unsigned wanted, char *why, size_t why_size)
{
    struct executions naive[MEMORIES] = {{0}};
    enumerate(p, wanted, naive);
    bool equal = true;
    for (unsigned m = 0; m < MEMORIES; m++)
        for (unsigned right_to_left = 0; right_to_left < 2 && equal && wanted >> m & 1;
             right_to_left++) {
            struct executions engine = {0};
            char what[640];
            equal = run_litmus(p, (enum memory)m, right_to_left, &engine, what, sizeof what) &&
                    same(p, "enumeration", &naive[m], &engine, what, sizeof what);
            if (!equal)
                snprintf(why, why_size, "%s, %s thread first: %s", memory_names[m],
                         right_to_left ? "last" : "first", what);
            executions_clear(&engine);
        }
    for (unsigned m = 0; m < MEMORIES; m++)
        executions_clear(&naive[m]);
    return equal;
}

static bool policies_agree(const struct litmus *p, enum memory m, char *why, size_t why_size)
{
    struct executions first = {0}, last = {0}, machine = {0};
    bool equal = run_litmus(p, m, false, &first, why, why_size) &&
                 run_litmus(p, m, true, &last, why, why_size) &&
                 same(p, "the checker with the first thread first", &first, &last, why, why_size);
    if (equal && (m == MEMORY_SC || m == MEMORY_TSO)) {
        machine_explore(p, m == MEMORY_TSO, &machine);
        equal = same(p, "the machine", &machine, &last, why, why_size);
    }
    executions_clear(&first);
    executions_clear(&last);
    executions_clear(&machine);
    return equal;
}

bool compare_policies(const struct litmus *p, unsigned wanted, char *why, size_t why_size)
{
    for (unsigned m = 0; m < MEMORIES; m++) {
        char what[640];
        if (wanted >> m & 1 && !policies_agree(p, (enum memory)m, what, sizeof what)) {
            snprintf(why, why_size, "%s: %s", memory_names[m], what);
            return false;
        }
    }
    return true;
}

void compare_shrink(struct litmus *p, comparison *agrees, unsigned wanted, char *why,
                    size_t why_size)
{
    for (unsigned i = 0; i < p->ops && p->ops > 1;) {
        struct litmus smaller = *p;
        litmus_drop(&smaller, i);
        if (agrees(&smaller, wanted, why, why_size)) {
            i++;
        } else {
            *p = smaller;
            i = 0; /* what was needed before may not be any more */
        }
    }
    agrees(p, wanted, why, why_size); /* `why` is about this one */
}
