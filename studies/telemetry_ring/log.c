/* log.c: lines of text to events, and a long log out of short ones. See log.h. */
#include "studies/telemetry_ring/log.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <time.h>

#include "harness/stats.h"
#include "harness/whole_file.h"

/* ---- one line -------------------------------------------------------------------------------- */

/* Eight bytes at a time: multiply and fold (the constant is Knuth's golden ratio for 64 bits). */
static uint32_t hash(const char *text, size_t n)
{
    uint64_t h = n + 1;
    while (n > 0) {
        const size_t k = n < 8 ? n : 8;
        uint64_t w = 0;
        memcpy(&w, text, k);
        h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
        text += k, n -= k;
    }
    return (uint32_t)(h >> 32);
}

/* No text: a byte below blank that is no tab, or one that UTF-8 never has. */
static bool is_binary(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint64_t w;
        if (n - i >= sizeof w) { /* eight plain letters at once: none below blank or beyond ASCII */
            memcpy(&w, text + i, sizeof w);
            if (((w | (w - UINT64_C(0x2020202020202020))) & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof w;
                continue;
            }
        }
        const unsigned char c = (unsigned char)text[i++];
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\033') || c >= 0xf8)
            return true;
    }
    return false;
}

static bool digits(const char **at, const char *end, unsigned n, uint64_t *value)
{
    *value = 0;
    for (; n > 0; n--, ++*at) {
        if (*at == end || **at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (uint64_t)(**at - '0');
    }
    return true;
}

static bool is(const char **at, const char *end, char c)
{
    if (*at == end || **at != c)
        return false;
    ++*at;
    return true;
}

/* YYYY-MM-DDTHH:MM:SS[.fraction]Z to ns since 1970 (days from the civil date: Hinnant). */
static bool take_time(const char **from, const char *end, uint64_t *ns)
{
    const char *at = *from;
    uint64_t year, month, day, hour, minute, second, fraction = 0, unit = 1000000000u;
    if (!(digits(&at, end, 4, &year) && is(&at, end, '-') && digits(&at, end, 2, &month) &&
          is(&at, end, '-') && digits(&at, end, 2, &day) &&
          (is(&at, end, 'T') || is(&at, end, ' ')) && digits(&at, end, 2, &hour) &&
          is(&at, end, ':') && digits(&at, end, 2, &minute) && is(&at, end, ':') &&
          digits(&at, end, 2, &second)) ||
        year < 1970 || month < 1 || month > 12 || day < 1)
        return false;
    if (is(&at, end, '.') || is(&at, end, ','))
        for (uint64_t digit; unit > 1 && digits(&at, end, 1, &digit);)
            unit /= 10, fraction += digit * unit;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    is(&at, end, 'Z');
    const uint64_t y = year - (month <= 2), era = y / 400, in_era = y % 400;
    const uint64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const uint64_t days =
        era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
    *ns = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000000u + fraction;
    *from = at;
    return true;
}

static bool same_word(const char *text, const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((text[i] | 0x20) != (word[i] | 0x20))
            return false;
    return true;
}

static bool take_level(const char **at, const char *end, uint8_t *level)
{
    static const char *const words[] = {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    for (unsigned i = 0; i < EVENT_LEVELS; i++) {
        const size_t n = strlen(words[i]);
        if ((size_t)(end - *at) > n && same_word(*at, words[i], n) && (*at)[n] == ' ') {
            *at += n;
            *level = (uint8_t)i;
            return true;
        }
    }
    return false;
}

/* What a line without a level seems to say: the first telling word, looked for by its first letter. */
static uint8_t guess_level(const char *text, size_t n)
{
    static const struct {
        const char *word;
        uint8_t level;
    } tells[] = {{"error", EVENT_ERROR}, {"failed", EVENT_ERROR}, {"warning", EVENT_WARN},
                 {"abort", EVENT_FATAL}, {"debug", EVENT_DEBUG},  {"skipped", EVENT_WARN}};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof tells / sizeof *tells; k++)
            if ((text[i] | 0x20) == tells[k].word[0] && n - i >= strlen(tells[k].word) &&
                same_word(text + i, tells[k].word, strlen(tells[k].word)))
                return tells[k].level;
    return EVENT_INFO;
}

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
}

static void parse(struct log_reader *r, const char *at, const char *end, struct event *e)
{
    uint64_t ns;
    uint8_t level;
    if (take_time(&at, end, &ns))
        r->time = ns ? ns : 1;
    else
        r->time++;
    skip_blanks(&at, end);
    const bool said = take_level(&at, end, &level);
    skip_blanks(&at, end);
    const size_t n = (size_t)(end - at), near = n < 64 ? n : 64;
    const char *stop = memchr(at, ':', near);
    if (!stop)
        stop = memchr(at, ' ', near);
    const char *message = stop ? stop + 1 : at;
    skip_blanks(&message, end);
    const size_t length = (size_t)(end - message);
    *e = (struct event){
        .time = r->time,
        .message = hash(message, length),
        .source = hash(at, stop ? (size_t)(stop - at) : near),
        .length = (uint16_t)(length < UINT16_MAX ? length : UINT16_MAX),
        .level = said ? level : guess_level(at, n),
    };
    event_seal(e);
    r->counts.cut += length > UINT16_MAX;
    r->counts.level[e->level]++;
    r->counts.events++;
}

bool log_next(struct log_reader *r, struct event *e)
{
    while (r->at < r->end) {
        const char *const line = r->at, *end = memchr(line, '\n', (size_t)(r->end - line));
        r->counts.lines++;
        r->counts.cut += end == NULL;
        r->at = end ? end + 1 : r->end;
        if (!end)
            end = r->end;
        if (end == line)
            r->counts.empty++;
        else if (is_binary(line, (size_t)(end - line)))
            r->counts.binary++;
        else
            return parse(r, line, end, e), true;
    }
    return false;
}

const char *log_part(const char *text, size_t size, unsigned n, unsigned parts)
{
    const char *const at = text + size / parts * n, *const end = text + size;
    if (n == 0 || n >= parts)
        return n ? end : text;
    const char *const line = memchr(at, '\n', (size_t)(end - at));
    return line ? line + 1 : end;
}

/* ---- a long log out of short ones --------------------------------------------------------------- */

static int complain(int error, char *message, size_t size, const char *what, const char *path)
{
    snprintf(message, size, "cannot %s %s: %s", what, path, strerror(error));
    return error;
}

/* One line in the form that log.h shows; its text is a line of one of the project's logs. */
static void put_line(FILE *f, uint64_t ns, const char *source, const char *line, size_t n)
{
    const time_t second = (time_t)(ns / 1000000000u);
    struct tm tm;
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &tm));
    fprintf(f, "%s.%06uZ %s %s: %.*s\n", date, (unsigned)(ns % 1000000000u / 1000),
            event_levels[guess_level(line, n)], source, (int)(n < 400 ? n : 400), line);
}

int log_make(const char *path, const char *dir, uint64_t lines, char *message, size_t size)
{
    static const char *const where[] = {"build/log/*.log", "build/*/Testing/Temporary/LastTest.log",
                                        "build/*/.ninja_log"};
    glob_t found = {0};
    char pattern[4096];
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        snprintf(pattern, sizeof pattern, "%s/%s", dir, where[i]);
        glob(pattern, i ? GLOB_APPEND : 0, NULL, &found);
    }
    FILE *const f = fopen(path, "w");
    int error = f ? 0 : complain(errno, message, size, "write", path);
    uint64_t written = 0, ns = UINT64_C(1767225600) * 1000000000u; /* 2026 begins */
    struct stats_random random;
    stats_random_seed(&random, lines);
    for (bool some = true; !error && written < lines && some;) {
        some = false;
        for (size_t i = 0; !error && i < found.gl_pathc && written < lines; i++) {
            const char *const name = found.gl_pathv[i] + strlen(dir) + 1;
            char *text;
            size_t bytes;
            if (whole_read(found.gl_pathv[i], &text, &bytes) != 0)
                continue; /* others will do */
            for (const char *at = text, *end = text + bytes; at < end && written < lines;) {
                const char *stop = memchr(at, '\n', (size_t)(end - at));
                const size_t n = (size_t)((stop ? stop : end) - at);
                if (n > 0 && !is_binary(at, n)) {
                    ns += 1000 + stats_random_below(&random, 20000);
                    put_line(f, ns, name, at, n);
                    written++, some = true;
                }
                at = stop ? stop + 1 : end;
            }
            free(text);
            if (ferror(f))
                error = complain(errno, message, size, "write", path);
        }
    }
    globfree(&found);
    if (f && fclose(f) != 0 && !error)
        error = complain(errno, message, size, "write", path);
    if (!error && written == 0) {
        snprintf(message, size, "no logs of a build under %s/build; give a log with --input FILE",
                 dir);
        error = ENOENT;
    }
    return error;
}
