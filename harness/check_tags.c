/* check_tags.c: see check_tags.h. */
#include "harness/check_tags.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is on the line beside comments; *inside: a comment goes on with the next one. */
static void code_of(char *line, bool *inside)
{
    char *to = line;
    for (const char *at = line; *at;) {
        if (*inside && strncmp(at, "*/", 2) == 0) {
            *inside = false;
            at += 2;
        } else if (!*inside && strncmp(at, "/*", 2) == 0) {
            *inside = true;
            at += 2;
        } else {
            if (!*inside)
                *to++ = *at;
            at++;
        }
    }
    while (to > line && isspace((unsigned char)to[-1]))
        to--;
    *to = '\0';
}

int check_tags_read(struct check_tags *t, const char *queue)
{
    char line[512];
    memset(t, 0, sizeof *t);
    snprintf(t->file, sizeof t->file, "queues/%s.h", queue);
    FILE *const f = fopen(t->file, "r");
    if (!f)
        return errno;
    bool inside = false, begins = true;
    unsigned number = 0, first = 1;
    while (fgets(line, sizeof line, f)) {
        const bool tagged = !inside && strstr(line, "/* [");
        number++;
        if (begins)
            first = number;
        code_of(line, &inside);
        const size_t length = strlen(line);
        const char last = length ? line[length - 1] : ';';
        if (tagged && length && t->n < TAGS_MOST)
            t->tag[t->n++] = (struct check_tag){.first = first, .last = number};
        begins = strchr(";{}", last) || line[0] == '#';
    }
    fclose(f);
    return 0;
}

void check_tags_executed(struct check_tags *t, const char *file, unsigned line)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(file, t->file) == 0 && t->tag[i].first <= line && line <= t->tag[i].last)
            t->tag[i].executed = true;
}

static size_t never(const struct check_tags *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += !t->tag[i].executed;
    return n;
}

static void put_lines(const struct check_tags *t)
{
    for (size_t i = 0, n = 0; i < t->n; i++)
        if (!t->tag[i].executed)
            printf("%s%u", n++ ? ", " : "", t->tag[i].last);
}

void check_tags_print(const struct check_tags *t)
{
    const size_t n = never(t);
    printf("  %zu of %zu tagged operations of %s were never executed%s", n, t->n, t->file,
           n ? ": lines " : "");
    put_lines(t);
    putchar('\n');
}

void check_tags_json(const struct check_tags *t, const char *queue)
{
    printf("{\"queue\":\"%s\",\"file\":\"%s\",\"tagged\":%zu,\"never_executed\":[", queue, t->file,
           t->n);
    put_lines(t);
    printf("]}");
}
