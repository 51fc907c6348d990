/* judge_rival.c: the table of advantages over wal-rust, of whose write the document prints two
 * fetch-and-adds and nothing else. */
#include <stdio.h>

#include "studies/wal_admission/judge.h"

static const char *const RIVAL = "two fetch-and-adds (the rival)";
static const char *const OWN = "append as written, no flush";
static const char *const ONE = "1 thread", *const TWO = "2 threads", *const CROWD = "8 threads";

static struct interval contended(const struct study_judge *j, const char *variant,
                                 const char *setting, const char *metric)
{
    return study_median(j, "contention", variant, setting, metric);
}

/* n writers, n times the cost of each write, is what makes the sum grow with the square. Writers get into
 * each other's way only on a processor each, and two of them do not tell a square from a line. */
static void rival_growth(struct study_judge *j, double processors)
{
    const unsigned n = processors >= 8 ? 8 : processors >= 4 ? 4 : 0;
    char setting[32];
    snprintf(setting, sizeof setting, "%u threads", n);
    const struct interval one = contended(j, RIVAL, ONE, "ns_per_write"),
                          growth =
                              study_quotient(contended(j, RIVAL, setting, "ns_per_write"), one, 1);
    char need[96] = "fewer than 4 processors do not tell a square from a line";
    if (n)
        snprintf(need, sizeof need, "with %u %s, where growth with the square needs %ux", n,
                 study_words(growth, "x"), n);
    study_verdict(j, "S1-C6", n ? study_at_least(growth, n) : CLAIM_UNTESTABLE, NULL,
                  "a write of two fetch-and-adds takes %s of processor time alone, %s with 2 "
                  "threads, %s with 8, on %.0f processors: %s",
                  study_words(one, "ns"),
                  study_words(contended(j, RIVAL, TWO, "ns_per_write"), "ns"),
                  study_words(contended(j, RIVAL, CROWD, "ns_per_write"), "ns"), processors, need);
}

/* The own half of each row can be refuted. No row can be confirmed by a rival of two lines, but for what
 * even these cost. */
static void rival_contends(struct study_judge *j)
{
    const double most = study_most(j, "contention", OWN, NULL, "lost_cas_per_write");
    study_verdict(j, "S1-C12", most > 0 ? CLAIM_REFUTED : CLAIM_UNTESTABLE, NULL,
                  "an append as written loses up to %.3g compare-and-swaps of its own (with 8 "
                  "threads %s), with room for all and nothing flushed; of the rival's write the "
                  "document prints two fetch-and-adds, which have no loop",
                  most, study_words(contended(j, OWN, CROWD, "lost_cas_per_write"), ""));
}

static void rival_processor(struct study_judge *j)
{
    struct study_parts p = {0};
    const char *setting;
    for (size_t i = 0; (setting = study_setting(j, "contention", i)) != NULL; i++) {
        const struct interval r = study_ratio(j, "contention", OWN, RIVAL, setting, "ns_per_write");
        study_part(&p, study_at_most(r, 1) == CLAIM_HOLDS ? CLAIM_HOLDS : CLAIM_UNTESTABLE,
                   "%s (%s)", setting, study_words(r, "x"));
    }
    study_verdict(j, "S1-C13", study_parts_verdict(&p), NULL,
                  "%s. In parentheses: processor time of a whole append as written, nothing "
                  "flushed, for that of two fetch-and-adds. They are all that the document prints "
                  "of the rival's write: who takes less than they do takes less than it, who takes "
                  "more may do so, too",
                  study_parts_words(&p));
}

/* Linear: two writers on two processors make nine tenths of twice as much, at least. One whose append
 * takes more than a ninth more of processor time cannot; one whose takes less may sleep. */
static void rival_scales(struct study_judge *j, double processors)
{
    const struct interval gain = study_quotient(contended(j, OWN, TWO, "writes_per_s"),
                                                contended(j, OWN, ONE, "writes_per_s"), 1),
                          cost = study_quotient(contended(j, OWN, TWO, "ns_per_write"),
                                                contended(j, OWN, ONE, "ns_per_write"), 1);
    enum verdict linear = study_at_least(gain, 0.9 * 2);
    if (linear == CLAIM_UNTESTABLE && study_at_most(cost, 1 / 0.9) == CLAIM_REFUTED)
        linear = CLAIM_REFUTED;
    study_verdict(j, "S1-C14",
                  linear == CLAIM_REFUTED && processors >= 2 ? CLAIM_REFUTED : CLAIM_UNTESTABLE,
                  NULL,
                  "2 writers on %.0f processors make %s of one's appends as written, nothing "
                  "flushed, each for %s of the processor time: %s. The rival cannot be set beside "
                  "it: of its write the document prints two fetch-and-adds",
                  processors, study_words(gain, "x"), study_words(cost, "x"),
                  linear == CLAIM_HOLDS     ? "linear as far as this goes"
                  : linear == CLAIM_REFUTED ? "not linear (1.8x)"
                                            : "whether that is linear (1.8x) is open");
}

/* The table of advantages: contention, processor time, scalability. */
static void rival_table(struct study_judge *j)
{
    const double processors = study_least(j, "contention", RIVAL, NULL, "processors");
    if (study_missing(j, "S1-C6 S1-C12 S1-C13 S1-C14", "contention"))
        return;
    rival_growth(j, processors);
    rival_contends(j);
    rival_processor(j);
    rival_scales(j, processors);
}

/* Nothing of it was built here: the rival's way to wait is not printed, and a thread that waits is
 * held either way. */
static void rival_blocks(struct study_judge *j)
{
    study_verdict(j, "S1-C16", CLAIM_UNTESTABLE, NULL,
                  "the document prints nothing of how its rival waits, and a thread that waits is "
                  "held either way: what a waiting task saves beside a blocked thread is no "
                  "property of the queue. What waiting costs as printed: S1-B4");
}

void judge_the_rival(struct study_judge *j)
{
    rival_table(j);
    rival_blocks(j);
}
