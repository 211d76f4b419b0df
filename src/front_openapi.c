/* SPDX-License-Identifier: ISC */
/* doc/openapi.yaml as octets; the build makes openapi.h of it. */
#include "front_handle.h"

const unsigned char front_openapi_text[] = {
#include "openapi.h"
};
const size_t front_openapi_size = sizeof(front_openapi_text);
