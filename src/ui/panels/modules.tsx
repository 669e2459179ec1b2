// modules.tsx — target_modules as toggles, one per kind of matrix; "mixed" where only some layers are adapted.
import { useParts, useStudio } from "../context.ts";
import { shortModule } from "../charts/layers.ts";
import { text } from "../strings.ts";
import { Field } from "./field.tsx";

export function ModulesField() {
  const { store } = useParts();
  const all = useStudio((state) => state.sites);
  const sites = all.filter((site) => !site.kind);
  const r = useStudio((state) => state.config.r);
  const byHand = useStudio((state) => Object.keys(state.config.rank_pattern).length);
  const full = useStudio((state) => state.config.method === "full");
  const modules = [...new Set(sites.map((site) => site.module))];
  const learning = (module: string) => sites.filter((site) => site.module === module && site.parameters > 0);
  const toggle = (module: string, names: readonly string[], to: number) => {
    if (!full) store.getState().setRank(names, to);
    else
      store.getState().edit(
        "target_modules",
        modules.filter((one) => (one === module ? to > 0 : learning(one).length > 0)),
      );
  };
  return (
    <Field path="target_modules" also={["rank_pattern", "alpha_pattern"]} peek={byHand > 0} help={byHand > 0 ? text.setup.ranksByHand(byHand) : undefined}>
      {(id, describedBy) => (
        <div className="toggles" role="group" id={id} aria-labelledby={`${id}-label`} aria-describedby={describedBy}>
          {modules.map((module) => {
            const places = sites.filter((site) => site.module === module);
            const on = learning(module);
            const pressed = on.length === 0 ? false : on.length === places.length ? true : "mixed";
            const names = (pressed === true ? on : places.filter((site) => site.parameters === 0)).map((site) => site.name);
            return (
              <button key={module} type="button" aria-pressed={pressed} title={module} onClick={() => toggle(module, names, pressed === true ? 0 : r)}>
                {shortModule(module)}
              </button>
            );
          })}
        </div>
      )}
    </Field>
  );
}
