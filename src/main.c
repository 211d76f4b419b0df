/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "proc.h"

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}
