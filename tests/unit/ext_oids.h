/* SPDX-License-Identifier: ISC */
/* The OIDs of the extensions that tests put in and take out, by enum. */
#ifndef POCKETCA_EXT_OIDS_H
#define POCKETCA_EXT_OIDS_H

#include "cert.h"
#include "oid.h"

static const struct {
    const char *oid;
    size_t len;
} ext_oids[EXT__MAX] = {
    [EXT_BASIC] = {OID(CE_BASIC)},
    [EXT_KEY_USAGE] = {OID(CE_KEY_USAGE)},
    [EXT_EKU] = {OID(CE_EKU)},
    [EXT_SKI] = {OID(CE_SKI)},
    [EXT_AKI] = {OID(CE_AKI)},
    [EXT_SAN] = {OID(CE_SAN)},
    [EXT_CDP] = {OID(CE_CDP)},
    [EXT_AIA] = {OID(PE_AIA)},
    [EXT_CONSTRAINTS] = {OID(CE_NAME_CONSTRAINTS)},
    [EXT_POLICIES] = {OID(CE_POLICIES)},
    [EXT_POLICY_MAPPINGS] = {OID(CE_POLICY_MAPPINGS)},
    [EXT_POLICY_CONSTRAINTS] = {OID(CE_POLICY_CONSTRAINTS)},
    [EXT_INHIBIT_ANY] = {OID(CE_INHIBIT_ANY)},
    [EXT_TLS_FEATURE] = {OID(PE_TLS_FEATURE)},
    [EXT_NOCHECK] = {OID(OCSP_NOCHECK)},
};

#endif
