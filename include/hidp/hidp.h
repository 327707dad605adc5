/* SPDX-License-Identifier: MIT */
#ifndef HIDP_HIDP_H
#define HIDP_HIDP_H

#include <hidp/agent.h>
#include <hidp/cluster.h>
#include <hidp/context.h>
#include <hidp/cost.h>
#include <hidp/export.h>
#include <hidp/figures.h>
#include <hidp/model.h>
#include <hidp/options.h>
#include <hidp/plan.h>
#include <hidp/planner.h>
#include <hidp/program.h>
#include <hidp/report.h>
#include <hidp/session.h>
#include <hidp/status.h>
#include <hidp/version.h>

#endif
