// The schedules of allocations. One file and one line here add one.

import { dynamic } from "./dynamic.ts";
import type { Schedule } from "./schedule.ts";
import { fixed } from "./static.ts";

export const schedules = { static: fixed, dynamic } as const satisfies Record<string, Schedule>;
