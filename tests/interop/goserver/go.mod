// SPDX-License-Identifier: ISC
module pocketca.invalid/goserver

go 1.19
