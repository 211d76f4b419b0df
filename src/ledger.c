/* SPDX-License-Identifier: ISC */
#include "ledger.h"
