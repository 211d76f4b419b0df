/* SPDX-License-Identifier: ISC */
#include "crl.h"
