/* json.h: writing JSON. Three functions, so that records can be written on a machine without a
 * JSON library; reading them needs one (jansson). */
#ifndef HARNESS_JSON_H
#define HARNESS_JSON_H

#include <stdio.h>

/* A quoted string. What JSON must escape is escaped; bytes that are not UTF-8 (a text cut off in
 * mid-character) become U+FFFD, since a reader would refuse the whole line for them. */
void json_put_string(FILE *f, const char *text);

/* Bytes of the well-formed UTF-8 character that the text begins with; 0: it begins with none. */
unsigned json_utf8_length(const char *text);

/* The shortest decimal that reads back as the same double; null when it is not finite. */
void json_put_number(FILE *f, double number);

#endif
