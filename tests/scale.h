/* scale.h: how much work a test does: QUEUELAB_TEST_SCALE is the share of the usual amount, 1 by default;
 * valgrind and the sanitizers take less (CMakeLists.txt). */
#ifndef TESTS_SCALE_H
#define TESTS_SCALE_H

#include <stdint.h>
#include <stdlib.h>

static inline double test_scale(void)
{
    const char *const text = getenv("QUEUELAB_TEST_SCALE");
    const double scale = text ? strtod(text, NULL) : 1;
    return scale > 0 ? scale : 1;
}

/* n times the scale, but at least so many */
static inline uint64_t scaled(uint64_t n, uint64_t least)
{
    const uint64_t less = (uint64_t)((double)n * test_scale());
    return less < least ? least : less;
}

#endif
