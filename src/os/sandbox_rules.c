#include "os/sandbox_rules.h"

#include <sched.h>
#include <sys/socket.h>

#include "os/sandbox.h"

#define CALL(n)             {.name = #n}
#define FIRST(n, arg)       {.name = #n, .mask = ~0UL, .first = (arg)}
#define FIRST_HAS(n, flags) {.name = #n, .mask = (flags), .first = (flags)}

const struct sandbox_call sandbox_common[] = {
    /* memory */
    CALL(brk),
    CALL(madvise),
    CALL(mmap),
    CALL(mprotect),
    CALL(mremap),
    CALL(mlock),
    CALL(mlock2),
    CALL(munlock),
    CALL(munmap),
    /* threads and signals; no new process */
    FIRST_HAS(clone, CLONE_THREAD),
    CALL(exit),
    CALL(exit_group),
    CALL(futex),
    CALL(get_robust_list),
    CALL(getpid),
    CALL(gettid),
    CALL(membarrier),
    CALL(restart_syscall),
    CALL(rseq),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(sched_yield),
    CALL(set_robust_list),
    CALL(sigaltstack),
    CALL(tgkill),
    /* time and chance */
    CALL(clock_getres),
    CALL(clock_gettime),
    CALL(clock_nanosleep),
    CALL(getrandom),
    CALL(gettimeofday),
    CALL(nanosleep),
    /* descriptors */
    CALL(close),
    CALL(fcntl),
    CALL(fstat),
    CALL(lseek),
    CALL(newfstatat),
    CALL(poll),
    CALL(ppoll),
    CALL(pread64),
    CALL(read),
    CALL(readv),
    CALL(recvfrom),
    CALL(recvmsg),
    CALL(sendmsg),
    CALL(sendto),
    CALL(shutdown),
    CALL(write),
    CALL(writev),
    {NULL},
};

/* keyd: waits at its socket, reads files at a reload, keeps what it signed last of the ledger,
 * tells systemd. No network, no programs. */
static const struct sandbox_call keyd_calls[] = {
    CALL(accept4), CALL(connect), /* sd_notify; only sockets of AF_UNIX can be made */
    CALL(fsync),   CALL(getsockopt), CALL(openat),
    CALL(rename),  CALL(setsockopt), FIRST(socket, AF_UNIX),
    CALL(unlink),  CALL(unlinkat),   {NULL},
};

/* garboardd: its listeners, the store's files, keyd's socket, the keys of token issuers. No
 * programs. */
static const struct sandbox_call server_calls[] = {
    /* glibc's resolver, in the pool */
    CALL(recvmmsg),
    CALL(sendmmsg),
    FIRST(socket, AF_NETLINK), /* getaddrinfo asks for the machine's addresses */
    /* listeners, keyd, systemd */
    CALL(accept4),
    CALL(bind),
    CALL(connect),
    CALL(getpeername),
    CALL(getsockname),
    CALL(getsockopt),
    CALL(listen),
    CALL(setsockopt),
    FIRST(socket, AF_INET),
    FIRST(socket, AF_INET6),
    FIRST(socket, AF_UNIX),
    CALL(socketpair),
    /* loops */
    CALL(epoll_create1),
    CALL(epoll_ctl),
    CALL(epoll_pwait),
    CALL(epoll_wait),
    CALL(eventfd2),
    CALL(pipe2),
    CALL(timerfd_create),
    CALL(timerfd_settime),
    /* the store */
    CALL(fallocate),
    CALL(fchmod),
    CALL(fchown),
    CALL(fdatasync),
    CALL(flock),
    CALL(fsync),
    CALL(ftruncate),
    CALL(getdents64),
    CALL(getegid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getuid),
    CALL(lstat),
    CALL(mkdir),
    CALL(mkdirat),
    CALL(openat),
    CALL(pwrite64),
    CALL(pwritev),
    CALL(readlink), /* realpath, when a file is written anew: checkpoint, server.pem */
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(rmdir),
    CALL(stat),
    CALL(truncate),
    CALL(statfs),
    CALL(umask),
    CALL(unlink),
    CALL(unlinkat),
    {NULL},
};

/* The agent: dials out, talks to the TPM (a device or a socket), keeps one file. It listens on
 * nothing: there is no listen, no accept. */
static const struct sandbox_call agent_calls[] = {
    CALL(connect),
    CALL(dup),
    CALL(eventfd2), /* libcurl's resolver thread */
    CALL(fchmod),   /* of a result, for its readers */
    CALL(fsync),
    CALL(getdents64),
    CALL(getegid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getpeername),
    CALL(getsockname),
    CALL(getsockopt),
    CALL(getuid),
    CALL(mkdir),
    CALL(openat),
    CALL(pipe2),
    CALL(readlink), /* realpath, when its file is written anew */
    CALL(recvmmsg), /* glibc's resolver, as sendmmsg */
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(rt_sigtimedwait),
    CALL(sendmmsg),
    CALL(setsockopt),
    FIRST(socket, AF_INET),
    FIRST(socket, AF_INET6),
    FIRST(socket, AF_NETLINK), /* getaddrinfo asks for the machine's addresses */
    FIRST(socket, AF_UNIX),    /* sd_notify, a TPM in software */
    CALL(socketpair),
    CALL(unlink),
    CALL(unlinkat),
    {NULL},
};

/* garboard-witness: its listener is open already, and it dials nobody; small files, written anew.
 */
static const struct sandbox_call witness_calls[] = {
    CALL(accept4),
    CALL(connect), /* sd_notify; only sockets of AF_UNIX can be made */
    CALL(getpeername),
    CALL(getsockname),
    CALL(getsockopt),
    CALL(setsockopt),
    FIRST(socket, AF_UNIX),
    CALL(socketpair),
    /* loops */
    CALL(epoll_create1),
    CALL(epoll_ctl),
    CALL(epoll_pwait),
    CALL(epoll_wait),
    CALL(eventfd2),
    CALL(pipe2),
    CALL(timerfd_create),
    CALL(timerfd_settime),
    /* its state */
    CALL(fsync),
    CALL(getdents64),
    CALL(openat),
    CALL(readlink), /* realpath, when a record is written anew */
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(unlink),
    CALL(unlinkat),
    {NULL},
};

/* getaddrinfo binds its netlink socket, libcurl a local address: both go on without. */
static const char *const agent_refused[] = {"bind", NULL};

/* glibc and libcrypto look around with these and take a refusal for an answer. */
const char *const sandbox_refused[] = {
    "access",     "faccessat",         "faccessat2", "getcpu", "ioctl", "prctl", "prlimit64",
    "readlinkat", "sched_getaffinity", "sysinfo",    "statx",  "uname", NULL,
};

/* The same, of who follows no link. */
static const char *const keyd_refused[] = {"readlink", NULL};
static const char *const none_refused[] = {NULL};

const struct sandbox_rules *sandbox_rules_of(enum sandbox_profile profile)
{
    static const struct sandbox_rules keyd = {keyd_calls, keyd_refused};
    static const struct sandbox_rules server = {server_calls, none_refused};
    static const struct sandbox_rules witness = {witness_calls, none_refused};
    static const struct sandbox_rules agent = {agent_calls, agent_refused};
    switch (profile) {
    case SANDBOX_NONE:
        return NULL;
    case SANDBOX_KEYD:
        return &keyd;
    case SANDBOX_SERVER:
        return &server;
    case SANDBOX_AGENT:
        return &agent;
    case SANDBOX_WITNESS:
        return &witness;
    }
    return NULL;
}
