/* SPDX-License-Identifier: ISC */
/*
 * The syntax of DNS names and IP addresses.  A function that judges returns
 * NULL, or the rule that was broken as the end of a sentence whose subject is
 * the name: "has an empty label".
 */
#ifndef POCKETCA_HOST_H
#define POCKETCA_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_DNS_SIZE = 254, HOST_IP_SIZE = 46 };
enum host_flag {
    HOST_WILDCARD = 1 << 0,   /* "*" may be the whole first label */
    HOST_UNDERSCORE = 1 << 1, /* as in the host of a URI */
};

/* A DNS name (RFC 1034 section 3.5, RFC 1123 section 2.1, RFC 5890) in lower
 * case into out, a string.  A last label that is a number is refused: every
 * form of an address that inet_aton() reads ends in one. */
const char *host_dns(char out[HOST_DNS_SIZE], const char *text, size_t len,
                     unsigned flags);
/* 4 or 16 octets of a dotted quad or an IPv6 address (RFC 4291 section 2.2,
 * no zone); 0 when it is neither. */
uint8_t host_ip(uint8_t ip[16], const char *text, size_t len);
/* ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
bool host_ip_mapped(const uint8_t ip[16], size_t len);
/* RFC 5952, hexadecimal throughout. */
void host_ip_text(char out[HOST_IP_SIZE], const uint8_t *ip, size_t len);

#endif
