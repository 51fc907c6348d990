/* judge_rest.c: verdicts on appends, sizes, intervals, errors and crashes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "studies/proof.h"
#include "studies/wal_admission/judge.h"

/* ---- appends --------------------------------------------------------------------------------- */

static void append_time(struct study_judge *j)
{
    const char *const room = judge_setting(j, "append", 4, "room for all", "\n"),
                      *const full = judge_setting(j, "append", 4, "room for 64", "\n");
    const struct interval a = study_median(j, "append", "as written", room, "share_below_1us"),
                          b = study_median(j, "append", "as written", full, "share_below_1us");
    struct study_parts p = {0};
    if (study_missing(j, "S1-C3", "append"))
        return;
    study_part(&p, study_at_least(a, 0.5), "there is room (%s of them, p99 %s)", study_words(a, ""),
               study_words(study_median(j, "append", "as written", room, "p99_ns"), "ns"));
    study_part(&p, study_at_least(b, 0.5),
               "the queue is at its bound, where whoever meets it waits for a sync (%s, p99 %s)",
               study_words(b, ""),
               study_words(study_median(j, "append", "as written", full, "p99_ns"), "ns"));
    study_verdict(j, "S1-C3", study_parts_verdict(&p), NULL,
                  "%s; \"mostly\" is half of the appends of 4 threads. It is about the queue, and "
                  "says nothing about when an entry is durable",
                  study_parts_words(&p));
}

static void memory(struct study_judge *j)
{
    if (study_missing(j, "S1-C4", "memory"))
        return;
    const double small = study_most(j, "memory", "10,000 entries of 200 bytes", NULL, "bytes"),
                 large = study_most(j, "memory", "10,000 entries of 4096 bytes", NULL, "bytes"),
                 bytes = study_most(j, "memory", "2 MB, entries of 4096 bytes", NULL, "bytes");
    const double claimed = 2e6;
    study_verdict(j, "S1-C4",
                  isnan(small) || isnan(large) ? CLAIM_UNTESTABLE
                  : small > claimed            ? CLAIM_REFUTED
                  : large > claimed            ? CLAIM_CONDITIONAL
                                               : CLAIM_HOLDS,
                  NULL,
                  "%s10,000 of 200 bytes are %.3g MB of payload, of 4096 bytes %.3g MB: the bound "
                  "counts entries; a bound in bytes in the same word keeps them at %.3g MB",
                  small <= claimed && large > claimed ? "entries are of 200 bytes: " : "",
                  small / 1e6, large / 1e6, bytes / 1e6);
}

static void shared_words(struct study_judge *j)
{
    const char *const room = judge_setting(j, "append", 4, "room for all", "\n");
    const struct interval rmw = study_median(j, "append", "as written", room,
                                             "shared_rmw_per_append"),
                          lost =
                              study_median(j, "append", "as written", room, "lost_cas_per_append");
    if (study_missing(j, "S1-C5", "append"))
        return;
    /* "CAS only when near capacity" is less than one for each append that finds room. */
    study_verdict(j, "S1-C5", study_opposite(study_at_least(rmw, 1)), NULL,
                  "far from the bound each append makes %s read-modify-writes of words that all "
                  "share (the count, the queue, the flusher's permit), and loses %s "
                  "compare-and-swaps (4 threads)",
                  study_words(rmw, ""), study_words(lost, ""));
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static const char *const FORMULA = "rate x interval x 2";
static const char *const PEAK = "peak + 4 roots";

/* "10000 entries/s, interval 10 ms, sync 5 ms" */
static double number_after(const char *text, const char *word)
{
    const char *const at = strstr(text, word);
    return at ? strtod(at + strlen(word), NULL) : NAN;
}

/* A queue that is never to fill: one entry that met the bound, in one run, is one too many. So peaks
 * are judged, not medians: full in no run, in all of them, or in some. */
static enum verdict never_full(const struct study_judge *j, const char *variant,
                               const char *setting)
{
    const double least = study_least(j, "sizing", variant, setting, "blocked_share"),
                 most = study_most(j, "sizing", variant, setting, "blocked_share");
    return most == 0 ? CLAIM_HOLDS : least > 0 ? CLAIM_REFUTED : CLAIM_UNTESTABLE;
}

/* What the loads at which it holds have, and those at which it is refuted have not; "" if that is
 * neither the length of a sync nor the number of entries. */
static const char *what_parts_loads(const struct study_judge *j)
{
    static char text[128];
    const char *setting;
    double fewest = INFINITY; /* entries of an interval, of those that hold */
    bool holds_brief = true, long_ones = true, long_or_few = true;
    for (unsigned refuted = 0; refuted < 2; refuted++)
        for (size_t i = 0; (setting = study_setting(j, "sizing", i)) != NULL; i++) {
            const double interval = number_after(setting, "interval ");
            const double entries = strtod(setting, NULL) * interval / 1e3;
            const bool brief = number_after(setting, "sync ") < interval / 2;
            const enum verdict v = never_full(j, FORMULA, setting);
            if (!refuted && v == CLAIM_HOLDS) {
                fewest = fmin(fewest, entries);
                holds_brief &= brief;
            } else if (refuted && v == CLAIM_REFUTED) {
                long_ones &= !brief;
                long_or_few &= !brief || entries < fewest;
            }
        }
    if (holds_brief && long_ones)
        return "the sync takes less than half the interval: ";
    if (!holds_brief || !long_or_few)
        return "";
    snprintf(
        text, sizeof text,
        "the sync takes less than half the interval, in which %.0f entries come or more: ", fewest);
    return text;
}

static void sizing(struct study_judge *j)
{
    if (study_missing(j, "S1-C8 S1-C9", "sizing"))
        return;
    const char *setting, *variant;
    struct study_parts p = {0};
    double off = 0, mended = 0;
    for (size_t i = 0; (setting = study_setting(j, "sizing", i)) != NULL; i++) {
        study_part(&p, never_full(j, FORMULA, setting),
                   "%s (room %.0f, at most %.0f inside, %.2g to %.2g %% met the bound)", setting,
                   study_most(j, "sizing", FORMULA, setting, "room"),
                   study_most(j, "sizing", FORMULA, setting, "depth_most"),
                   100 * study_least(j, "sizing", FORMULA, setting, "blocked_share"),
                   100 * study_most(j, "sizing", FORMULA, setting, "blocked_share"));
        mended = fmax(mended, study_most(j, "sizing", PEAK, setting, "blocked_share"));
        for (size_t k = 0; (variant = study_variant(j, "sizing", setting, k)) != NULL; k++) {
            if (strstr(variant, "draining"))
                continue;
            const struct interval r =
                study_quotient(study_median(j, "sizing", variant, setting, "depth_mean"),
                               study_median(j, "sizing", variant, setting, "depth_little"), 1);
            if (r.n)
                off = fmax(off, fabs(r.mid - 1));
        }
    }
    const enum verdict v = study_parts_verdict(&p);
    study_verdict(j, "S1-C8", v, NULL,
                  "%s%s. Room for rate x (interval + 2 syncs) and 4 roots of that: at most %.2g %% "
                  "of any run's entries met it. The mean depth is within %.2g %% of rate x time "
                  "inside (Little)",
                  v == CLAIM_CONDITIONAL ? what_parts_loads(j) : "", study_parts_words(&p),
                  100 * mended, 100 * off);

    const char *const usual = "10000 entries/s, interval 10 ms, sync 0.3 ms";
    const double formula = 10000 * 0.010 * 2,
                 most = study_most(j, "sizing", FORMULA, usual, "depth_most"),
                 room = study_most(j, "sizing", FORMULA, usual, "room");
    study_verdict(
        j, "S1-C9", isnan(most) || room != formula ? CLAIM_UNTESTABLE : CLAIM_REFUTED, NULL,
        "by arithmetic: the document's own formula gives %.0f for that load, and 10,000 is "
        "%.0f times as much (with room for %.0f up to %.0f entries were inside)",
        formula, 10000 / formula, room, most);
}

static void intervals(struct study_judge *j)
{
    if (study_missing(j, "S1-C10 S1-B3", "interval"))
        return;
    const char *const open = "an appender that waits for nothing";
    const struct interval closed = study_ratio(j, "interval", "20 ms", "no interval",
                                               "32 committers", "commits_per_s"),
                          stream = study_ratio(j, "interval", "20 ms", "no interval", open,
                                               "entries_per_s"),
                          syncs = study_ratio(j, "interval", "20 ms", "no interval",
                                              "2000 entries/s", "syncs_per_s");
    struct study_parts p = {0};
    study_part(&p, study_at_least(closed, 1), "committers that wait (%s)",
               study_words(closed, "x"));
    study_part(&p, study_at_least(stream, 1), "%s (%s)", open, study_words(stream, "x"));
    study_verdict(j, "S1-C10", study_parts_verdict(&p), NULL,
                  "%s; throughput with an interval of 20 ms for that with none. What it saves is "
                  "syncs: %s as many at 2000 entries/s",
                  study_parts_words(&p), study_words(syncs, "x"));

    const struct interval ours = study_median(j, "interval", "20 ms", "2000 entries/s",
                                              "entries_per_sync"),
                          written = study_median(j, "interval", "20 ms, as written",
                                                 "2000 entries/s", "entries_per_sync"),
                          r = study_ratio(j, "interval", "20 ms, as written", "20 ms",
                                          "2000 entries/s", "entries_per_sync");
    study_verdict(j, "S1-B3", study_at_least(r, 0.5), NULL,
                  "%s entries to a sync as written, where every append wakes the flusher, %s when "
                  "entries gather for the 20 ms that were asked for (2000 entries/s)",
                  study_words(written, ""), study_words(ours, ""));
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

/* A bug is shown by what was lost in these runs, or by the checker, which finds an execution of a small
 * program or looks through all of them. */
static enum verdict refuted_by(const struct study_judge *j, double seen, const char *program)
{
    const int found = study_proved(j, program);
    return seen > 0 || found > 0 ? CLAIM_REFUTED : found < 0 ? CLAIM_UNTESTABLE : CLAIM_HOLDS;
}

static const char *checker_says(const struct study_judge *j, const char *program)
{
    const int found = study_proved(j, program);
    return found > 0    ? "the checker finds it in a small program"
           : found == 0 ? "the checker does not find it in a small program"
                        : "the checker has no answer in this run";
}

static void wake_ups(struct study_judge *j)
{
    if (study_missing(j, "S1-B1", "wake-ups"))
        return;
    static const char *const PAUSES = "as written, 200 pauses in its window";
    const double stalls = study_sum(j, "wake-ups", "as written", NULL, "stalls"),
                 appends = study_sum(j, "wake-ups", "as written", NULL, "appends"),
                 wide = study_sum(j, "wake-ups", PAUSES, NULL, "stalls"),
                 wide_appends = study_sum(j, "wake-ups", PAUSES, NULL, "appends"),
                 ours = study_sum(j, "wake-ups", "ours", NULL, "stalls"),
                 ours_appends = study_sum(j, "wake-ups", "ours", NULL, "appends");
    static const char program[] = "lost_wakeup_notify";
    study_verdict(
        j, "S1-B1", refuted_by(j, stalls + wide, program), "models/golden/lost_wakeup_notify.txt",
        "a wake-up between the look at the count and the registration is lost: %s. One "
        "writer, room for one: %.0f sleeps for ever in %.0f "
        "appends, %.0f in %.0f with a window of 200 pauses, %.0f in %.0f of ours",
        checker_says(j, program), stalls, appends, wide, wide_appends, ours, ours_appends);
}

/* The claim is about processor time: a writer that waits has none of it. How often it is woken for
 * nothing is why it may have. */
static void herd_of_writers(struct study_judge *j)
{
    static const char *const WOKEN = "sleeps_for_room_per_append",
                             *const CPU = "processor_us_per_append",
                             *const SHARE = "processor_share";
    const char *const herd = judge_setting(j, "append", 32, "room for 8", "\n");
    const struct interval more = study_ratio(j, "append", "as written", "ours", herd, CPU);
    if (study_missing(j, "S1-B4", "append"))
        return;
    study_verdict(
        j, "S1-B4", study_at_most(more, 1), NULL,
        "32 appenders and room for 8: an entry costs its writer %s of processor time when all who "
        "wait are woken for whatever room there is, %s when as many are woken as there is room "
        "for: %s; of the time that appends take, %s and %s on a processor; sleeps for an entry: "
        "%s and %s",
        study_words(study_median(j, "append", "as written", herd, CPU), "us"),
        study_words(study_median(j, "append", "ours", herd, CPU), "us"), study_words(more, "x"),
        study_words(study_median(j, "append", "as written", herd, SHARE), ""),
        study_words(study_median(j, "append", "ours", herd, SHARE), ""),
        study_words(study_median(j, "append", "as written", herd, WOKEN), ""),
        study_words(study_median(j, "append", "ours", herd, WOKEN), ""));
}

static void errors(struct study_judge *j)
{
    if (study_missing(j, "S1-C11", "errors"))
        return;
    const char *const refused = "8 writers, a write is refused (ENOSPC)",
                      *const failed = "8 writers, a sync fails (EIO)";
    const double hung = study_least(j, "errors", "as written", refused, "hung_writers"),
                 kept = study_least(j, "errors", "as written", refused, "room_kept"),
                 hung_sync = study_least(j, "errors", "as written", failed, "hung_writers"),
                 ours = fmax(study_most(j, "errors", "ours", refused, "hung_writers"),
                             study_most(j, "errors", "ours", failed, "hung_writers")),
                 after = study_least(j, "errors", "ours", refused, "acknowledged_after"),
                 kept_ours = fmax(study_most(j, "errors", "ours", refused, "room_kept"),
                                  study_most(j, "errors", "ours", failed, "room_kept"));
    const bool hangs = hung > 0 || hung_sync > 0;
    study_verdict(
        j, "S1-C11",
        hangs                             ? CLAIM_REFUTED
        : isnan(hung) || isnan(hung_sync) ? CLAIM_UNTESTABLE
                                          : CLAIM_HOLDS,
        hangs && study_proved(j, "flush_error_keeps_capacity") > 0
            ? "models/mutants/flush_error_keeps_capacity.c"
            : NULL,
        "one refused write, and %.0f of 8 committers wait for ever, with the room of %.0f "
        "entries gone; one failed sync: %.0f; %s. Ours: %.0f wait, room of %.0f kept, and "
        "after the refused write at least %.0f commits more",
        hung, kept, hung_sync, checker_says(j, "flush_error_keeps_capacity"), ours, kept_ours,
        after);
}

static void shutdown(struct study_judge *j)
{
    if (study_missing(j, "S1-B2", "shutdown"))
        return;
    const char *const stop = "4 appenders, told to stop as it begins", *const on =
                                                                           "4 appenders, not told";
    const double lost = study_sum(j, "shutdown", "as written", stop, "accepted_not_written"),
                 of = study_sum(j, "shutdown", "as written", stop, "accepted"),
                 on_lost = study_sum(j, "shutdown", "as written", on, "accepted_not_written"),
                 ours = study_sum(j, "shutdown", "ours", stop, "accepted_not_written") +
                        study_sum(j, "shutdown", "ours", on, "accepted_not_written");
    static const char program[] = "shutdown_loses_entry";
    study_verdict(
        j, "S1-B2", refuted_by(j, lost + on_lost, program),
        study_proved(j, program) > 0 ? "models/mutants/shutdown_loses_entry.c" : NULL,
        "an entry that was counted and not pushed yet is missed by the last drain: %s; %.0f of "
        "%.0f accepted entries were not in the file when appenders were told to stop "
        "first, %.0f when they went on; %.0f of ours",
        checker_says(j, program), lost, of, on_lost, ours);
}

static void crashes(struct study_judge *j)
{
    if (study_missing(j, "WAL-T4", "crash"))
        return;
    static const char *const kinds[] = {"kill -9", "kill -9, refused writes, failed syncs",
                                        "power cut, simulated"};
    double points[3], lost = 0, wrong = 0, refused = 0, found = 0, acknowledged = 0;
    for (unsigned k = 0; k < 3; k++) {
        points[k] = study_sum(j, "crash", kinds[k], NULL, "kill_points");
        if (isnan(points[k]))
            points[k] = 0;
        else {
            lost += study_sum(j, "crash", kinds[k], NULL, "lost_acknowledged");
            wrong += study_sum(j, "crash", kinds[k], NULL, "wrong_records");
            refused += study_sum(j, "crash", kinds[k], NULL, "refused");
            found += study_sum(j, "crash", kinds[k], NULL, "refused_found");
            acknowledged += study_sum(j, "crash", kinds[k], NULL, "acknowledged");
        }
    }
    study_verdict(j, "WAL-T4",
                  lost > 0 || wrong > 0 || found > 0               ? CLAIM_REFUTED
                  : points[0] + points[1] < 1000 || points[2] == 0 ? CLAIM_UNTESTABLE
                                                                   : CLAIM_HOLDS,
                  NULL,
                  "%s%.0f acknowledged entries lost of %.0f, %.0f wrong records, %.0f of %.0f "
                  "refused ones found, after %.0f kills, %.0f with ENOSPC, EFBIG and EIO, and %.0f "
                  "simulated power cuts",
                  points[0] + points[1] < 1000 ? "too few crashes in this run: " : "", lost,
                  acknowledged, wrong, found, refused, points[0], points[1], points[2]);
}

void judge_the_rest(struct study_judge *j)
{
    append_time(j);
    memory(j);
    shared_words(j);
    judge_the_rival(j);
    sizing(j);
    intervals(j);
    wake_ups(j);
    herd_of_writers(j);
    errors(j);
    shutdown(j);
    crashes(j);
}
