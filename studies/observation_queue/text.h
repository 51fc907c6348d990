/* text.h: the observations' contents: lines of real text, and a vector for each.
 *
 * A line's vector is the usual hashing trick (Weinberger et al. 2009): every three neighbouring
 * characters are hashed to one of 64 places and a sign, the counts are scaled to length 1. Lines
 * that share wording are near each other. */
#ifndef OBSERVATION_QUEUE_TEXT_H
#define OBSERVATION_QUEUE_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { TEXT_LEAST = 12, TEXT_MOST = 512, TEXT_PLACES = 64 };

struct text {
    char *bytes;
    size_t n; /* lines of TEXT_LEAST characters and more; longer ones than TEXT_MOST are cut */
    struct text_line {
        const char *text;
        uint32_t length;
    } * line;
};

/* The lines of a file; `path` empty: of this project's own documents and sources, from the current
 * directory. 0, or an errno and a message that says what is wrong and what to do. */
int text_read(struct text *t, const char *path, char *message, size_t size);
void text_release(struct text *t);

void text_vector(const char *text, size_t length, float vector[TEXT_PLACES]);

#endif
