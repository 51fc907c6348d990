/* image.h: the state of an execution as bytes. Each module gives its part with image_part(), by the
 * same code in both directions: what decides how much follows comes first. */
#ifndef MODELS_CHECKER_RUN_IMAGE_H
#define MODELS_CHECKER_RUN_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "models/checker/explore/fault.h"

struct image {
    unsigned char *bytes;
    size_t at, room;
    bool restoring; /* from the image to the state; else the other way */
};

static inline unsigned char *image_room(struct image *m, size_t n)
{
    if (__builtin_expect(m->at + n > m->room, 0)) {
        const size_t room = 2 * (m->at + n);
        unsigned char *more = realloc(m->bytes, room);
        if (!more)
            fault_raise(FAULT_UNBOUNDED, NULL, 0, "no memory to keep an execution's state");
        m->bytes = more;
        m->room = room;
    }
    m->at += n;
    return m->bytes + m->at - n;
}

static inline void image_part(struct image *m, void *part, size_t n)
{
    if (m->restoring) {
        memcpy(part, m->bytes + m->at, n);
        m->at += n;
    } else {
        memcpy(image_room(m, n), part, n);
    }
}

#endif
