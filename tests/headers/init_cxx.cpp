// SPDX-License-Identifier: MIT
#include "init.c"
