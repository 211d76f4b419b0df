/* SPDX-License-Identifier: ISC */
/*
 * `pocketca init`.  A child makes everything in a new directory; this process
 * does nothing but wait, and either gives the directory its place or removes
 * it, however the child ended.
 */
#include "cmd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "digest.h"
#include "init.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
    interrupted = signal_number;
}

static void catch_signals(void)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction sa = {.sa_handler = on_signal};

    for (size_t k = 0; k < COUNT(caught); k++)
        sigaction(caught[k], &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int open_root_key(struct init *i, struct errs *e)
{
    if (!i->root_key_out)
        return 0;
    i->root_key_fd =
        open(i->root_key_out,
             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (i->root_key_fd < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "--root-key-out: %s: %s",
                       i->root_key_out, strerror(errno));
    return 0;
}

static _Noreturn void child(const struct init *i)
{
    AUTO(errs) struct errs e = {0};

    /* The parent cleans up; it also has the signals of the terminal. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    if (init_make(i, &e) < 0) {
        init_said(i, &e);
        _exit(cmd_fail(&e));
    }
    _exit(EXIT_DONE);
}

/* The child's exit code; a signal to us ends it. */
static int make(const struct init *i)
{
    pid_t pid;
    int status;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        child(i);
    if (pid < 0) {
        perror("pocketca: fork");
        return EXIT_REFUSED;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (interrupted)
            kill(pid, SIGKILL);
    if (interrupted) {
        fprintf(stderr, "pocketca: interrupted; nothing is left behind\n");
        return EXIT_REFUSED;
    }
    if (!WIFEXITED(status)) {
        fprintf(stderr, "pocketca: ended by signal %d\n", WTERMSIG(status));
        return EXIT_REFUSED;
    }
    return WEXITSTATUS(status);
}

/* Not between the rename and its sync. */
static void hold_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
}

/* Everything in its place, or nothing. */
static int run(struct init *i)
{
    AUTO(errs) struct errs e = {0};
    int code;

    if (init_place_begin(i, &e) < 0 || open_root_key(i, &e) < 0)
        code = cmd_fail(&e);
    else
        code = make(i);
    hold_signals();
    if (code == EXIT_DONE && init_place_finish(i, &e) < 0) {
        if (i->tmp)
            init_said(i, &e);
        code = cmd_fail(&e);
    }
    if (code != EXIT_DONE)
        init_place_undo(i);
    return code;
}

static void print_fingerprint(const struct buf *der)
{
    uint8_t sum[32];
    char hex[2 * sizeof(sum) + 1];

    digest_sum(DIGEST_SHA256, der->data, der->len, sum);
    hex_encode(hex, sum, sizeof(sum));
    printf("SHA-256 of the root certificate, as `sha256sum` of its DER and as\n"
           "`openssl x509 -fingerprint -sha256` give it:\n\n  %s\n  ",
           hex);
    for (size_t k = 0; k < sizeof(sum); k++)
        printf("%s%02X", k ? ":" : "", sum[k]);
    printf("\n\n");
}

/* As the shell takes it for one word, whatever is in it. */
static void print_word(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    if (text[strspn(text, plain)] == '\0') {
        printf(" %s", text);
        return;
    }
    printf(" '");
    for (; *text; text++)
        printf(*text == '\'' ? "'\\''" : "%c", *text);
    printf("'");
}

/* `pocketca COMMAND` with the configuration that was written. */
static void print_command(const struct init *i, const char *command)
{
    printf("  pocketca %s", command);
    if (i->split)
        return;
    printf(" -c");
    print_word(i->conf_file);
}

/* Where a client reaches it: any address is that of its first name. */
static char *api_url(const struct init *i, const struct conf_listen *api)
{
    const struct name *first = &i->host.v[0];
    const bool v6 = first->kind == NAME_IP && first->ip_len == 16;

    if (api->path)
        return xstrdup("http://localhost/v1/certificates");
    if (strcmp(api->host, "0.0.0.0") == 0 || strcmp(api->host, "::") == 0)
        return xasprintf(v6 ? "%s://[%s]:%d/v1/certificates"
                            : "%s://%s:%d/v1/certificates",
                         api->tls ? "https" : "http", first->value, api->port);
    return xasprintf("%s/v1/certificates", api->url);
}

static void print_next(const struct init *i, const struct conf *c)
{
    AUTO(free) char *curlrc = xasprintf("%s/admin.curlrc", i->data);
    AUTO(free) char *url = api_url(i, &c->listens[0]);

    printf("Next:\n\n");
    print_command(i, "serve");
    printf("\n  curl -K");
    print_word(curlrc);
    printf(" --data-binary @server.csr");
    if (c->listens[0].path) {
        printf(" --unix-socket");
        print_word(c->listens[0].path);
    }
    print_word(url);
    printf("\n");
}

static int report_csr(const struct init *i)
{
    printf("The key and the CSR of the issuing authority are in %s.\n"
           "Carry issuing.csr to the offline root, whose `pocketca init` "
           "printed the command\nthat signs it, and chain.pem back; then, "
           "here:\n\n",
           i->data);
    print_command(i, "install-chain");
    printf(" chain.pem\n");
    return EXIT_DONE;
}

static void print_constraint(const struct init *i)
{
    AUTO(free) char *allow = strs_join(&i->allow_text, ", ");

    printf("The issuing certificate is constrained to %s and this "
           "service's own names.\nThat cannot be widened later.\n\n",
           *allow ? allow : "DNS names and addresses");
}

static void print_subject(const struct init *i)
{
    AUTO(free) char *fields = strs_join(&i->subject, ", ");

    if (strs_has(&i->subject, "cn="))
        printf("Its name constraints leave no subject that every certificate "
               "could have, so\ncertificates have an empty one "
               "(subject = \"cn=\").\n\n");
    else if (*fields)
        printf("Certificates have %s in their subject, as its name "
               "constraints\nask for.\n\n",
               fields);
}

static void print_next_root(const struct init *i)
{
    printf("Next, with the CSR of an issuing authority:\n\n");
    print_command(i, "sign-intermediate");
    if (i->passphrase_file) {
        printf(" --passphrase-file");
        print_word(i->passphrase_file);
    }
    printf(" issuing.csr --out chain.pem\n");
    if (!i->public_url)
        fprintf(stderr, "pocketca: warning: without --public-url the "
                        "certificates of authorities will not say where the "
                        "root's CRL is\n");
}

/* Reads everything again from where it is now. */
static int report(const struct init *i)
{
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = conf_load(i->conf_file, &e);
    AUTO(blobs) struct blobs root = {0};
    AUTO(strs) struct strs warnings = {0};

    if (c && i->form == INIT_CSR)
        return report_csr(i);
    if (!c || passphrase_fill(c, i->pass, false, &e) < 0 ||
        conf_check(c, &warnings, &e) < 0 || cert_load(c->root, &root, &e) < 0)
        return cmd_fail(&e);
    printf("The certificate authority \"%s\" is in %s.\n", i->name, i->data);
    print_fingerprint(&root.v[0]);
    if (i->constrain)
        print_constraint(i);
    print_subject(i);
    if (i->form == INIT_ROOT)
        print_next_root(i);
    else
        print_next(i, c);
    fflush(stdout);
    cmd_warn(&warnings);
    return EXIT_DONE;
}

int cmd_init(int argc, char **argv)
{
    struct init i = {.root_key_fd = -1};
    int code;

    if (init_ask(&i, argc, argv, &code) == 0) {
        catch_signals();
        code = run(&i);
        if (code == EXIT_DONE)
            code = report(&i);
    }
    init_free(&i);
    return code;
}
