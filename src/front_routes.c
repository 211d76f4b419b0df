/* SPDX-License-Identifier: ISC */
/* Every route there is.  doc/openapi.yaml has the same. */
#include "front_handle.h"

#define CERT "/v1/certificates/{}"
#define CERT_NAME "/v1/certificates/{serial}"
/* Who may issue sees what it issued. */
#define SEES (ROLE_READ | ROLE_ISSUE | MAY_ITSELF)

const struct route front_routes[] = {
    /* certificates */
    {METHOD_POST, "/v1/certificates", "/v1/certificates", ON_API, ROLE_ISSUE,
     BODY_CSR, front_issue},
    {METHOD_GET, "/v1/certificates", "/v1/certificates", ON_API, ROLE_READ,
     BODY_NONE, front_list},
    {METHOD_GET, CERT ".pem", CERT_NAME ".pem", ON_API, SEES, BODY_NONE,
     front_get_pem},
    {METHOD_GET, CERT ".der", CERT_NAME ".der", ON_API, SEES, BODY_NONE,
     front_get_der},
    {METHOD_GET, CERT, CERT_NAME, ON_API, SEES, BODY_NONE, front_get},
    {METHOD_POST, CERT "/revoke", CERT_NAME "/revoke", ON_API,
     ROLE_REVOKE | MAY_ITSELF, BODY_SMALL, front_revoke},
    {METHOD_POST, "/v1/revocations", "/v1/revocations", ON_API, ROLE_REVOKE,
     BODY_SMALL, front_revocations},
    {METHOD_POST, CERT "/renew", CERT_NAME "/renew", ON_API,
     ROLE_ISSUE | MAY_ITSELF, BODY_CSR, front_renew},
    {METHOD_POST, "/v1/renew", "/v1/renew", ON_API, ROLE_ISSUE | MAY_ITSELF,
     BODY_CSR, front_renew_self},
    /* tokens */
    {METHOD_POST, "/v1/tokens", "/v1/tokens", ON_API, ROLE_ADMIN, BODY_SMALL,
     front_token_make},
    {METHOD_GET, "/v1/tokens", "/v1/tokens", ON_API, ROLE_ADMIN, BODY_NONE,
     front_token_list},
    {METHOD_GET, "/v1/tokens/self", "/v1/tokens/self", ON_API, MAY_ANY,
     BODY_NONE, front_token_self},
    {METHOD_DELETE, "/v1/tokens/{}", "/v1/tokens/{id}", ON_API, ROLE_ADMIN,
     BODY_NONE, front_token_remove},
    /* authorities and what they allow */
    {METHOD_GET, "/v1/profiles", "/v1/profiles", ON_API, MAY_ANY, BODY_NONE,
     front_profiles},
    {METHOD_GET, "/v1/authorities", "/v1/authorities", ON_API, 0, BODY_NONE,
     front_authorities},
    {METHOD_GET, "/ca/chain.pem", "/ca/chain.pem", ON_ANY, 0, BODY_NONE,
     front_ca_chain},
    {METHOD_GET, "/ca/root.crt", "/ca/root.crt", ON_ANY, 0, BODY_NONE,
     front_ca_root_crt},
    {METHOD_GET, "/ca/{}.pem", "/ca/{authority}.pem", ON_ANY, 0, BODY_NONE,
     front_ca_pem},
    {METHOD_GET, "/ca/{}.der", "/ca/{authority}.der", ON_ANY, 0, BODY_NONE,
     front_ca_der},
    {METHOD_GET, "/crl/chain.pem", "/crl/chain.pem", ON_ANY, 0, BODY_NONE,
     front_crl_chain},
    {METHOD_GET, "/crl/{}.crl", "/crl/{authority}.crl", ON_ANY, 0, BODY_NONE,
     front_crl_der},
    {METHOD_GET, "/crl/{}/{}.crl", "/crl/{authority}/{partition}.crl", ON_ANY,
     0, BODY_NONE, front_crl_der},
    {METHOD_GET, "/crl/{}.pem", "/crl/{authority}.pem", ON_ANY, 0, BODY_NONE,
     front_crl_pem},
    {METHOD_POST, "/ocsp", "/ocsp", ON_ANY | QUIET, 0, BODY_SMALL,
     front_ocsp_post},
    {METHOD_GET, "/ocsp/{*}", "/ocsp/{base64}", ON_ANY | QUIET, 0, BODY_NONE,
     front_ocsp_get},
    /* running it */
    {METHOD_GET, "/healthz", "/healthz", ON_ANY, 0, BODY_NONE, front_health},
    {METHOD_GET, "/readyz", "/readyz", ON_API, 0, BODY_NONE, front_ready},
    {METHOD_GET, "/metrics", "/metrics", ON_API, ROLE_METRICS, BODY_NONE,
     front_metrics},
    {METHOD_GET, "/v1/openapi.yaml", "/v1/openapi.yaml", ON_API, 0, BODY_NONE,
     front_openapi},
};
const size_t front_routes_n = COUNT(front_routes);

_Static_assert(COUNT(front_routes) <= FRONT_ROUTES_MAX,
               "the metrics have a place for each route");
