/*
 * An image, as an OCI image layout or as `docker save` writes it: its layers put one over another,
 * with whiteouts (OCI image spec 1.1, "Image Layer Filesystem Changeset"). Manifest, configuration
 * and layers must have the digests that lead to them, packed and unpacked.
 */
#ifndef GB_REFERENCE_OCI_H
#define GB_REFERENCE_OCI_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/packages/file_list.h"
#include "reference/packages/package.h"
#include "wire/arc.h"

/* The files of an image. One is open at a time; `name` is relative and stays below its root. */
struct oci_store {
    int (*open)(void *ctx, const char *name, struct arc_input *ret_input, struct gb_err *err);
    void (*close)(void *ctx); /* also when open failed */
    void *ctx;
};

struct oci_wish {
    const char *platform; /* "linux/arm64"; NULL: the only one */
    const char *image;    /* a name in the index; NULL: the only one */
    bool all_layers;      /* also files that a later layer hides or replaces */
};

/* GB_ERR_NOTFOUND, CONFIG (several to choose among; encrypted), INPUT, LIMIT, NOMEM. */
GB_MUST_USE int oci_read(const struct package_room *room, const struct oci_store *store,
                         const struct oci_wish *wish, struct file_list *list, struct gb_err *err);

/* A store of a tar (oci-archive, docker-archive), compressed or not, in memory; links within it are
 * followed. Begin with {.bytes}. */
struct oci_tar {
    struct gb_bytes bytes;
    struct arc_bytes source;
    struct arc *arc;
};
struct oci_store oci_store_tar(struct oci_tar *tar);

#endif
