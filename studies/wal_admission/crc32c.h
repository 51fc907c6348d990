/* crc32c.h: CRC-32C (Castagnoli 1993) over several pieces, with the processor's instruction for it
 * where there is one: spill.h's, four bits at a time, would take longer than the copying. */
#ifndef STUDIES_WAL_ADMISSION_CRC32C_H
#define STUDIES_WAL_ADMISSION_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CRC32C_BEGIN UINT32_MAX

static inline uint32_t crc32c_by_nibbles(uint32_t crc, const void *bytes, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    for (const unsigned char *p = bytes; n--; p++) {
        crc ^= *p; /* NOLINT(clang-analyzer-core.uninitialized.Assign): knows byte 0 alone */
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static inline uint32_t
crc32c_by_instruction(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t wide = crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; n; n--, p++)
        crc = __builtin_ia32_crc32qi(crc, *p);
    return crc;
}
#endif

/* The state after these bytes; it begins with CRC32C_BEGIN and ends as ~state. */
static inline uint32_t crc32c_more(uint32_t crc, const void *bytes, size_t n)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_by_instruction(crc, bytes, n);
#endif
    return crc32c_by_nibbles(crc, bytes, n);
}

#endif
