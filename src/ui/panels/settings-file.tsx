// settings-file.tsx — the form as a file: saved as the JSON that the command line trains, opened from it or from a run's zip; and the way back from whatever
// overwrote the form.
import { useRef } from "react";
import { Undo } from "../charts/undo-button.tsx";
import { useParts } from "../context.ts";
import type { RunConfig } from "../../protocol.ts";
import { save } from "../save.ts";
import { text } from "../strings.ts";

const words = text.settings;

export function SettingsFile() {
  const { store } = useParts();
  const picker = useRef<HTMLInputElement>(null);
  const write = () => {
    const { config } = store.getState();
    save(fileName(config), `${JSON.stringify(config, null, 2)}\n`, "application/json");
  };
  const open = async (file: File) => {
    const { openSettings, fail } = store.getState();
    if (!(await openSettings(file, file.name))) fail({ what: words.none(file.name), hint: words.noneHint });
  };
  return (
    <div className="settings-file">
      <button type="button" className="link" title={words.openHelp} onClick={() => picker.current?.click()}>
        {words.open}
      </button>
      <button type="button" className="link" title={words.saveHelp} data-testid="save-settings" onClick={write}>
        {words.save}
      </button>
      <Undo whole />
      <input
        ref={picker}
        type="file"
        hidden
        accept=".json,.zip,application/json"
        data-testid="open-settings"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) void open(file);
        }}
      />
    </div>
  );
}

/** "tales-qa-lora.json" */
function fileName({ data, method }: RunConfig): string {
  const source = data.source.replace(/^\w+:/, "").replace(/\.\w+(\.gz)?$/, "");
  return `${[source, method].join("-").replace(/[^\w.-]+/g, "-")}.json`;
}
