/* SPDX-License-Identifier: ISC */
#include "store.h"
