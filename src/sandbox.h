/* SPDX-License-Identifier: ISC */
/*
 * What a process gives up before it reads the first foreign octet: seccomp
 * (libseccomp) and Landlock (by system call), no new privileges.  A build with
 * --disable-sandbox (sanitizers) leaves all out; sandbox_text() says so.
 */
#ifndef POCKETCA_SANDBOX_H
#define POCKETCA_SANDBOX_H

/* No file below any directory, no connect, no AF_UNIX sockets, no execve, no
 * ptrace, no process_vm_*, no kill but of itself. Threads made later inherit.
 * Call before any thread.  A failure ends the process. */
void sandbox_front(void);
/* Files only below data (read, write) and dirs (NULL-terminated, read); no
 * network sockets, no execve, no ptrace. */
void sandbox_signer(const char *data, const char *const *dirs);
/* PR_SET_DUMPABLE 0: nobody attaches, no core. */
void sandbox_no_dump(void);
/* "seccomp,landlock-7", "off": for the log and `version`. */
const char *sandbox_text(void);

#endif
