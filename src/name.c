/* SPDX-License-Identifier: ISC */
#include "name.h"
