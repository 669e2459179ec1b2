// presets.tsx — forms to begin with, each with what it shows. One takes the place of the whole form but for where it computes, which is the place's.
import { useParts, useStudio } from "../context.ts";
import { fieldPaths, getField, sameField } from "../fields.ts";
import { text } from "../strings.ts";

const words = text.settings;

export function Presets() {
  const { store } = useParts();
  const presets = useStudio((state) => state.catalogue.presets);
  const config = useStudio((state) => state.config);
  const forms = presets.map((preset) => ({ ...preset, config: { ...preset.config, backend: config.backend } }));
  return (
    <details className="presets">
      <summary>{words.presets}</summary>
      <ul>
        {forms.map(({ name, title, help, config: form }) => {
          const chosen = fieldPaths(config).every((path) => sameField(getField(config, path), getField(form, path)));
          return (
            <li key={name}>
              <button type="button" className="link" aria-pressed={chosen} onClick={() => store.getState().replaceConfig(form, title)}>
                {title}
              </button>
              <p className="help">{help}</p>
            </li>
          );
        })}
      </ul>
    </details>
  );
}
