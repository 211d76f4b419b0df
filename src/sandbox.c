/* SPDX-License-Identifier: ISC */
#include "sandbox.h"
