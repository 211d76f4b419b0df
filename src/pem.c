/* SPDX-License-Identifier: ISC */
#include "pem.h"
