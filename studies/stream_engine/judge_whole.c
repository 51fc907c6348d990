/* judge_whole.c: verdicts on what all steps come to, and on the targets. */
#include "studies/stream_engine/judging.h"

/* ---- the whole ------------------------------------------------------------------------------------------ */

static const struct {
    const char *variant, *words;
} before_all[] = {
    {"current", "fair lock"}, {"current, mutex", "mutex"}, {"current, rwlock", "rwlock"}};

static void judge_single(struct study_judge *j)
{
    struct study_parts single = {0};
    struct text each = {.n = 0};
    static const char *const alone[] = {"+ map", "batch lock alone", "counted records alone",
                                        "atomic metrics alone"};
    for (unsigned i = 0; i < 3; i++)
        part_ratio(&single, j, "steps", steps(j, 1), "records_per_s", "+ atomic metrics",
                   before_all[i].variant, 3.8, true, before_all[i].words);
    for (unsigned i = 0; i < 4 && steps(j, 1); i++) {
        const struct interval v =
            study_ratio(j, "steps", "current", alone[i], steps(j, 1), "cpu_ns");
        if (v.n)
            say(&each, "; %s %s", alone[i], study_words(v, "x"));
    }
    parts_verdict(j, "S4-C18", &single,
                  "throughput after all steps, of that before, one worker, 3.8x is asked (by "
                  "processor time, each step by itself%s); " STAND_IN,
                  each.n ? each.text : ": not measured");
}

static void judge_aim(struct study_judge *j)
{
    struct study_parts aim = {0};
    struct text before = {.n = 0};
    bool met = true;
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        const char *const s = steps(j, threads);
        struct interval now = {.n = 0};
        if (s)
            now = study_median(j, "steps", "+ atomic metrics", s, "records_per_s");
        part_least(&aim, now, 70000, "/s", "%u thread%s", threads, threads > 1 ? "s" : "");
        for (unsigned i = 0; i < 3; i++) {
            struct interval was = {.n = 0};
            if (s)
                was = study_median(j, "steps", before_all[i].variant, s, "records_per_s");
            met &= study_at_least(was, 70000) == CLAIM_HOLDS;
            say(&before, "%s%s, %u thread%s %s%s", before.n ? ", " : "", before_all[i].words,
                threads, threads > 1 ? "s" : "", study_words(was, "/s"),
                study_at_least(was, 70000) == CLAIM_HOLDS ? " (met)" : "");
        }
    }
    parts_verdict(j, "S4-C12", &aim,
                  "records a second after all steps, 70 K/s is asked; %s: %s; " STAND_IN,
                  met ? "the bound is met before anything is changed" : "before them", before.text);
}

static void judge_whole(struct study_judge *j)
{
    const double all_steps = 70 / 16.6;
    struct study_parts all = {0}, table = {0};
    char words[80];
    for (unsigned threads = 4; threads <= 8; threads *= 2)
        for (unsigned i = 0; i < 3; i++) {
            snprintf(words, sizeof words, "%s, %u threads", before_all[i].words, threads);
            part_ratio(&all, j, "steps", steps(j, threads), "records_per_s", "+ atomic metrics",
                       before_all[i].variant, all_steps, false, words);
        }
    parts_verdict(j, "S4-C6", &all,
                  "throughput after all steps, of that before, %.3gx is asked; " STAND_IN,
                  all_steps);

    static const struct {
        const char *scenario;
        double now, then; /* K records a second, of the document's table */
    } expected[] = {{"group by", 16.6, 70}, {"rows window", 19.8, 75}, {"tumbling", 23.1, 90}};
    for (unsigned s = 0; s < 3; s++)
        for (unsigned i = 0; i < 3; i++) {
            const char *const experiment = s == 0 ? "steps" : "scenarios";
            const double times = expected[s].then / expected[s].now;
            snprintf(words, sizeof words, "%s, %s, %.2gx expected", expected[s].scenario,
                     before_all[i].words, times);
            part_ratio(&table, j, experiment,
                       flow_setting(j, experiment, expected[s].scenario, 4, k_groups, 0),
                       "records_per_s", "+ counted records", before_all[i].variant, times, false,
                       words);
        }
    const char *const rows = flow_setting(j, "scenarios", "rows window", 4, k_groups, 0);
    parts_verdict(j, "S4-C16", &table,
                  "after the three steps of the table, 4 threads; of the rows windows compared, "
                  "%.0f before and %.0f after are not what one worker tells (S4-C15), and their "
                  "throughput counts all the same; " STAND_IN,
                  rows ? total(j, "scenarios", "current", rows, "rows_wrong") : 0,
                  rows ? total(j, "scenarios", "+ counted records", rows, "rows_wrong") : 0);
}

/* ---- targets -------------------------------------------------------------------------------------------- */

static const char *best_of_ours(const struct study_judge *j, const char *experiment,
                                const char *setting)
{
    static const char *const ours[] = {
        "ours: partial sums", "ours: own tables", "ours: partitioned", "partial sums",
        "own tables",         "partitioned",      "atomic fields"};
    const char *best = NULL;
    double most = 0;
    for (size_t i = 0; i < sizeof ours / sizeof *ours && setting; i++) {
        const struct interval v = study_median(j, experiment, ours[i], setting, "records_per_s");
        if (v.n && v.mid > most) {
            most = v.mid;
            best = ours[i];
        }
    }
    return best;
}

/* One lock per record, each kind: the engine as it was, which copies each record; and the state behind
 * its lock alone, without and with work on each record. */
static void judge_ten_times(struct study_judge *j)
{
    static const char *const bare[] = {"fair lock per record", "mutex per record",
                                       "rwlock per record"};
    struct study_parts c = {0};
    char words[120];
    for (unsigned threads = 4; threads <= 8; threads *= 2)
        for (int work = -1; work <= 2000; work = work < 0 ? 0 : work + 2000) {
            const char *const experiment = work < 0 ? "steps" : "states";
            const char *const s =
                work < 0 ? steps(j, threads)
                         : flow_setting(j, "states", group_by, threads, k_groups, (unsigned)work);
            const char *const best = best_of_ours(j, experiment, s);
            const char *const how = work < 0 ? "copies" : work ? "2 us" : "0 us";
            if (!best) {
                study_part(&c, CLAIM_UNTESTABLE, "%s, %u threads (not measured)", how, threads);
                continue;
            }
            for (unsigned i = 0; i < 3; i++) {
                snprintf(words, sizeof words, "%s, %s, %u threads", how, before_all[i].words,
                         threads);
                part_ratio(&c, j, experiment, s, "records_per_s", best,
                           work < 0 ? before_all[i].variant : bare[i], 10, false, words);
            }
        }
    struct text best = {.n = 0};
    for (unsigned threads = 4; threads <= 8; threads *= 2)
        if (best_of_ours(j, "steps", steps(j, threads)))
            say(&best, "%s%u threads '%s'", best.n ? ", " : "", threads,
                best_of_ours(j, "steps", steps(j, threads)));
    parts_verdict(
        j, "ENG-T1", &c,
        "the best of ours (of those beside copies: %s), of one lock per record; 'copies': "
        "the engine as it was, which copies each record, '0 us' and '2 us': of work, and "
        "nothing is copied; 10x is asked; " STAND_IN,
        best.n ? best.text : "not measured");
}

static void judge_reported(struct study_judge *j)
{
    const char *const s = steps(j, 4);
    struct text t = {.n = 0};
    unsigned n = 0, without = 0;
    for (size_t i = 0; s && study_variant(j, "steps", s, i); i++) {
        const char *const v = study_variant(j, "steps", s, i);
        const struct interval waits = study_median(j, "steps", v, s, "switches_per_batch"),
                              forced = study_median(j, "steps", v, s, "forced_per_batch");
        n++;
        without += waits.n == 0 || forced.n == 0;
        say(&t, "%s%s %.3g + %.3g", i ? ", " : "", v, waits.mid, forced.mid);
    }
    study_verdict(j, "ENG-T2", n && !without ? CLAIM_HOLDS : CLAIM_UNTESTABLE, NULL,
                  "for a batch, 4 threads, waiting + interrupted: %s", n ? t.text : "not measured");
}

void stream_engine_judge_whole(struct study_judge *j)
{
    judge_whole(j);
    judge_single(j);
    judge_aim(j);
    judge_ten_times(j);
    judge_reported(j);
}
