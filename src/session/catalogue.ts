// catalogue.ts — everything a drop-down shows, from the registries: there is no second list anywhere.

import { allocators } from "../allocators/index.ts";
import { datasets } from "../data/index.ts";
import { rowFormats } from "../data/row-formats.ts";
import { templates } from "../data/template.ts";
import { methods } from "../methods/index.ts";
import { optimizers } from "../optimizers/index.ts";
import type { Catalogue, CatalogueEntry } from "../protocol.ts";
import { figures, proxies } from "../proxies/index.ts";
import { schedules } from "../schedules/index.ts";
import { firstAllocation, firstRun } from "../train/config.ts";
import { fields } from "../train/fields.ts";
import { schedulers } from "../train/learning-rate.ts";
import { presets } from "./presets.ts";

const entries = (registry: Readonly<Record<string, CatalogueEntry>>, prefix = ""): CatalogueEntry[] =>
  Object.values(registry).map(({ name, title, help, paper, task, by }) => ({
    name: prefix + name,
    title,
    help,
    ...(paper ? { paper } : {}),
    ...(task ? { task } : {}),
    ...(by ? { by } : {}),
  }));

const bundledModels = {
  "tales-3m": {
    name: "tales-3m",
    title: "Tales 3M",
    help: "A small story model, 3.1 million parameters, pre-trained for this page: Llama architecture, 6 layers.",
  },
};

export const catalogue = (): Catalogue => ({
  models: entries(bundledModels, "bundled:"),
  data: entries(datasets, "bundled:"),
  formats: rowFormats.map(({ name, title, help, roles }) => ({
    name,
    title,
    help,
    roles: roles.map(({ role, title: what, optional = false }) => ({ role, title: what, optional })),
  })),
  templates: Object.entries(templates).map(([name, { help }]) => ({ name, title: name, help })),
  methods: entries(methods),
  optimizers: entries(optimizers),
  schedulers: entries(schedulers),
  proxies: entries(proxies),
  figures: entries(figures),
  allocators: entries(allocators),
  schedules: entries(schedules),
  allocation: firstAllocation,
  fields: Object.fromEntries(
    Object.entries(fields).map(([path, { title, help, paper, unit, min, max, step, integer, choices }]) => [
      path,
      { title, help, paper, unit, min, max, step, integer, choices },
    ]),
  ),
  first: firstRun,
  presets: presets(),
});
