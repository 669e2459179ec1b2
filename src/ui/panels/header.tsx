// header.tsx — name, sections (on narrow pages), the device chip, the promise, the theme.
import { useEffect, useState } from "react";
import { useStudio } from "../context.ts";
import { bytes } from "../format.ts";
import { text } from "../strings.ts";

export function Header() {
  return (
    <header className="top">
      <a className="brand" href="." aria-label={text.name}>
        <Mark />
        <span>{text.name}</span>
      </a>
      <nav className="sections" aria-label={text.navigation.label}>
        {(["setup", "loss", "rank", "answers"] as const).map((section) => (
          <button key={section} type="button" className="link" onClick={() => document.getElementById(section)?.scrollIntoView()}>
            {text.navigation[section]}
          </button>
        ))}
      </nav>
      <span className="grow" />
      <span className="claim" title={text.claimLong}>
        {text.claim}
      </span>
      <DeviceChip />
      <Theme />
    </header>
  );
}

/** A small heatmap: the picture of the product. */
function Mark() {
  const cells = ["#440154", "#31688e", "#35b779", "#31688e", "#35b779", "#fde725", "#443983", "#21918c", "#90d743"];
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      {cells.map((fill, i) => (
        <rect key={fill + String(i)} x={(i % 3) * 7} y={Math.floor(i / 3) * 7} width="6" height="6" rx="1" fill={fill} />
      ))}
    </svg>
  );
}

function DeviceChip() {
  const device = useStudio((state) => state.device);
  const preflight = useStudio((state) => state.preflight);
  if (!device) return <span className="chip">{text.device.looking}</span>;
  const parts = device.webgpu ? [text.device.webgpu, device.adapter, ...(device.software ? [text.device.software] : [])] : [text.device.none];
  if (preflight?.memory) parts.push((preflight.fits ? text.device.fits : text.device.tooLarge)(bytes(preflight.memory.total)));
  const good = device.webgpu && (preflight?.fits ?? true);
  return (
    <a className="chip" href="#preflight" onClick={toPreflight} title={parts.join(" · ")}>
      <span className={good ? "dot good" : "dot bad"} />
      <span className="chip-text">{parts.join(" · ")}</span>
    </a>
  );
}

/** The hash belongs to the configuration, so links inside the page scroll by themselves. */
function toPreflight(event: React.MouseEvent) {
  event.preventDefault();
  document.getElementById("preflight")?.scrollIntoView();
}

const themes = ["auto", "light", "dark"] as const;
type ThemeName = (typeof themes)[number];
const themeKey = "rankscope.theme";

function Theme() {
  const [theme, setTheme] = useState<ThemeName>(stored);
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(themeKey, theme);
    } catch {
      // Storage may be closed to the page; the choice then lasts as long as the tab.
    }
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length];
  return (
    <button type="button" className="icon theme" aria-label={text.theme[theme]} title={text.theme[theme]} onClick={() => setTheme(next)}>
      <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
        <circle cx="9" cy="9" r="6.25" fill={theme === "dark" ? "currentColor" : "none"} stroke="currentColor" strokeWidth="1.5" />
        {theme === "auto" && <path d="M9 2.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />}
      </svg>
    </button>
  );
}

function stored(): ThemeName {
  try {
    return themes.find((theme) => theme === localStorage.getItem(themeKey)) ?? "auto";
  } catch {
    return "auto";
  }
}
