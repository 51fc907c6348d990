/* check_tags.h: the ordered operations of a queue's header, by their Edge tags (tools/edges.sh), and
 * which of them were executed. */
#ifndef HARNESS_CHECK_TAGS_H
#define HARNESS_CHECK_TAGS_H

#include <stdbool.h>
#include <stddef.h>

enum { TAGS_MOST = 256 };

struct check_tags {
    char file[160]; /* queues/NAME.h */
    size_t n;
    struct check_tag {
        unsigned first, last; /* lines of the statement; the tag is on the last one */
        bool executed;
    } tag[TAGS_MOST];
};

int check_tags_read(struct check_tags *t, const char *queue); /* 0 or an errno */
void check_tags_executed(struct check_tags *t, const char *file, unsigned line);
void check_tags_print(const struct check_tags *t);
void check_tags_json(const struct check_tags *t, const char *queue);

#endif
