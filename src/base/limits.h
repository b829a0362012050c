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
    GB_LIMIT_CANONICAL = 256 << 20, /* signed form of GB_LIMIT_POLICY: a head a value, no blanks */
    GB_LIMIT_POLICIES = 256,        /* NodePolicies: pools, sites, and what runs in their shadow */
    GB_LIMIT_RULES = 16384,         /* of one list in a policy: dbx has 500 hashes today */
    GB_LIMIT_LINTS = 256,           /* warnings of one apply; who has more mends these first */
    GB_LIMIT_SETS = 1024,           /* reference sets of one policy; a fleet has some dozens */
    GB_LIMIT_SET_FILES =
        4 << 20, /* files of one set; Debian's archive of amd64 has some 6 million */
    GB_LIMIT_SET_PATHS = 1 << 30,    /* bytes of all their paths; they stand in a document */
    GB_LIMIT_FILE_PATH = 64 << 10,   /* one path; Linux opens 4 KB, IMA's name field holds more */
    GB_LIMIT_INDEX_FILES = 1 << 28,  /* files of all sets: a number and a tag share 32 bits */
    GB_LIMIT_IMA_POLICIES = 64,      /* files of a set that are called ima-policy: one or two */
    GB_LIMIT_IMA_SIGNERS = 64,       /* of one policy: a distribution, an owner, some vendors */
    GB_LIMIT_SIG_CACHE = 128 << 10,  /* signatures remembered: the files of some distributions */
    GB_LIMIT_SIG_CACHED = 1 << 10,   /* bytes of one of these; RSA-4096 has 512 */
    GB_LIMIT_STORE_QUEUE = 8192,     /* writes that wait for a commit of 4 ms; 16 KB each */
    GB_LIMIT_STORE_LIST = 65536,     /* rows of one list */
    GB_LIMIT_POLICY = 256 << 20,     /* reference sets: a million files are 110 to 140 MB */
    GB_LIMIT_HTTP_FIELDS = 48,       /* header lines of a request; browsers send some 20 */
    GB_LIMIT_HTTP_ANSWER = 64 << 20, /* a list of 100,000 nodes in JSON; a file of the ledger */
    GB_LIMIT_HTTP_OUT = 288 << 20,  /* any answer: documents of GB_LIMIT_POLICY, for people alone */
    GB_LIMIT_JSON_DEPTH = 32,       /* the records that we read nest four deep */
    GB_LIMIT_JSON_VALUES = 4 << 20, /* a list of 100,000 nodes; some 200 bytes of memory each */
    GB_LIMIT_JSON_REQUEST = 128,    /* of a request's body: an enrolment has below 50 */
    GB_LIMIT_JWT = 32 << 10,        /* a token: ours are 2 KB, an identity provider's below 8 */
    GB_LIMIT_JWT_VALUES = 1024,     /* of a token's claims: a person's groups are some hundreds */
    GB_LIMIT_JWKS = 256 << 10,      /* a key set: certificates ride along, 8 KB a key */
    GB_LIMIT_JWKS_KEYS = 64,        /* keys of one set: a handful during a rotation */
    GB_LIMIT_YAML_DEPTH = 16,       /* our documents nest five deep */
    GB_LIMIT_YAML_NODES = 4 << 20,  /* nodes of all documents of one file */
    GB_LIMIT_YAML_SCALAR = 64 << 10,  /* one value */
    GB_LIMIT_CMDLINE = 64 << 10,      /* Linux takes 2 KB to 64 KB by architecture */
    GB_LIMIT_TREE_FILES = 1 << 20,    /* files of one root file system */
    GB_LIMIT_TREE_PATHS = 256 << 20,  /* bytes of all its paths: a million of 256 each */
    GB_LIMIT_TREE_DEPTH = 128,        /* folders within folders; each holds a descriptor open */
    GB_LIMIT_PE_SECTIONS = 96,        /* the PE loader's own ceiling */
    GB_LIMIT_PE_ZEROS = 1 << 20,      /* a section's bytes in memory beyond those in the file */
    GB_LIMIT_LOADER_ENTRY = 64 << 10, /* an entry of systemd-boot: ten lines, one a command line */
    GB_LIMIT_GRUB_CONFIG = 1 << 20,   /* a grub.cfg: 10 KB with two kernels, some more with forty */
    GB_LIMIT_GRUB_DEPTH = 32,         /* blocks in blocks; each costs a frame of ours */
    GB_LIMIT_GRUB_STEPS = 16384,      /* commands that a configuration runs: some hundred */
    GB_LIMIT_GRUB_LINE = 64 << 10,    /* one command with its words put in */
    GB_LIMIT_IMAGE = 1 << 30,         /* a UKI with its initrd */
    GB_LIMIT_CONF = 64 << 10,         /* a configuration file; with all its comments some 10 KB */
    GB_LIMIT_CONF_ITEMS = 256,        /* of one list key: addresses, roots */
    GB_LIMIT_RPC = 272 << 20, /* one message: all documents of GB_LIMIT_POLICY; only keyd's own
                                 garboardd can send one, by a socket */
    GB_LIMIT_RPC_EVIDENCE = 64 << 20, /* evidence in one, with whole logs: 250,000 IMA entries */
    GB_LIMIT_PASSPHRASE = 1024,       /* libcrypto's own ceiling of passphrases (PEM_BUFSIZE) */
    GB_LIMIT_REPLY = 288 << 20,       /* an answer to the CLI: GB_LIMIT_HTTP_OUT */
    GB_LIMIT_ENTRY = 16 << 10,        /* one entry of the ledger; tlog-tiles allows 65535 bytes */
    GB_LIMIT_ENTRY_JSON = 4096,       /* values in an entry; the largest have some hundreds */
    GB_LIMIT_NOTE = 64 << 10,         /* a checkpoint with some dozens of cosignatures */
    GB_LIMIT_NOTE_NAME = 255,         /* a key's name: a URL without its scheme */
    GB_LIMIT_NOTE_LINES = 64,         /* signatures of a note; C2SP asks for 16 at least */
    GB_LIMIT_PROOF = 128 << 10,       /* a checkpoint, an entry in base64, some dozens of hashes */
    GB_LIMIT_ROUNDS = 256 << 20, /* the quotes of one minute: 100,000 nodes of 700 bytes and some */
    GB_LIMIT_KEPT_CHAIN =
        1024, /* rounds of one boot that are kept; then all evidence begins anew */
    GB_LIMIT_KEPT_REFUSED = 256, /* refused rounds of a node: how it began, and how it stands */
    GB_LIMIT_KEPT_NODE = 4096,   /* rounds of a node: a count of them takes 10 ms */
    GB_LIMIT_KEPT_NODE_BYTES =
        1 << 30, /* packed, of a node: a fiftieth of evidence_max's default */
    GB_LIMIT_KEPT_UNPROVEN =
        4096, /* words beside a quote that proves nothing; agents say 300 bytes */
    GB_LIMIT_KEPT =
        272
        << 20, /* one moment's evidence as it is handed out, with documents: below GB_LIMIT_REPLY */
    GB_LIMIT_PACKAGE = 2047 << 20, /* one .deb or .rpm as it is packed; int holds no more */
    GB_LIMIT_PACKAGES = 256 << 10, /* of a repository: Debian has some 65,000 */
    GB_LIMIT_CONTROL = 256 << 20,  /* a Packages file: 50 MB for all of Debian's main */
    GB_LIMIT_RPM_TAGS = 65536,     /* of one header: rpm's own ceiling */
    GB_LIMIT_OCI_JSON = 4 << 20,   /* an index, manifest or configuration; registries cap at 4 MB */
    GB_LIMIT_OCI_LAYERS = 512,     /* overlay mounts 500 at most */
    GB_LIMIT_DEB_CONTROL = 16 << 20,  /* one file beside `control`: md5sums of 50,000 files */
    GB_LIMIT_DEB_CONTROLS = 64 << 20, /* all of them: they are held at once */
    GB_LIMIT_ARC_ENTRIES =
        1 << 20,                /* of one archive: the largest packages have some 50,000 files */
    GB_LIMIT_ARC_PATH = 4096,   /* PATH_MAX */
    GB_LIMIT_ARC_MB = 64 << 10, /* one archive unpacked: an image of 64 GB */
    GB_LIMIT_ARC_RATIO = 1000,  /* unpacked by packed: deflate makes 1032 at most of zeros */
    GB_LIMIT_ARC_FREE_MB = 256, /* up to here the ratio is nobody's matter */
    GB_LIMIT_FINDINGS = 4096,   /* after that many the rest is counted, not kept */
    GB_LIMIT_LABELS = 32, /* of one node: place, pool, owner; Kubernetes' nodes have some 20 */
    GB_LIMIT_LABELS_TEXT = 4096, /* all of them with their keys: they stand in entries of 16 KB */
};

/* Of known good values from elsewhere. */
enum {
    GB_LIMIT_CBOR_DEPTH = 16,          /* of what is skipped; a CoMID nests ten deep */
    GB_LIMIT_CBOR_PAIRS = 32,          /* keys of one map that others may extend: a handful */
    GB_LIMIT_IMPORT_FILE = 64 << 20,   /* as a policy file: it becomes one */
    GB_LIMIT_IMPORT_FILES = 4096,      /* pcrlock files of one machine: some dozens */
    GB_LIMIT_IMPORT_SETS = 256,        /* sets made of one import; a fleet has some dozens */
    GB_LIMIT_IMPORT_NOTES = 1000,      /* items told one by one; the rest is counted */
    GB_LIMIT_IMPORT_DIGESTS = 1 << 20, /* file digests of one import; a large distribution's */
    GB_LIMIT_IMPORT_TEXT = 4096,       /* a path (PATH_MAX), a name in a CoRIM */
    GB_LIMIT_CORIM_TAGS = 4096,        /* CoMIDs of one CoRIM: one a module */
    GB_LIMIT_VARIANTS = 64,            /* sets that the variants of pcrlock components make */
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
