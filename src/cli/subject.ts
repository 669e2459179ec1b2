// subject.ts — a model ready to answer, on a backend: the base alone, or with an adapter from disk.

import type { Backend } from "../engine/backend.ts";
import type { LoadedModel } from "../session/load.ts";
import { Run } from "../train/run.ts";
import { targetOfAdapter, targetOfBase } from "../train/subject.ts";
import { openAdapter, within } from "./place.ts";

/** maxTokens: most tokens of any batch. Throws DataError, FormatError where the adapter does not fit the model. */
export async function openSubject(model: LoadedModel, adapter: string | undefined, backend: Backend, maxTokens: number): Promise<Run> {
  const peft = adapter === undefined ? null : await openAdapter(adapter);
  const target = peft ? await within(adapter!, () => targetOfAdapter(model.base, peft)) : targetOfBase(model.base);
  const run = await Run.create({ backend, target, checkpoint: model.checkpoint, maxTokens, weightDecay: 0, seed: 0 });
  if (peft) run.load(peft);
  return run;
}
