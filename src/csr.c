/* SPDX-License-Identifier: ISC */
#include "csr.h"
