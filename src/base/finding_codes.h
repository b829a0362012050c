/*
 * The catalogue: X(ID, "code", TIER, LINK, "sentence", "remedy"). Codes are stable: scripts match
 * them; a code that is no longer raised stays reserved. {0} {1} {2} are the parameters. No include
 * guard: finding.h and finding.c include it.
 *
 * clang-format off: one entry per code, its sentence and remedy beneath it.
 */

/* ---- evidence: is this proof at all ---- */
X(QUOTE_MAGIC, "quote.not-from-tpm", CONTRAINDICATED, EVIDENCE,
  "the quote does not carry TPM_GENERATED_VALUE: {0}",
  "the bytes were not made by a TPM; treat the node as hostile")
X(QUOTE_TYPE, "quote.wrong-type", CONTRAINDICATED, EVIDENCE,
  "the attestation is of type {0}, not a quote",
  "ask the node for TPM2_Quote; another structure signed by its AK proves no PCR")
X(QUOTE_SIGNATURE, "quote.signature-invalid", CONTRAINDICATED, EVIDENCE,
  "the signature over the quote does not verify with this AK ({0})",
  "compare the AK with the enrolled one; the quote or the key was exchanged")
X(QUOTE_SCHEME, "quote.scheme-refused", CONTRAINDICATED, EVIDENCE,
  "the quote is signed with {0}, which is not accepted",
  "make the AK with RSASSA, RSAPSS or ECDSA and SHA-256 or longer")
X(QUOTE_SIGNED, "quote.signature-valid", AFFIRMING, EVIDENCE, "the quote is signed by the AK ({0})",
  "")
X(NONCE_MISMATCH, "nonce.mismatch", CONTRAINDICATED, EVIDENCE,
  "the quote answers nonce {0}, asked was {1}",
  "a replayed or foreign quote; ask again with a fresh nonce")
X(NONCE_EMPTY, "nonce.empty", CONTRAINDICATED, EVIDENCE,
  "the quote carries no nonce, asked was {0}",
  "ask again with a fresh nonce; an old quote proves nothing about now")
X(NONCE_UNCHECKED, "nonce.not-checked", NONE, EVIDENCE,
  "no nonce was given, so freshness was not judged",
  "pass --nonce, or put the nonce file beside the quote")
X(AK_ATTRIBUTES, "ak.attributes", CONTRAINDICATED, EVIDENCE, "the AK's attributes are wrong: {0}",
  "make the AK with fixedTPM, fixedParent, sensitiveDataOrigin, restricted and sign, without "
  "decrypt")
X(AK_WEAK, "ak.weak", CONTRAINDICATED, EVIDENCE, "the AK is too weak: {0}",
  "use RSA-2048 or P-256 at least")
X(AK_KEY_DIFFERS, "ak.key-differs", CONTRAINDICATED, EVIDENCE,
  "ak.pub and ak.pem hold different keys", "keep only the key that the node enrolled with")
X(AK_UNJUDGED, "ak.attributes-unknown", NONE, EVIDENCE,
  "only the AK's key was given, so its attributes were not judged",
  "pass the TPM2B_PUBLIC as ak.pub")
X(PCR_BANK, "pcr.bank-refused", CONTRAINDICATED, EVIDENCE,
  "the quote covers no SHA-2 bank (only {0})",
  "allocate a SHA-256 bank in the firmware and quote it")
X(PCR_UNQUOTED, "pcr.not-quoted", CONTRAINDICATED, EVIDENCE,
  "the quote does not cover {0} of bank {1}",
  "quote PCRs 0-11, 14 and every PCR that the logs extend")
X(PCR_UNKNOWN_BANK, "pcr.bank-unknown", CONTRAINDICATED, EVIDENCE,
  "the quote selects bank {0}, which is not known here", "quote SHA-256, SHA-384 or SHA-512 banks")
X(PCR_VALUE_MISSING, "pcr.value-missing", CONTRAINDICATED, EVIDENCE,
  "the quote covers PCR {0} of bank {1}, but no value was given for it",
  "send all quoted values: tpm2 quote -o, or tpm2 pcrread of the same selection")
X(PCR_DIGEST, "pcr.digest-mismatch", CONTRAINDICATED, EVIDENCE,
  "the PCR values given do not hash to the quoted digest ({0})",
  "values and quote are of different moments, or were edited; collect both again")
X(BOOT_LOG_MISSING, "boot-log.missing", WARNING, EVIDENCE,
  "there is no boot event log, so no PCR value can be explained",
  "send /sys/kernel/security/tpm0/binary_bios_measurements as eventlog.bin")
X(BOOT_REPLAY, "boot-log.replay-mismatch", CONTRAINDICATED, EVIDENCE,
  "replaying the boot log gives another {0} of bank {1} than was quoted",
  "the log was edited or cut, or something was measured without a record")
X(SYSTEMD_REPLAY, "systemd-log.replay-mismatch", CONTRAINDICATED, EVIDENCE,
  "replaying boot log and systemd log gives another {0} of bank {1} than was quoted",
  "the log was edited or cut, or something was measured without a record")
X(SYSTEMD_LATER, "systemd-log.events-left", AFFIRMING, EVIDENCE,
  "{0} events of systemd's log came after the quote and wait for the next one", "")
X(EVENT_DATA, "event.data-mismatch", CONTRAINDICATED, EVIDENCE,
  "the log's text of this {0} in PCR {1} is not what was measured ({2})",
  "the log was edited: the digests replay, the words lie")
X(EVENT_AFTER_SEPARATOR, "event.after-separator", CONTRAINDICATED, EVIDENCE,
  "{0} was measured into PCR {1} after its separator",
  "nothing of the firmware's own may follow EV_SEPARATOR; see the firmware's vendor")
X(EVENT_LATE, "event.late", WARNING, EVIDENCE,
  "{0} was measured into PCR {1} after its separator, which some firmware does",
  "judge it by a reference set; a driver or setting that was not there at calibration shows there")
X(EVENT_SEPARATOR_TWICE, "event.separator-repeated", WARNING, EVIDENCE,
  "PCR {0} has a second separator", "see the firmware's vendor")
X(EVENT_SEPARATOR_MISSING, "event.separator-missing", WARNING, EVIDENCE,
  "the firmware never closed {0} with a separator",
  "the log is not of a whole boot, or the firmware left its PCRs open to what it started")
X(EVENT_SEPARATOR_VALUE, "event.separator-value", CONTRAINDICATED, EVIDENCE,
  "the separator of PCR {0} holds {1}, which no specification knows",
  "the log or the firmware is wrong; see the firmware's vendor")
X(EVENT_SEPARATOR_ERROR, "event.separator-error", CONTRAINDICATED, FIRMWARE,
  "the firmware reports an error in the separator of PCR {0}",
  "the firmware could not measure; look at its own log")
X(EVENT_PCR, "event.pcr-out-of-place", CONTRAINDICATED, EVIDENCE,
  "{0} was measured into PCR {1}, where it does not belong",
  "the log or the firmware is wrong; see the firmware's vendor")
X(LOG_BANK_MISSING, "event.bank-missing", WARNING, EVIDENCE,
  "the event in PCR {0} has no digest for bank {1}",
  "the firmware leaves banks out; quote a bank that it fills")
X(LOG_BANK_UNKNOWN, "boot-log.bank-unknown", WARNING, EVIDENCE,
  "the log has a bank {0} that is not known here; it was not replayed", "")
X(LOG_PADDING, "boot-log.padding", AFFIRMING, EVIDENCE,
  "{0} bytes follow the log's end mark and were ignored", "")
X(LOG_NO_HEADER, "boot-log.sha1-only", AFFIRMING, EVIDENCE,
  "the log is of the old form with SHA-1 only", "")
X(LOG_PAYLOAD, "event.payload-malformed", WARNING, EVIDENCE,
  "the {0} in PCR {1} cannot be decoded: {2}", "the digest still counts; its words were not used")
X(LOG_EMPTY, "boot-log.empty", CONTRAINDICATED, EVIDENCE, "the boot log holds no measurement",
  "send binary_bios_measurements of this boot; a firmware that measures nothing proves nothing")
X(IMA_REPLAY, "ima.replay-mismatch", CONTRAINDICATED, EVIDENCE,
  "replaying the IMA list never reaches the quoted PCR 10 of bank {0}",
  "an entry was removed, changed or added; collect quote and list again, quote first")
X(IMA_MISSING, "ima.list-missing", WARNING, EVIDENCE,
  "PCR 10 was extended, but no IMA list was given",
  "send /sys/kernel/security/ima/binary_runtime_measurements as ima_binary")
X(IMA_TEMPLATE_HASH, "ima.template-mismatch", CONTRAINDICATED, EVIDENCE,
  "the entry's fields do not hash to its template digest ({0})",
  "the entry was edited: the list replays, its words lie")
X(IMA_RELABELLED, "ima.entry-relabelled", CONTRAINDICATED, EVIDENCE,
  "{0} stands in the list under template {1}, and its digest says that it is of another",
  "the list was edited: a buffer's digest is of the bytes in the entry, a file's is not")
X(IMA_PADDED, "ima.bank-padded", AFFIRMING, EVIDENCE,
  "the kernel extends bank {0} of PCR 10 with zero-padded SHA-1",
  "prefer the SHA-256 bank, or a newer kernel")
X(IMA_LATER, "ima.entries-left", AFFIRMING, EVIDENCE,
  "{0} entries came after the quote and wait for the next one", "")
X(IMA_AGGREGATE, "ima.boot-aggregate-mismatch", CONTRAINDICATED, EVIDENCE,
  "boot_aggregate is not the hash of this boot's PCRs ({0})",
  "the list belongs to another boot, or PCRs 0-9 changed after the kernel started")
X(IMA_AGGREGATE_MISSING, "ima.boot-aggregate-missing", CONTRAINDICATED, EVIDENCE,
  "the IMA list does not begin with boot_aggregate",
  "the list was cut at its start, or belongs to no boot")
X(IMA_AGGREGATE_UNKNOWN, "ima.boot-aggregate-unjudged", WARNING, EVIDENCE,
  "boot_aggregate is in {0}, a bank whose PCRs 0-9 are not all proven", "quote that bank too")
X(IMA_OTHER_PCR, "ima.other-pcr", WARNING, EVIDENCE, "the entry was measured into PCR {0}, not 10",
  "")

/* ---- one round after another ---- */
X(RESET_BACK, "reset-count.back", CONTRAINDICATED, EVIDENCE,
  "the TPM counts {0}, but {1} was proven before",
  "the TPM was rolled back or cleared: find out who did, then enrol the node again")
X(CLOCK_BACK, "clock.back", CONTRAINDICATED, EVIDENCE,
  "the TPM's clock went back from {1} ms to {0} ms without a reset",
  "the TPM was rolled back, or this is another TPM's quote; a virtual machine's snapshot does so")
X(ROLLED_BACK, "tpm.rolled-back", CONTRAINDICATED, EVIDENCE,
  "the TPM's counters or clock went back in an earlier round, and nobody has said why",
  "find out who rolled it back, then remove the node and enrol it again")
X(CLOCK_UNSAFE, "clock.unsafe", WARNING, EVIDENCE,
  "the TPM was not shut down before its last reset, so its clock may have gone back",
  "it mends itself within about an hour; shut the node down in order")
X(REBOOT_UNSEEN, "reset-count.unseen", AFFIRMING, EVIDENCE,
  "the node was reset {0} more times since the last quote, and nothing is known of those boots", "")

/* ---- identity ---- */
X(EK_CHAIN, "ek.chain-valid", AFFIRMING, IDENTITY,
  "{0} chains to {1}; that the AK lives in that TPM is proven at enrolment, not here", "")
X(EK_UNTRUSTED, "ek.chain-untrusted", CONTRAINDICATED, IDENTITY,
  "{0} does not chain to a root given: {1}",
  "add the manufacturer's root with --root, and missing intermediates as ca-*.pem; a foreign TPM "
  "otherwise")
X(EK_EXPIRED, "ek.expired", CONTRAINDICATED, IDENTITY, "{0}: {1} is outside its validity ({2})",
  "renew the certificate, or accept expired ones in the policy (identity.expired: allow)")
X(EK_EXPIRED_ALLOWED, "ek.expired-allowed", WARNING, IDENTITY,
  "{0}: {1} is outside its validity ({2}), which the policy allows", "")
X(EK_WEAK, "ek.weak", CONTRAINDICATED, IDENTITY, "{0} certifies a key that is too weak: {1}",
  "RSA-2048 or P-256 at least")
X(EK_USAGE, "ek.not-an-ek", CONTRAINDICATED, IDENTITY,
  "{0} is not the certificate of an endorsement key: {1}",
  "send the certificate from NV 0x01c00002 or 0x01c0000a")
X(EK_MISSING, "ek.missing", CONTRAINDICATED, IDENTITY, "roots were given, but no EK certificate",
  "send the certificates of NV 0x01c00002 and 0x01c0000a as ekcert*.der")
X(EK_UNJUDGED, "ek.not-judged", NONE, IDENTITY,
  "EK certificates were given, but no root to judge them by",
  "pass the manufacturer's root with --root")
X(CERTIFY_PROVEN, "certify.key-proven", AFFIRMING, IDENTITY,
  "the AK certifies the transport key ({0}): it lives in the same TPM", "")
X(CERTIFY_MAGIC, "certify.not-from-tpm", CONTRAINDICATED, IDENTITY,
  "the certification does not carry TPM_GENERATED_VALUE: {0}",
  "the bytes were not made by a TPM; treat the node as hostile")
X(CERTIFY_TYPE, "certify.wrong-type", CONTRAINDICATED, IDENTITY,
  "the attestation is of type {0}, not a certification",
  "ask the node for TPM2_Certify; another structure signed by its AK certifies no key")
X(CERTIFY_SIGNATURE, "certify.signature-invalid", CONTRAINDICATED, IDENTITY,
  "the signature over the certification does not verify with this AK, or may not be used ({0})",
  "the certification or the key was exchanged")
X(CERTIFY_NONCE, "certify.nonce-mismatch", CONTRAINDICATED, IDENTITY,
  "the certification does not answer what was asked",
  "a replayed or foreign certification; begin again")
X(CERTIFY_NAME, "certify.other-key", CONTRAINDICATED, IDENTITY,
  "the AK certifies another key than the one given, or its Name is not a SHA-2 hash",
  "send the public area of the key that was certified")
X(CERTIFY_KEY, "certify.key-attributes", CONTRAINDICATED, IDENTITY,
  "the transport key's attributes are wrong: {0}",
  "make the key inside the TPM: fixedTPM, fixedParent, sensitiveDataOrigin, sign; neither decrypt "
  "nor restricted")
X(CERTIFY_WEAK, "certify.key-weak", CONTRAINDICATED, IDENTITY, "the transport key is too weak: {0}",
  "use RSA-2048 or P-256 at least")

/* ---- the measured links ---- */
X(REF_MATCH, "reference.match", AFFIRMING, NONE, "as reference set {0} says", "")
X(REF_CHANGED, "reference.changed", CONTRAINDICATED, NONE,
  "{0} is not the accepted one: found {1}, accepted {2}",
  "if the change is meant, accept a reference set for it; otherwise restore it and reboot")
X(REF_UNEXPECTED, "reference.unexpected", CONTRAINDICATED, NONE,
  "{0} was measured, where no accepted set has it (found {1})",
  "if it is meant, accept a reference set that has it; otherwise remove it and reboot")
X(REF_ABSENT, "reference.absent", CONTRAINDICATED, NONE, "{0} was not measured, accepted is {1}",
  "something was left out of the boot; restore it and reboot")
X(REF_UNJUDGED, "reference.not-judged", NONE, NONE, "no reference set speaks for this link",
  "capture or predict one (garboard reference)")
X(REF_NO_BOOT, "reference.nothing-to-judge", CONTRAINDICATED, NONE,
  "the policy judges this link, but no boot log proves what was measured",
  "send /sys/kernel/security/tpm0/binary_bios_measurements as eventlog.bin")
X(LINK_UNPROVEN, "link.not-proven", CONTRAINDICATED, NONE,
  "the policy requires this link to be affirming, and it is {0}",
  "send the evidence that proves it, and give a reference set that speaks for it; containers, "
  "posture and location are judged by nothing yet: take them off spec.require")
X(LINK_RESTS, "link.rests-on-broken", NONE, NONE, "not counted: {0} beneath it is {1}",
  "mend {0} first")
X(LINK_RESTS_WARNING, "link.rests-on-warning", WARNING, NONE, "no better than {0} beneath it",
  "look at {0} first")
X(LINK_EARLIER, "link.found-earlier", CONTRAINDICATED, NONE,
  "an earlier round of this boot found this link {0}, and that stands until the next boot",
  "look at the finding of that round, mend what it names, and reboot")
X(CMDLINE_CHANGED, "cmdline.changed", CONTRAINDICATED, CMDLINE,
  "the command line differs: {0}; found {1}, accepted {2}",
  "if the change is meant, accept a reference set for it; otherwise restore it and reboot")
X(SECURE_BOOT, "secure-boot.state", CONTRAINDICATED, BOOT_POLICY,
  "Secure Boot is {0}, the policy wants {1}", "set it in the firmware, or change the policy")
X(SECURE_BOOT_OK, "secure-boot.accepted", AFFIRMING, BOOT_POLICY,
  "Secure Boot is {0}, as the policy wants", "")
X(DBX_UNPROVEN, "secure-boot.dbx-not-measured", CONTRAINDICATED, BOOT_POLICY,
  "the policy names digests that dbx must hold, and no dbx that firmware measured proves them: {0}",
  "boot with Secure Boot set up, so that firmware measures dbx; or take dbx out of the policy")
X(DBX_LACKS, "secure-boot.dbx-too-old", CONTRAINDICATED, BOOT_POLICY,
  "dbx, as it was measured, does not revoke {0}",
  "update dbx (fwupdmgr update, or the vendor's update), and reboot")
X(DBX_OK, "secure-boot.dbx-accepted", AFFIRMING, BOOT_POLICY,
  "dbx revokes all {0} digests that the policy names", "")
X(SBAT_UNPROVEN, "secure-boot.sbat-not-measured", CONTRAINDICATED, BOOT_POLICY,
  "the policy names SBAT generations, and no SbatLevel that shim measured proves them: {0}",
  "boot through shim 15.3 or later; or take sbat out of the policy")
X(SBAT_OLD, "secure-boot.sbat-too-old", CONTRAINDICATED, BOOT_POLICY,
  "shim lets {0} of generation {1} start, the policy wants {2} at least",
  "update shim and SbatLevel (mokutil --set-sbat-policy latest), and reboot")
X(SBAT_OK, "secure-boot.sbat-accepted", AFFIRMING, BOOT_POLICY,
  "shim demands the SBAT generations that the policy names", "")
X(DENIED, "deny.listed", CONTRAINDICATED, NONE, "{0} ({1}) is on the policy's deny-list: {2}",
  "remove or update it and reboot; no reference set makes up for it")
X(DENY_UNPROVEN, "deny.not-comparable", CONTRAINDICATED, BOOTLOADER,
  "the deny-list has {0} in {1} only, and nothing proves this boot in that",
  "quote that bank and send the boot log; or give the digest in the bank that is quoted, too")
X(CMDLINE_UNPROVEN, "cmdline.not-proven", CONTRAINDICATED, CMDLINE,
  "the policy has rules for the command line, and no measurement proves its text",
  "send /proc/cmdline as cmdline, and boot by a loader that measures it (GRUB, or the kernel's "
  "stub)")
X(CMDLINE_DENIED, "cmdline.word-denied", CONTRAINDICATED, CMDLINE,
  "\"{0}\" stands on the command line, and cmdline.deny has {1}", "take it out and reboot")
X(CMDLINE_NOT_ALLOWED, "cmdline.word-not-allowed", CONTRAINDICATED, CMDLINE,
  "\"{0}\" stands on the command line, and nothing in cmdline.allow matches it",
  "take it out and reboot; or, if it is meant, add it to cmdline.allow")
X(CMDLINE_LACKS, "cmdline.word-missing", CONTRAINDICATED, CMDLINE,
  "no word of the command line matches \"{0}\", which cmdline.require wants",
  "add it to the boot loader's settings and reboot")
X(CMDLINE_OK, "cmdline.words-accepted", AFFIRMING, CMDLINE,
  "the command line is as the policy's rules want", "")
X(ROM_PRESENT, "option-roms.present", CONTRAINDICATED, OPTION_ROMS,
  "{0} ({1}) was measured into PCR 2, and the policy wants no option ROM",
  "remove the card or switch its ROM off in the firmware; or say optionRoms: known")
X(ROM_UNKNOWN, "option-roms.unknown", CONTRAINDICATED, OPTION_ROMS,
  "{0} ({1}) is in no accepted platform set, and the policy wants known ones only",
  "remove the card; or, if it is meant, accept a platform set that has it")
X(ROM_OK, "option-roms.accepted", AFFIRMING, OPTION_ROMS, "option ROMs are as the policy wants", "")
X(TPM_DENIED, "tpm.denied", CONTRAINDICATED, IDENTITY,
  "the TPM ({0}) is of a kind in tpm.deny: {1}",
  "update its firmware where that helps; or take the node out of this policy")
X(TPM_NOT_ALLOWED, "tpm.not-allowed", CONTRAINDICATED, IDENTITY,
  "the TPM ({0}) is of no kind in tpm.allow", "add its kind, or take the node out of this policy")
X(TPM_VIRTUAL, "tpm.virtual", CONTRAINDICATED, IDENTITY,
  "the TPM ({0}) is a virtual one, and the policy wants hardware",
  "who runs its host can copy it and roll it back; take the node out of this policy, or say "
  "hardware: "
  "any")
X(TPM_UNKNOWN, "tpm.unknown", CONTRAINDICATED, IDENTITY,
  "the policy has rules for kinds of TPMs, and what is proven of this one does not suffice ({0})",
  "give the maker's root, and EK certificates that name their TPM (TCG EK Credential Profile)")
X(TPM_OK, "tpm.accepted", AFFIRMING, IDENTITY, "the TPM ({0}) is of a kind that the policy takes",
  "")

/* ---- of the service ---- */
X(POLICY_NONE, "policy.none", CONTRAINDICATED, NONE,
  "no policy is applied, so nothing is trusted, however good it looks",
  "apply one: garboard apply -f policy.yaml")

X(POLICY_NO_MATCH, "policy.no-match", CONTRAINDICATED, NONE,
  "no policy is for this node, so nothing is trusted, however good it looks",
  "see its name and labels (garboard node show) and spec.nodes of the policies in force")
X(POLICY_AMBIGUOUS, "policy.ambiguous", CONTRAINDICATED, NONE,
  "two policies of the same priority are for this node: {0} and {1}",
  "give one of them another spec.priority, or narrow its spec.nodes")
X(POLICY_SHADOW_LEFT, "policy.shadow-not-judged", WARNING, NONE,
  "more policies run in this node's shadow than are judged",
  "two are; take the others out of the shadow, or away from this node")
X(REF_OTHER_MACHINE, "reference.other-machine", CONTRAINDICATED, NONE,
  "sets of class {0} are accepted, but none for what this machine says it is",
  "see spec.appliesTo of the sets, and what the agent says of vendor, model, firmware, os and "
  "kernel; an agent that says nothing is judged by no set with such words")
X(KERNEL_KEXEC, "kernel.kexec", CONTRAINDICATED, KERNEL,
  "another kernel was started by kexec after this boot, and nothing proves which, nor with what "
  "command line",
  "reboot through the firmware; on nodes that must use kexec, mode: warn tells and lets pass")
X(SET_OTHER_LIFE, "reference.other-life", NONE, NONE, "{0} set {1} knows this {2}",
  "a candidate or shadow set: garboard reference accept NAME, once you know why; a retired one: "
  "update the node")
X(SET_OTHER_BUILD, "reference.other-build", NONE, NONE, "it is {0}, of {1}; accepted: {2}",
  "a candidate or shadow set: garboard reference accept NAME, once you know why; a retired one: "
  "update the node")
X(ENGINE_NONE, "engine.not-measured", NONE, ENGINE,
  "no file of a container engine was measured so far",
  "run a container, or see whether the IMA policy measures the engine (ima_policy=tcb does)")

/* ---- os ---- */
X(IMA_MATCH, "ima.files-accepted", AFFIRMING, OS, "{0} measured files are on the allow-list", "")
X(IMA_SIGNED, "ima.files-signed", AFFIRMING, OS, "{0} measured files are signed by {1}", "")
X(IMA_SIGNATURE, "ima.signature-refused", CONTRAINDICATED, OS,
  "the signature of {0} does not count: {1}",
  "install the file from whom the policy names; or, if the signer is meant, add its certificate to "
  "spec.ima.signers")
X(IMA_UNKNOWN, "ima.file-unknown", CONTRAINDICATED, OS,
  "{0} was run or read, but no accepted set has its digest {1}",
  "remove it; or, if it is meant, accept a set with this digest")
X(IMA_CHANGED, "ima.file-changed", CONTRAINDICATED, OS, "{0} has digest {1}, accepted is {2}",
  "restore the file; or, if the update is meant, accept a set with this digest")
X(IMA_VIOLATION, "ima.violation", CONTRAINDICATED, OS,
  "{0} was open for writing while it was measured",
  "its true contents are unknown; find the writer, reboot, and keep it from writing what root "
  "reads")
X(IMA_NO_DIGEST, "ima.entry-without-digest", CONTRAINDICATED, OS,
  "the entry of template {0} has no digest, so nothing tells what was run or read: {1}",
  "use a template with d-ng (ima_template=ima-ng)")
X(IMA_WEAK_DIGEST, "ima.digest-weak", CONTRAINDICATED, OS,
  "{0} is measured with {1}, which is not accepted", "set ima_hash=sha256")
X(IMA_ABSENT, "ima.not-measured", CONTRAINDICATED, OS,
  "the policy judges files, but the node measures none",
  "boot with ima_policy=tcb and send the IMA list")
X(IMA_POLICY, "ima.policy-missing", CONTRAINDICATED, OS,
  "neither the command line nor a measured record names the IMA policy, so what it leaves out is "
  "unknown",
  "boot with ima_policy=tcb, or measure the policy that is loaded")
X(IMA_CRITICAL, "ima.buffer-unknown", CONTRAINDICATED, OS,
  "the kernel measured {0} with digest {1}, which no accepted set has",
  "if it is meant, accept a set with this digest")
X(IMA_CRITICAL_REFUSED, "ima.buffer-refused", CONTRAINDICATED, OS,
  "the kernel measured {0}, and the policy refuses critical data",
  "find what the kernel was told to measure (IMA policy, kexec, keyrings); or say criticalData: "
  "known")
X(IMA_CRITICAL_ALLOWED, "ima.buffer-allowed", WARNING, OS,
  "the kernel measured {0}, which no accepted set has and the policy lets pass", "")
X(IMA_EXCEPTED, "ima.file-excepted", WARNING, OS,
  "{0} is in no accepted set, and an exception lets it pass: {1}",
  "what lies there may be anything: a path is only what the kernel saw it called")
