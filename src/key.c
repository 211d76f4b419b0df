/* SPDX-License-Identifier: ISC */
#include "key.h"
