/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "cmd.h"
#include "proc.h"

const struct cmd cmd_table[] = {
    {"init", cmd_init, "makes a new certificate authority"},
    {"serve", cmd_serve, "runs the service"},
    {"issue", cmd_issue, "signs a CSR"},
    {"explain", cmd_explain, "says what would become of a CSR, and why"},
    {"list", cmd_list, "lists certificates"},
    {"show", cmd_show, "shows a certificate"},
    {"status", cmd_status,
     "says whether ledger, CRL and OCSP agree on a certificate"},
    {"renew", cmd_renew, "renews a certificate"},
    {"revoke", cmd_revoke, "revokes a certificate"},
    {"import", cmd_import, "takes over what an earlier CA signed"},
    {"block", cmd_block, "blocks a key: it is never certified again"},
    {"token", cmd_token, "makes, lists and removes API tokens"},
    {"sign-intermediate", cmd_sign_intermediate,
     "certifies an authority's key with the root's"},
    {"install-chain", cmd_install_chain,
     "takes the certificate that the root has made"},
    {"crl", cmd_crl, "makes certificate revocation lists"},
    {"check", cmd_check, "checks the configuration"},
    {"lint", cmd_lint, "judges certificates by the rules of the standards"},
    {"audit", cmd_audit, "recomputes the whole ledger"},
    {"clock", cmd_clock, "accepts a clock that was suspect"},
    {"version", cmd_version, "names the version and its libraries"},
    {"help", cmd_help, "says how a command is used"},
    {NULL, NULL, NULL},
};

/* What the supervisor starts: argv[0] says which. */
static const struct {
    const char *name;
    int (*run)(const char *conf_path);
} children[] = {
    {PROC_FRONT, front_main},
    {PROC_SIGNER, signer_main},
    {PROC_CHECK, check_main},
};

/* Descriptors 0 to 2 exist, so that no file of ours becomes one of them. */
static void keep_standard_streams(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static int run(const char *name, int argc, char **argv)
{
    for (const struct cmd *c = cmd_table; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c->run(argc, argv);
    return cmd_unknown(name);
}

int main(int argc, char **argv)
{
    static char help[] = "help", version[] = "version";
    int code;

    keep_standard_streams();
    umask(077);
    for (size_t i = 0; i < COUNT(children); i++)
        if (argc == 2 && strcmp(argv[0], children[i].name) == 0)
            return children[i].run(argv[1]);
    if (argc < 2) {
        cmd_help_all(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        argv[1] = help;
    else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        argv[1] = version;
    code = run(argv[1], argc - 1, argv + 1);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("pocketca: standard output");
        return code == EXIT_DONE ? EXIT_REFUSED : code;
    }
    return code;
}
