/* story_fold.c: what the C++ library does for a line of the program is told as what that line does. */
#include "models/checker/report/story.h"

#include <string.h>

#include "models/checker/report/source.h"

static bool of_library(uint32_t site)
{
    const struct source_line *at = source_of(site);
    return at->library || at->line == 0;
}

void story_fold(struct story *s)
{
    for (unsigned k = 0; k < s->items; k++) {
        struct item *i = &s->item[k];
        struct note *n = &i->note;
        i->own_site = n->site;
        unsigned skip = 0; /* frames up to the first one that is the program's */
        if (n->site == 0 || !of_library(n->site))
            continue;
        while (skip < n->frames && of_library(n->frame[skip]))
            skip++;
        i->folded = true;
        if (skip == n->frames)
            continue; /* nobody's line: a thread's way in or out */
        n->site = n->frame[skip++];
        n->frames = (uint8_t)(n->frames - skip);
        memmove(n->frame, n->frame + skip, n->frames * sizeof n->frame[0]);
    }
}

uint32_t story_site(const struct story *s, unsigned thread, uint32_t site)
{
    for (unsigned k = s->items; k-- > 0;)
        if (s->item[k].note.thread == thread && s->item[k].own_site == site)
            return s->item[k].note.site;
    return site;
}
