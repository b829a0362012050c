/*
 * Every ceiling in one place, each with its reason. Foreign bytes that ask for more are refused
 * with GB_ERR_LIMIT or GB_ERR_INPUT; nothing is allocated for them first.
 */
#ifndef GB_BASE_LIMITS_H
#define GB_BASE_LIMITS_H

enum {
    GB_LIMIT_ERR_TEXT = 240, /* one line on a terminal or in a journal, with context prefixes */
    GB_LIMIT_PCRS = 24,      /* PC Client Platform TPM Profile: PCR 0-23 */
    GB_LIMIT_BANKS = 8,      /* a TPM allocates at most a handful; Spec ID lists as many */
    GB_LIMIT_DIGEST = 64,    /* SHA-512 is the longest digest that a TPM bank can hold */
    GB_LIMIT_NONCE = 64,     /* TPM2B_DATA of qualifyingData: at most the longest digest */
    GB_LIMIT_EVENTS = 65536, /* real firmware logs hold 20 to 300 events */
    GB_LIMIT_EVENT_DATA = 4 << 20,  /* a revocation list (dbx) is the largest: some 30 KB today */
    GB_LIMIT_BOOT_LOG = 16 << 20,   /* firmware allots 64 KB to 1 MB to its log */
    GB_LIMIT_IMA_LOG = 256 << 20,   /* about a million measurements of 250 bytes */
    GB_LIMIT_IMA_ENTRIES = 2 << 20, /* a node measures some thousands in a month; 112 bytes each */
    GB_LIMIT_IMA_FROM = 1 << 30, /* where a list may go on; places stay below 32 bits (findings) */
    GB_LIMIT_IMA_TEMPLATE =
        1 << 20, /* one entry's fields; the kernel caps a signature at 64 KB, a policy is larger */
    GB_LIMIT_IMA_NAME = 64, /* template name or custom format ("d-ng|n-ng|sig") */
    GB_LIMIT_IMA_FIELDS =
        16, /* fields of one template; the kernel's own ceiling (TEMPLATE_NUM_FIELDS_MAX is 15) */
    GB_LIMIT_SYSTEMD_LOG = 4 << 20, /* tpm2-measure.log: some ten records of 300 bytes */
    GB_LIMIT_UEFI_NAME = 1024,      /* characters of a UEFI variable's name */
    GB_LIMIT_SIG_LISTS = 4096,      /* signature lists in one variable */
    GB_LIMIT_GPT_ENTRIES = 1024,    /* partitions in one table: 128 is the usual size */
    GB_LIMIT_PUBLIC = 4096,         /* TPM2B_PUBLIC, TPMS_ATTEST, TPMT_SIGNATURE files */
    GB_LIMIT_RSA_BITS = 8192,       /* TPMs make 4096 at most; more only costs time */
    GB_LIMIT_DIR_NAMES = 4096,      /* certificates and logs in one evidence folder: a dozen */
    GB_LIMIT_CERT = 64 << 10,       /* one certificate or a bundle of intermediates */
    GB_LIMIT_CA_BUNDLE = 1 << 20,   /* the system's roots: some 220 KB on Debian 12 */
    GB_LIMIT_BEARER = 12 << 10,     /* a person's token, in one header line of the 16 KB of all */
    GB_LIMIT_CERTS = 1024,          /* makers' roots and intermediates: some 120 in all today */
    GB_LIMIT_EXTRAS = 1 << 20,      /* posture, keys, running pods: some kilobytes */
    GB_LIMIT_PCR_TEXT = 256 << 10,  /* pcrs.yaml: 24 lines in each of a few banks */
    GB_LIMIT_PEOPLE = 4096,         /* people named one by one in an AccessPolicy; groups beyond */
    GB_LIMIT_ISSUERS = 16,          /* identity providers whose tokens are believed: one or two */
    GB_LIMIT_OFFICERS = 64,         /* officers' keys; each is found by its id */
    GB_LIMIT_SIGNATURES = 16,       /* in one document: two officers, and those whose keys rotate */
    GB_LIMIT_CANONICAL = 128 << 20, /* signed form of GB_LIMIT_POLICY: a head a value, no blanks */
    GB_LIMIT_SETS = 1024,           /* reference sets of one policy; a fleet has some dozens */
    GB_LIMIT_STORE_QUEUE = 8192,    /* writes that wait for a commit of 4 ms; 16 KB each */
    GB_LIMIT_STORE_LIST = 65536,    /* rows of one list */
    GB_LIMIT_POLICY = 64 << 20,     /* a reference set with 500,000 file digests */
    GB_LIMIT_HTTP_FIELDS = 48,      /* header lines of a request; browsers send some 20 */
    GB_LIMIT_HTTP_ANSWER = 64 << 20, /* a list of 100,000 nodes in JSON */
    GB_LIMIT_JSON_DEPTH = 32,        /* the records that we read nest four deep */
    GB_LIMIT_JSON_VALUES = 4 << 20,  /* a list of 100,000 nodes; some 200 bytes of memory each */
    GB_LIMIT_JSON_REQUEST = 128,     /* of a request's body: an enrolment has below 50 */
    GB_LIMIT_JWT = 32 << 10,         /* a token: ours are 2 KB, an identity provider's below 8 */
    GB_LIMIT_JWT_VALUES = 1024,      /* of a token's claims: a person's groups are some hundreds */
    GB_LIMIT_JWKS = 256 << 10,       /* a key set: certificates ride along, 8 KB a key */
    GB_LIMIT_JWKS_KEYS = 64,         /* keys of one set: a handful during a rotation */
    GB_LIMIT_YAML_DEPTH = 16,        /* our documents nest five deep */
    GB_LIMIT_YAML_NODES = 4 << 20,   /* nodes of all documents of one file */
    GB_LIMIT_YAML_SCALAR = 64 << 10, /* one value */
    GB_LIMIT_CMDLINE = 64 << 10,     /* Linux takes 2 KB to 64 KB by architecture */
    GB_LIMIT_TREE_FILES = 1 << 20,   /* files of one root file system */
    GB_LIMIT_TREE_DEPTH = 128,       /* folders within folders; each holds a descriptor open */
    GB_LIMIT_PE_SECTIONS = 96,       /* the PE loader's own ceiling */
    GB_LIMIT_PE_ZEROS = 1 << 20,     /* a section's bytes in memory beyond those in the file */
    GB_LIMIT_IMAGE = 1 << 30,        /* a UKI with its initrd */
    GB_LIMIT_CONF = 64 << 10,        /* a configuration file; with all its comments some 10 KB */
    GB_LIMIT_CONF_ITEMS = 256,       /* of one list key: addresses, roots */
    GB_LIMIT_RPC = 64 << 20,     /* one message: evidence with whole logs; an IMA list of 250,000
                                    entries */
    GB_LIMIT_PASSPHRASE = 1024,  /* libcrypto's own ceiling of passphrases (PEM_BUFSIZE) */
    GB_LIMIT_REPLY = 64 << 20,   /* an answer to the CLI: 100,000 nodes of 600 bytes */
    GB_LIMIT_ENTRY = 16 << 10,   /* one entry of the ledger; tlog-tiles allows 65535 bytes */
    GB_LIMIT_ENTRY_JSON = 4096,  /* values in an entry; the largest have some hundreds */
    GB_LIMIT_NOTE = 64 << 10,    /* a checkpoint with some dozens of cosignatures */
    GB_LIMIT_NOTE_NAME = 255,    /* a key's name: a URL without its scheme */
    GB_LIMIT_NOTE_LINES = 64,    /* signatures of a note; C2SP asks for 16 at least */
    GB_LIMIT_PROOF = 128 << 10,  /* a checkpoint, an entry in base64, some dozens of hashes */
    GB_LIMIT_ROUNDS = 256 << 20, /* the quotes of one minute: 100,000 nodes of 700 bytes and some */
    GB_LIMIT_FINDINGS = 4096,    /* after that many the rest is counted, not kept */
};

/* Of witnesses of ledgers. */
enum {
    GB_LIMIT_CONSISTENCY = 63, /* hashes of a consistency proof; tlog-witness sends no more */
    GB_LIMIT_ADD_CHECKPOINT = 16 << 10, /* what one is sent: a proof, a checkpoint of its log */
    GB_LIMIT_WARD_KEYS = 4,  /* of one log that is witnessed; two while it changes its key */
    GB_LIMIT_FORKS = 256,    /* cases of proven forks whose evidence one keeps */
    GB_LIMIT_SUSPECTS = 16,  /* likewise unproven: whoever sees checkpoints can make them */
    GB_LIMIT_WITNESSES = 16, /* that garboardd asks; tlog clients ask for a handful */
};

#endif
