/* The form of packed paths, shared by who makes and who reads it. Within policy/ only. */
#ifndef GB_POLICY_REF_FILES_PACK_H
#define GB_POLICY_REF_FILES_PACK_H

/* Of so many paths the first stands whole: its length, its bytes. The others: how many bytes they
 * share with the one before, how many follow, these. Lengths have seven bits a byte. */
enum { REF_FILES_BLOCK = 16 };

#endif
