/* SPDX-License-Identifier: ISC */
#include "client.h"
