// header.tsx — name, pages, sections (on narrow pages), the device chip, the promise, the theme.
import { useEffect, useState } from "react";
import { useStudio } from "../context.ts";
import { blockers } from "../store.ts";
import { addressOf, pages, type PageName } from "../url.ts";
import { bytes } from "../format.ts";
import { text } from "../strings.ts";

export function Header({ page, go }: { page: PageName; go: (page: PageName) => void }) {
  return (
    <header className="top">
      <PageLink name="train" here={false} go={go} className="brand" aria-label={text.name}>
        <Mark />
        <span>{text.name}</span>
      </PageLink>
      <nav className="pages" aria-label={text.pages.label}>
        {pages.map((name) => (
          <PageLink key={name} name={name} here={name === page} go={go} />
        ))}
      </nav>
      {page === "train" && (
        <nav className="sections" aria-label={text.navigation.label}>
          {(["setup", "loss", "rank", "answers"] as const).map((section) => (
            <button key={section} type="button" className="link" onClick={() => document.getElementById(section)?.scrollIntoView()}>
              {text.navigation[section]}
            </button>
          ))}
        </nav>
      )}
      <span className="grow" />
      <span className="claim" title={text.claimLong}>
        {text.claim}
      </span>
      <DeviceChip go={go} />
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

/** A link, so that it opens in another tab too; a plain click stays in this one and keeps the run. */
function PageLink({ name, here, go, children, ...rest }: { name: PageName; here: boolean; go: (page: PageName) => void } & React.ComponentProps<"a">) {
  const config = useStudio((state) => state.config);
  const catalogue = useStudio((state) => state.catalogue);
  const follow = (event: React.MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(name);
  };
  return (
    <a {...rest} href={addressOf(location, config, catalogue, name)} aria-current={here ? "page" : undefined} onClick={follow}>
      {children ?? text.pages[name]}
    </a>
  );
}

/** Where it computes and whether it fits, in a line; the Device page says more. */
function DeviceChip({ go }: { go: (page: PageName) => void }) {
  const device = useStudio((state) => state.device);
  const preflight = useStudio((state) => state.preflight);
  if (!device) return <span className="chip">{text.device.looking}</span>;
  if (!preflight) return <span className="chip">{text.preflight.checking}</span>;
  const { backend, memory, fits } = preflight;
  const where = `${text.backends[backend.name] ?? backend.name} · ${backend.why}`;
  const size = memory && (fits ? text.device.fits : text.device.tooLarge)(bytes(memory.total));
  const good = blockers({ preflight, invalid: {} }).length === 0;
  return (
    <PageLink name="device" here={false} go={go} className="chip" title={[where, size].filter(Boolean).join(" · ")}>
      <span className={good ? "dot good" : "dot bad"} />
      <span className="chip-text">{where}</span>
      {size && <span className="chip-size">{size}</span>}
    </PageLink>
  );
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
