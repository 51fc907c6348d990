/* event.c: are these records valid: one at a time, and four at a time. See event.h. */
#include "studies/telemetry_ring/event.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

const char *const event_levels[EVENT_LEVELS] = {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

size_t events_valid(const struct event *e, size_t n)
{
    size_t i = 0;
    while (i < n && event_valid(&e[i]))
        i++;
    return i;
}

#if defined(__x86_64__)
bool events_have_vector(void) { return __builtin_cpu_supports("avx2"); }

/* Four records are twelve words in three registers a, b, c. Word 0 of the records lies in lanes
 * a0 a3 b2 c1, word 1 in a1 b0 b3 c2, word 2 in a2 b1 c0 c3: in each case one per lane, so blends
 * gather them, in the orders 0321, 1032 and 2103 of the records, and a permutation aligns those. */
__attribute__((target("avx2"))) size_t events_valid_vector(const struct event *e, size_t n)
{
    const __m256i magic = _mm256_set1_epi64x((int64_t)EVENT_MAGIC);
    const __m256i low = _mm256_set1_epi64x(UINT32_MAX), byte = _mm256_set1_epi64x(UINT8_MAX);
    const __m256i last_level = _mm256_set1_epi64x(EVENT_LEVELS - 1);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const __m256i *const p = (const __m256i *)(const void *)&e[i];
        const __m256i a = _mm256_loadu_si256(p), b = _mm256_loadu_si256(p + 1),
                      c = _mm256_loadu_si256(p + 2);
        const __m256i w0 = _mm256_blend_epi32(_mm256_blend_epi32(a, c, 0x0c), b, 0x30);
        const __m256i w1 = _mm256_permute4x64_epi64(
            _mm256_blend_epi32(_mm256_blend_epi32(b, a, 0x0c), c, 0x30), 0x39);
        const __m256i w2 = _mm256_permute4x64_epi64(
            _mm256_blend_epi32(_mm256_blend_epi32(c, b, 0x0c), a, 0x30), 0x4e);
        const __m256i x = _mm256_xor_si256(w0, _mm256_xor_si256(w1, w2));
        const __m256i fold = _mm256_and_si256(_mm256_xor_si256(x, _mm256_srli_epi64(x, 32)), low);
        const __m256i level = _mm256_and_si256(_mm256_srli_epi64(w2, 16), byte);
        const __m256i bad = _mm256_or_si256(_mm256_cmpgt_epi64(level, last_level),
                                            _mm256_cmpeq_epi64(w0, _mm256_setzero_si256()));
        const __m256i good = _mm256_andnot_si256(bad, _mm256_cmpeq_epi64(fold, magic));
        if (_mm256_movemask_epi8(good) != -1)
            break;
    }
    return i + events_valid(e + i, n - i);
}
#else
bool events_have_vector(void) { return false; }
size_t events_valid_vector(const struct event *e, size_t n) { return events_valid(e, n); }
#endif
