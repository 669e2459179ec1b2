// subject.ts — a model ready to answer, on a backend: the base alone, or with an adapter from disk, or with all that a run trained.

import type { Backend } from "../engine/backend.ts";
import type { LoadedModel } from "../session/load.ts";
import { Run } from "../train/run.ts";
import { targetOfAdapter, targetOfBase } from "../train/subject.ts";
import { openTrained, within } from "./place.ts";

/** maxTokens: most tokens of any batch. Throws DataError, FormatError where the adapter does not fit the model. */
export async function openSubject(model: LoadedModel, adapter: string | undefined, backend: Backend, maxTokens: number): Promise<Run> {
  const trained = adapter === undefined ? null : await openTrained(adapter);
  const target = trained ? await within(adapter!, () => targetOfAdapter(model.base, trained)) : targetOfBase(model.base);
  const run = await Run.create({ backend, target, checkpoint: model.checkpoint, maxTokens, weightDecay: 0, seed: 0 });
  if (trained) run.load(trained);
  return run;
}
