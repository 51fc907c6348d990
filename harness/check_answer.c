/* check_answer.c: what the model checker says, in JSON: see check_cell.h. */
#include "harness/check_cell.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { ANSWER_MOST = 1 << 24 };

/* All of a file, to be freed; at most `most` bytes. */
static char *read_back(FILE *f, size_t most)
{
    const long end = fseek(f, 0, SEEK_END) ? 0 : ftell(f);
    const size_t size = end < 0 ? 0 : (size_t)end < most ? (size_t)end : most;
    char *const text = malloc(size + 1);
    rewind(f);
    if (text)
        text[fread(text, 1, size, f)] = '\0';
    fclose(f);
    return text;
}

/* A quote inside one of its strings is escaped, so that the pattern is only found where it is a
 * key. */
const char *check_value(const char *json, const char *key)
{
    char pattern[48];
    const int n = snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *const at = json ? strstr(json, pattern) : NULL;
    return at ? at + n : NULL;
}

/* A JSON string. The checker escapes quotes, backslashes and control characters only. */
void check_text(const char *json, const char *key, char *text, size_t size)
{
    const char *value = check_value(json, key);
    size_t n = 0;
    if (value && *value == '"')
        for (value++; *value && *value != '"' && n + 1 < size; value++) {
            if (*value != '\\') {
                text[n++] = *value;
                continue;
            }
            if (*++value == '\0')
                break;
            text[n++] = *value == 'u' ? ' ' : *value;
            if (*value == 'u' && strlen(value) > 4)
                value += 4; /* a control character */
        }
    text[n] = '\0';
}

uint64_t check_number(const char *json, const char *key)
{
    const char *const value = check_value(json, key);
    const double n = value ? strtod(value, NULL) : 0;
    return n > 0 && n < 1e18 ? (uint64_t)n : 0;
}

bool check_next_line(const char **json, char *line, size_t size)
{
    while (*json && **json) {
        const char *const end = strchr(*json, '\n');
        const size_t n = end ? (size_t)(end - *json) : strlen(*json);
        const bool object = **json == '{' && n < size;
        if (object) {
            memcpy(line, *json, n);
            line[n] = '\0';
        }
        *json = end ? end + 1 : *json + n;
        if (object)
            return true;
    }
    return false;
}

static void failed(struct check_cell *cell, int status)
{
    snprintf(cell->found.verdict, sizeof cell->found.verdict, "failed");
    cell->exit = EXIT_DIFFERS;
    if (WIFSIGNALED(status))
        snprintf(cell->said, sizeof cell->said, "the checker was ended by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (!cell->said[0])
        snprintf(cell->said, sizeof cell->said, "the checker ended with status %d",
                 WEXITSTATUS(status));
}

/* One exploration. */
static bool take_verdict(struct check_cell *cell, const char *out)
{
    struct check_row *const r = &cell->found;
    const char *const report = check_value(out, "report");
    if (!check_value(out, "complete") || !check_value(out, "blocked") || !report)
        return false;
    r->complete = check_number(out, "complete");
    r->blocked = check_number(out, "blocked");
    r->estimate = check_number(out, "estimate");
    if (*report == '{') {
        check_text(report, "kind", r->verdict, sizeof r->verdict);
        check_text(report, "sentence", cell->said, sizeof cell->said);
    } else if (cell->exit == 0 || cell->exit == EXIT_BUDGET) {
        snprintf(r->verdict, sizeof r->verdict, cell->exit == 0 ? "ok" : "unfinished");
    }
    return r->verdict[0] != '\0';
}

/* Many: the verdict is that of the program as it is written. */
static bool take_sweep(struct check_cell *cell, const char *out)
{
    struct check_row *const r = &cell->found;
    const char *const base = check_value(out, "as_written");
    if (!base)
        return false;
    r->complete = check_number(base, "complete");
    r->blocked = check_number(base, "blocked");
    check_text(base, "verdict", r->verdict, sizeof r->verdict);
    check_text(base, "fault", cell->said, sizeof cell->said);
    if (strcmp(r->verdict, "no_violation") == 0)
        snprintf(r->verdict, sizeof r->verdict, "ok");
    if (strcmp(r->verdict, "out_of_budget") == 0)
        snprintf(r->verdict, sizeof r->verdict, "unfinished");
    return r->verdict[0] != '\0';
}

void check_collect(struct check_cell *cell, int status, const struct check_options *o)
{
    struct check_row *const r = &cell->found;
    char *const out = read_back(cell->out, ANSWER_MOST), *const err = read_back(cell->err, 4096);
    cell->done = true;
    snprintf(r->queue, sizeof r->queue, "%s", cell->driver->name);
    snprintf(r->scenario, sizeof r->scenario, "%s", cell->scenario->name);
    snprintf(r->model, sizeof r->model, "%s", o->model);
    if (err)
        snprintf(cell->said, sizeof cell->said, "%.*s", (int)strcspn(err, "\n"), err);
    free(err);
    const char *const seconds = check_value(out, "seconds");
    cell->seconds = seconds ? strtod(seconds, NULL) : 0;
    cell->exit = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_DIFFERS;
    if (!WIFEXITED(status) ||
        !(o->mode == CHECK_SCENARIOS ? take_verdict(cell, out) : take_sweep(cell, out)))
        failed(cell, status);
    cell->answer = out;
}
