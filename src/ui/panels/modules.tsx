// modules.tsx — target_modules as toggles, one per kind of matrix; "mixed" where only some layers are adapted.
import { useParts, useStudio } from "../context.ts";
import { text } from "../strings.ts";
import { Field } from "./field.tsx";

export const shortModule = (module: string): string => module.replace(/_proj$/, "");

export function ModulesField() {
  const { store } = useParts();
  const sites = useStudio((state) => state.sites);
  const r = useStudio((state) => state.config.r);
  const byHand = useStudio((state) => Object.keys(state.config.rank_pattern).length);
  const modules = [...new Set(sites.map((site) => site.module))];
  return (
    <Field path="target_modules" also={["rank_pattern", "alpha_pattern"]} help={byHand > 0 ? text.setup.ranksByHand(byHand) : undefined}>
      {(id, describedBy) => (
        <div className="toggles" role="group" id={id} aria-labelledby={`${id}-label`} aria-describedby={describedBy}>
          {modules.map((module) => {
            const places = sites.filter((site) => site.module === module);
            const on = places.filter((site) => site.r > 0);
            const pressed = on.length === 0 ? false : on.length === places.length ? true : "mixed";
            const names = (pressed === true ? on : places.filter((site) => site.r === 0)).map((site) => site.name);
            return (
              <button
                key={module}
                type="button"
                aria-pressed={pressed}
                title={module}
                onClick={() => store.getState().setRank(names, pressed === true ? 0 : r)}
              >
                {shortModule(module)}
              </button>
            );
          })}
        </div>
      )}
    </Field>
  );
}
