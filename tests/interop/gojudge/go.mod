// SPDX-License-Identifier: ISC
module pocketca.invalid/gojudge

go 1.19
