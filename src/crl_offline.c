/* SPDX-License-Identifier: ISC */
#include "crl_offline.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crl.h"
#include "tm.h"

/* What the service does not sign it cannot revoke either. */
static int no_entries(void *arg, struct crl_entry *out)
{
    (void)arg;
    (void)out;
    return 0;
}

static int build(const struct crl_spec *spec, EVP_PKEY *key, struct buf *der,
                 struct errs *e)
{
    AUTO(fd) int fd = memfd_create("crl", MFD_CLOEXEC);
    AUTO(key_signer) struct key_signer *signer = key_signer_new(key);
    off_t size = -1;

    if (fd >= 0 && crl_build(fd, spec, signer, no_entries, NULL) >= 0)
        size = lseek(fd, 0, SEEK_END);
    if (size < 0 ||
        pread(fd, buf_extend(der, (size_t)size), (size_t)size, 0) != size)
        return err_add(e, ERR_BAD_ARGUMENT, "the CRL cannot be built: %s",
                       strerror(errno));
    return 0;
}

static int next_number(struct client *c, const char *authority,
                       uint64_t *number, struct errs *e)
{
    struct frame f;

    buf_str(client_begin(c, MSG_CRL_NEXT), authority);
    if (client_call(c, MSG_CRL_NUMBER, &f, e) < 0)
        return -1;
    *number = rd_u64(&f.body);
    return rd_done(&f.body)
               ? 0
               : err_add(e, ERR_SIGNER_AWAY, "the signer gave no CRL number");
}

int crl_send(struct client *c, const char *authority, const struct buf *der,
             struct errs *e)
{
    struct buf *b = client_begin(c, MSG_CRL_INSTALL);
    struct frame f;

    buf_str(b, authority);
    buf_blob(b, der->data, der->len);
    return client_call(c, MSG_DONE, &f, e);
}

int crl_offline(struct client *c, const char *authority,
                const struct cert *issuer, EVP_PKEY *key, int64_t lifetime,
                struct errs *e)
{
    const int64_t now = tm_now();
    struct crl_spec spec = {.issuer = issuer->subject,
                            .issuer_len = issuer->subject_len,
                            .aki = issuer->ski,
                            .this_update = now - TM_MINUTE,
                            .next_update = now + lifetime};
    AUTO(buf) struct buf der = {0};

    if (next_number(c, authority, &spec.number, e) < 0 ||
        build(&spec, key, &der, e) < 0)
        return -1;
    return crl_send(c, authority, &der, e);
}
