/* SPDX-License-Identifier: ISC */
#include "view.h"
