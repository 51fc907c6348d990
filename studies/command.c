/* command.c: queuelab study: what to run, with which parameters, and what is said at the end. */
#include "studies/command.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/whole_file.h"
#include "studies/ledger.h"

#define LEDGER "studies/claims.tsv" /* of this project, if that is where we are */
enum { NOT_THERE = -1, EXIT_USAGE = 2, PARAMETERS_MOST = 48 };

const char study_usage[] =
    "  study     the systems of five documents: NAME [--quick] [--only EXPERIMENT,...] [--out DIR] "
    "[--rounds N]\n"
    "                        [--seed N] [--quiet] [--ledger FILE] [--data DIR] [--PARAMETER VALUE "
    "...]\n"
    "            --list      names and documents; NAME --help: its parameters\n"
    "            --judge DIR the verdicts again, from records [--ledger FILE [--check]] [--data "
    "DIR]\n";

#define STUDY(name) extern const struct study study_##name;
#include "studies/studies.def"
#undef STUDY
const struct study *const studies[] = {
#define STUDY(name) &study_##name,
#include "studies/studies.def"
#undef STUDY
    NULL,
};

static int misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int misuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "queuelab: study: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "; see `queuelab help`\n");
    va_end(args);
    return EXIT_USAGE;
}

static const struct study *study_named(const char *name)
{
    for (const struct study *const *s = studies; *s; s++)
        if (strcmp((*s)->name, name) == 0)
            return *s;
    return NULL;
}

static int list(void)
{
    printf("%-18s  %-8s  %s\n", "study", "document", "what it is");
    for (const struct study *const *s = studies; *s; s++)
        printf("%-18s  %-8s  %s\n", (*s)->name, (*s)->source, (*s)->title);
    return 0;
}

static int help(const struct study *s)
{
    printf("queuelab study %s: %s (document %s; studies/%s/README.md)\n\n", s->name, s->title,
           s->source, s->name);
    printf("  --%-18s %-12s %-12s %s\n", "parameter", "usual", "with --quick", "");
    printf("  --%-18s %-12u %-12u %s\n", "rounds", s->rounds, s->quick_rounds,
           "how often a cell is measured, at most");
    for (const struct study_parameter *p = s->parameters; p && p->name; p++)
        printf("  --%-18s %-12s %-12s %s\n", p->name, p->usual[0] ? p->usual : "-",
               p->quick && p->quick[0] ? p->quick
               : p->usual[0]           ? p->usual
                                       : "-",
               p->help);
    printf("\n  --quick   the values of the second column\n"
           "  --out     the directory of the samples, made when missing; usual: a new one in "
           "results/\n"
           "  --only    experiments of the study, with commas; a wrong name says which there are\n"
           "  --seed    a whole number that every random choice follows from; usual: the time\n"
           "  --quiet   no verdicts on the terminal\n"
           "  --ledger  a claims.tsv whose verdicts are to be written anew\n"
           "  --data    a directory for the table of the figure, plots/study_%s.gp\n"
           "exit: 0 all well, 1 some samples have errors, 2 wrong use, 3 a file that cannot be "
           "read or\n"
           "      written, 128 + the signal, interrupted; what was measured is kept\n",
           s->name);
    return 0;
}

/* ---- the command line ------------------------------------------------------------------------ */

struct request {
    struct study_options o;
    const char *value[PARAMETERS_MOST];
    const char *ledger, *data, *judge;
    bool check, list, help;
};

static bool whole_number(const char *text, uint64_t least, uint64_t most, uint64_t *n)
{
    char *end;
    errno = 0;
    *n = strtoull(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && text[0] != '-' && *n >= least && *n <= most;
}

/* One of the study's own; EXIT_USAGE if there is no such, or the value will not do. */
static int take_parameter(struct request *r, const char *name, const char *value)
{
    const struct study *const s = r->o.study;
    for (size_t i = 0; s && s->parameters && s->parameters[i].name; i++) {
        const struct study_parameter *const p = &s->parameters[i];
        if (strcmp(p->name, name) != 0)
            continue;
        if (!value)
            return misuse("--%s needs a value", name);
        if (p->least < p->most) {
            char *end;
            const double v = strtod(value, &end);
            if (end == value || *end || !(v >= p->least && v <= p->most))
                return misuse("--%s '%s' is no number from %.10g to %.10g", name, value, p->least,
                              p->most);
        }
        r->value[i] = value;
        return 0;
    }
    const int word = (int)strcspn(name, "=");
    if (name[word])
        return misuse("write '--%.*s %s', with a space", word, name, name + word + 1);
    return s ? misuse("%s has no parameter --%s (`queuelab study %s --help`)", s->name, name,
                      s->name)
             : misuse("does not know '--%s'", name);
}

/* value NULL: there is no word behind it. */
static int take_option(struct request *r, const char *name, const char *value)
{
    static const char *const with_value[] = {"out",    "ledger", "data", "judge",
                                             "rounds", "seed",   "only"};
    uint64_t n;
    for (size_t i = 0; !value && i < sizeof with_value / sizeof *with_value; i++)
        if (strcmp(name, with_value[i]) == 0)
            return misuse("--%s needs a value", name);
    if (strcmp(name, "out") == 0)
        r->o.out = value;
    else if (strcmp(name, "only") == 0)
        r->o.only = value;
    else if (strcmp(name, "ledger") == 0)
        r->ledger = value;
    else if (strcmp(name, "data") == 0)
        r->data = value;
    else if (strcmp(name, "judge") == 0)
        r->judge = value;
    else if (strcmp(name, "rounds") == 0) {
        if (!whole_number(value, 1, 10000, &n))
            return misuse("--rounds '%s' is no number from 1 to 10000", value);
        r->o.rounds = (unsigned)n;
    } else if (strcmp(name, "seed") == 0) {
        if (!whole_number(value, 0, UINT64_MAX >> 1, &r->o.seed))
            return misuse("--seed '%s' is no whole number from 0 to 2^63-1", value);
    } else
        return take_parameter(r, name, value);
    return 0;
}

static int parse(struct request *r, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *const word = argv[i];
        if (strncmp(word, "--", 2) != 0) {
            if (r->o.study)
                return misuse("one study at a time: '%s' is one too many", word);
            if (!(r->o.study = study_named(word)))
                return misuse("there is no study '%s' (`queuelab study --list`)", word);
            size_t n = 0;
            while (r->o.study->parameters && r->o.study->parameters[n].name)
                n++;
            if (n > PARAMETERS_MOST)
                abort(); /* a mistake of the study */
            continue;
        }
        if (strcmp(word, "--quick") == 0)
            r->o.quick = true;
        else if (strcmp(word, "--quiet") == 0)
            r->o.quiet = true;
        else if (strcmp(word, "--check") == 0)
            r->check = true;
        else if (strcmp(word, "--list") == 0)
            r->list = true;
        else if (strcmp(word, "--help") == 0)
            r->help = true;
        else {
            const int status = take_option(r, word + 2, argv[i + 1]);
            if (status)
                return status;
            i++;
        }
    }
    return 0;
}

/* ---- judging --------------------------------------------------------------------------------- */

static int write_data(const struct study_judge *j, const char *directory)
{
    char path[4096], *text;
    size_t size;
    if (!j->study->figure)
        return 0;
    FILE *const f = open_memstream(&text, &size);
    if (!f)
        return ENOMEM;
    j->study->figure(j, f);
    if (fclose(f) != 0)
        return ENOMEM;
    if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
        free(text);
        return errno;
    }
    snprintf(path, sizeof path, "%s/study_%s.tsv", directory, j->study->name);
    const int error = whole_write(path, text, size);
    free(text);
    return error;
}

/* What one study left in this directory. 0, an exit status, or NOT_THERE if it need not be. */
static int judge(const struct request *r, const struct study *s, const char *directory, bool must)
{
    struct study_judge j;
    char message[1024];
    unsigned flips;
    int error = study_read(&j, s, directory, message, sizeof message);
    if (error) {
        fprintf(stderr, "queuelab: %s\n", message);
        return 3;
    }
    if (j.cut && (must || s == studies[0])) /* once */
        fprintf(stderr,
                "queuelab: note: the last line of %s/samples.jsonl is cut off and left out\n",
                directory);
    if (!j.there) {
        study_release(&j);
        if (must)
            fprintf(stderr, "queuelab: there are no samples of %s in %s\n", s->name, directory);
        return must ? 3 : NOT_THERE;
    }
    s->judge(&j);
    if (!r->o.quiet)
        ledger_say(r->ledger ? r->ledger : LEDGER, &j, stdout);
    message[0] = '\0';
    if (r->ledger && r->check)
        error = ledger_check(r->ledger, &j, message, sizeof message);
    else if (r->ledger)
        error = ledger_update(r->ledger, &j, stderr, &flips, message, sizeof message);
    if (!error && r->data && (error = write_data(&j, r->data)) != 0)
        snprintf(message, sizeof message, "cannot write the table of its figure into %s: %s",
                 r->data, strerror(error));
    if (error)
        fprintf(stderr, "queuelab: study %s: %s\n", s->name, message);
    study_release(&j);
    return error == 0 ? 0 : error == EILSEQ || error == ENOKEY ? 1 : 3;
}

static int judge_all(const struct request *r)
{
    int worst = 0;
    size_t there = 0;
    if (r->o.study)
        return judge(r, r->o.study, r->judge, true);
    for (const struct study *const *s = studies; *s && worst < 3; s++) {
        const int status = judge(r, *s, r->judge, false);
        there += status != NOT_THERE;
        if (status != NOT_THERE)
            worst = status > worst ? status : worst;
        else if (r->ledger)
            fprintf(stderr, "queuelab: there are no samples of %s in %s: its verdicts are not %s\n",
                    (*s)->name, r->judge, r->check ? "checked" : "made anew");
        if (status == NOT_THERE && r->check)
            worst = 1;
    }
    if (there == 0 && worst < 3) {
        fprintf(stderr, "queuelab: there are no samples of any study in %s\n", r->judge);
        return 3;
    }
    return worst;
}

int study_command(int argc, char **argv)
{
    static char out[128];
    struct request r = {.o = {.seed = (uint64_t)time(NULL)}};
    r.o.value = r.value;
    int status = parse(&r, argc, argv);
    if (status)
        return status;
    if (r.check && !(r.judge && r.ledger))
        return misuse("--check goes with --judge and --ledger");
    if (r.o.only && r.ledger)
        return misuse("--only leaves claims without figures: not with --ledger");
    if (r.list)
        return list();
    if (r.judge)
        return judge_all(&r);
    if (!r.o.study)
        return misuse("which one? `queuelab study --list`");
    if (r.help)
        return help(r.o.study);
    if (!r.o.out) {
        struct stat s;
        const time_t now = time(NULL);
        char date[32];
        strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", gmtime(&now));
        snprintf(out, sizeof out, "%sstudy-%s-%s",
                 stat("results", &s) == 0 && S_ISDIR(s.st_mode) ? "results/" : "", r.o.study->name,
                 date);
        r.o.out = out;
    }
    if (r.ledger && access(r.ledger, R_OK | W_OK) != 0) { /* before, not after hours of measuring */
        fprintf(stderr, "queuelab: cannot write the ledger %s: %s\n", r.ledger, strerror(errno));
        return 3;
    }
    status = study_carry_out(&r.o);
    if (status > 1)
        return status;
    const int judged = judge(&r, r.o.study, r.o.out, true);
    if (!r.o.quiet)
        printf("records  %s\n", r.o.out);
    return judged ? judged : status;
}
