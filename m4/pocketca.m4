# SPDX-License-Identifier: ISC
# Two small macros, so that the build needs no archive of them.

# PCA_FLAGS(VARIABLE, FLAG…)
# Appends to VARIABLE each flag (a word; quote two that belong together) with
# which the compiler compiles and links a program without a warning.
AC_DEFUN([PCA_FLAGS], [m4_foreach([pca_flag], m4_cdr($@),
    [PCA_FLAG([$1], m4_defn([pca_flag]))])])

AC_DEFUN([PCA_FLAG],
[AS_VAR_PUSHDEF([pca_cache], [pca_cv_flag_$2])dnl
AC_CACHE_CHECK([for $2], [pca_cache],
    [pca_cflags=$CFLAGS
    CFLAGS="$CFLAGS $[$1] $2 -Werror"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]],
        [[char b[64]; memset(b, 1, sizeof(b)); return b[63] - 1;]])],
        [AS_VAR_SET([pca_cache], [yes])], [AS_VAR_SET([pca_cache], [no])])
    CFLAGS=$pca_cflags])
AS_VAR_IF([pca_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
AS_VAR_POPDEF([pca_cache])])

# PCA_MISSING(WHAT): ends with what is missing and where it comes from
AC_DEFUN([PCA_MISSING], [AC_MSG_ERROR([a library is missing, or too old:

$1

./quickstart.sh installs all of them on Debian and Ubuntu, and names the
packages of Fedora and Alpine.  Those of Debian are: libssl-dev
libmicrohttpd-dev libgnutls28-dev libsqlite3-dev libjansson-dev
libconfuse-dev libseccomp-dev check linux-libc-dev])])
