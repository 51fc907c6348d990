/* study_file.h: samples on disk. Internal to studies/.
 *
 * DIR/samples.jsonl has for every run of a study one line that says what was asked, then a line per
 * sample. A study that was run twice into a directory counts as it ran last. A torn last line, which
 * a killed run leaves, is passed over. */
#ifndef STUDIES_STUDY_FILE_H
#define STUDIES_STUDY_FILE_H

#include "harness/env.h"
#include "studies/study.h"

/* The samples of one study, and what is found in them. */
struct study_judge {
    const struct study *study;
    struct study_sample *sample;
    size_t n;
    bool there;          /* this study was run into this file */
    bool quick;          /* and briefly */
    bool cut;            /* the last line of the file is not whole */
    char directory[512]; /* where the file is, as verdicts name it */
    struct study_finding {
        char *claim, *measured, *evidence;
        enum verdict verdict;
    } * finding;
    size_t n_findings;
    int error; /* ENOMEM */
};

/* What one study left in DIR/samples.jsonl. 0, or an errno and a message that names file and line.
 * ENOENT: no such file. ENOTSUP: built without jansson. */
int study_read(struct study_judge *j, const struct study *study, const char *directory,
               char *message, size_t size);
void study_release(struct study_judge *j);

/* Opens DIR/samples.jsonl to append, and begins a run of this study in it, with the machine and the
 * commit (NULL: unknown), for runs of one directory need not share them; 0 or an errno. */
int study_begin(FILE **f, const struct study_options *o, unsigned rounds, const struct env *env);
int study_write(FILE *f, const struct study *study, const struct study_sample *s);

/* The value of a parameter in this run. */
const char *study_value(const struct study_options *o, size_t parameter);

#endif
