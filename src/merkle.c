/* SPDX-License-Identifier: ISC */
#include "merkle.h"
