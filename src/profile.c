/* SPDX-License-Identifier: ISC */
#include "profile.h"
