/* SPDX-License-Identifier: ISC */
#include "msg.h"
