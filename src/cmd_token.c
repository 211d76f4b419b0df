/* SPDX-License-Identifier: ISC */
#include "cmd.h"
