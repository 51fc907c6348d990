/* report_contents.c: the table of contents, from the headings of the whole report. */
#include "harness/report_book.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { HEADINGS_MOST = 512, SLUG = 96, LISTED = 3 /* levels: # is the title */ };

/* The anchor that GitHub gives a heading, short of "-1", "-2" for those that are not the first of
 * their name: letters small, blanks as hyphens, other signs left out. Headings are ASCII, save for
 * signs. */
static void slug_of(const char *title, size_t n, char slug[SLUG])
{
    size_t k = 0;
    for (size_t i = 0; i < n && k + 1 < SLUG; i++) {
        const unsigned char c = (unsigned char)title[i];
        if (c == ' ')
            slug[k++] = '-';
        else if (c < 0x80 && (isalnum(c) || c == '-' || c == '_'))
            slug[k++] = (char)tolower(c);
    }
    slug[k] = '\0';
}

int section_contents(FILE *f, const struct book *b)
{
    char(*const slug)[SLUG] = calloc(HEADINGS_MOST, sizeof *slug);
    bool code = false;
    size_t n = 0;
    if (!slug)
        return -1;
    for (const char *line = b->report; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const size_t level = strspn(line, "#"), size = strcspn(line, "\n");
        code ^= strncmp(line, "```", 3) == 0;
        if (code || level == 0 || level > 6 || line[level] != ' ' || n == HEADINGS_MOST)
            continue;
        const char *const title = line + level + 1;
        size_t same = 0;
        slug_of(title, size - level - 1, slug[n]);
        for (size_t i = 0; i < n; i++)
            same += strcmp(slug[i], slug[n]) == 0;
        if (level > 1 && level <= LISTED) {
            fprintf(f, "%*s- [%.*s](#%s", (int)(2 * (level - 2)), "", (int)(size - level - 1),
                    title, slug[n]);
            if (same)
                fprintf(f, "-%zu", same);
            fputs(")\n", f);
        }
        n++;
    }
    free(slug);
    return 0;
}
