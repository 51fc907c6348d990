/* judge_rival.c: the table of advantages over wal-rust, of whose write the document prints two
 * fetch-and-adds and nothing else. */
#include "studies/wal_admission/judge.h"

static const char *const RIVAL = "two fetch-and-adds (the rival)";
static const char *const OWN = "admission and push";

static struct interval contended(const struct study_judge *j, const char *variant,
                                 const char *setting, const char *metric)
{
    return study_median(j, "contention", variant, setting, metric);
}

static void rival_growth(struct study_judge *j)
{
    const struct interval one = contended(j, RIVAL, "1 thread", "ns_per_write"),
                          two = contended(j, RIVAL, "2 threads", "ns_per_write"),
                          eight = contended(j, RIVAL, "8 threads", "ns_per_write");
    /* n writers, n times the cost of each write, is what makes the sum grow with the square. */
    const struct interval growth = study_quotient(eight, one, 1);
    study_verdict(j, "S1-C6", study_at_least(growth, 8), NULL,
                  "a write of two fetch-and-adds takes %s of processor time alone, %s with 2 "
                  "threads, %s with 8: %s, where quadratic growth of the whole needs 8x; admission "
                  "and push take %s with 8",
                  study_words(one, "ns"), study_words(two, "ns"), study_words(eight, "ns"),
                  study_words(growth, "x"),
                  study_words(contended(j, OWN, "8 threads", "ns_per_write"), "ns"));
}

/* The table of advantages: contention, processor time, scalability. */
static void rival_table(struct study_judge *j)
{
    static const char *const crowd = "8 threads";
    const struct interval lost = contended(j, OWN, crowd, "lost_cas_per_write"),
                          theirs = contended(j, RIVAL, crowd, "lost_cas_per_write");
    if (study_missing(j, "S1-C6 S1-C12 S1-C13 S1-C14", "contention"))
        return;
    rival_growth(j);
    const double most = study_most(j, "contention", OWN, NULL, "lost_cas_per_write");
    study_verdict(j, "S1-C12",
                  most > 0    ? CLAIM_REFUTED /* none at all is what is claimed */
                  : most == 0 ? CLAIM_HOLDS
                              : CLAIM_UNTESTABLE,
                  NULL,
                  "admission is the one that loops: with 8 threads it loses %s compare-and-swaps "
                  "for each write, the rival's two fetch-and-adds %s; a write of the rival takes "
                  "%s of processor time, admission and push %s",
                  study_words(lost, ""), study_words(theirs, ""),
                  study_words(contended(j, RIVAL, crowd, "ns_per_write"), "ns"),
                  study_words(contended(j, OWN, crowd, "ns_per_write"), "ns"));

    struct study_parts p = {0};
    const char *setting;
    for (size_t i = 0; (setting = study_setting(j, "contention", i)) != NULL; i++) {
        const struct interval r = study_ratio(j, "contention", OWN, RIVAL, setting, "ns_per_write");
        study_part(&p, study_at_most(r, 1), "%s (%s)", setting, study_words(r, "x"));
    }
    study_verdict(j, "S1-C13", study_parts_verdict(&p), NULL,
                  "%s. In parentheses: processor time of admission and push for that of the "
                  "rival's two fetch-and-adds",
                  study_parts_words(&p));

    /* What many writers make for what one makes, here and there: pairs within rounds, then these. */
    const struct interval many = study_ratio(j, "contention", OWN, RIVAL, crowd, "writes_per_s"),
                          one =
                              study_ratio(j, "contention", OWN, RIVAL, "1 thread", "writes_per_s"),
                          better = study_quotient(many, one, 1);
    study_verdict(
        j, "S1-C14", study_at_least(better, 1), NULL,
        "8 writers make %s of one's writes by admission and push, %s by the rival's two "
        "fetch-and-adds: %s as good a scaling as the rival's (linear would be as many times as "
        "there are processors)",
        study_words(study_quotient(contended(j, OWN, crowd, "writes_per_s"),
                                   contended(j, OWN, "1 thread", "writes_per_s"), 1),
                    "x"),
        study_words(study_quotient(contended(j, RIVAL, crowd, "writes_per_s"),
                                   contended(j, RIVAL, "1 thread", "writes_per_s"), 1),
                    "x"),
        study_words(better, "x"));
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
