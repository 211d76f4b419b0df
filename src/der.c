/* SPDX-License-Identifier: ISC */
#include "der.h"
