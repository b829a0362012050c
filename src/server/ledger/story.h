/*
 * Why a node is what it is: a round that continues tells only what is new, so what earlier rounds
 * of the same boot found is told along with it. For `garboard node why`, and for whoever reads the
 * record later.
 */
#ifndef GB_SERVER_STORY_H
#define GB_SERVER_STORY_H

#include "wire/json.h"

/* Adds the findings of `earlier` (a verdict as verdict_json made it; taken apart, still the
 * caller's) that still stand to those of `now`. Either may be NULL or of another shape: then
 * nothing is added. */
void story_join(struct json *earlier, struct json *now);

#endif
