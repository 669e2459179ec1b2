// data-preview.tsx — what the model reads: rows token by token with the trained-on ones coloured, page by page; how they are read; lengths, rows that
// come twice, wrong rows.
import { useRef } from "react";
import type { DataPreview, PreviewToken } from "../../protocol.ts";
import { SaveChart } from "../charts/save-chart.tsx";
import { csv } from "../csv.ts";
import { useParts, useStudio } from "../context.ts";
import { count, percent } from "../format.ts";
import { previewRows } from "../store.ts";
import { text } from "../strings.ts";
import { Mapping } from "./mapping.tsx";
import { PhaseRow } from "./phases.tsx";
import { ProblemText } from "./problem.tsx";

export function DataPreviewPanel() {
  const preview = useStudio((state) => state.preview);
  const checking = useStudio((state) => state.checking);
  const reading = useStudio((state) => state.reading);
  return (
    <section className="data" id="data" aria-labelledby="data-title" aria-busy={reading !== null} data-testid="data-preview">
      <div className="panel-head">
        <h2 id="data-title">{text.sections.data}</h2>
        {preview && "rows" in preview && !reading && <span className="muted">{text.preview.rows(count(preview.trainRows), count(preview.evalRows))}</span>}
      </div>
      {reading && <PhaseRow of={reading} />}
      {!preview && !reading && <p className="waiting">{checking ? text.preview.reading : text.empty.preview}</p>}
      {preview && "problems" in preview && (
        <div role="alert">
          {preview.problems.map((problem) => (
            <p key={problem.where + problem.what} className={`notice ${problem.level}`}>
              <ProblemText problem={problem} />
            </p>
          ))}
        </div>
      )}
      <Mapping />
      {preview && "rows" in preview && <Preview preview={preview} />}
    </section>
  );
}

function Preview({ preview }: { preview: DataPreview }) {
  const longest = useStudio((state) => state.config.data.max_length);
  return (
    <>
      <ul className="legend">
        <li>
          <span className="token trained">{preview.labels ? text.preview.label : text.preview.trained}</span>
        </li>
        <li>
          <span className="token">{text.preview.read}</span>
        </li>
        {!preview.labels && <li className="muted">{text.preview.share(percent(preview.trainedShare))}</li>}
      </ul>
      <ol className="rows" aria-label={text.sections.data} start={preview.first + 1}>
        {preview.rows.map((row, i) => (
          // Rows have no name of their own, and the list is replaced as a whole.
          <li key={i}>
            {row.map((token, j) => (
              <Token key={j} token={token} />
            ))}
            {preview.labels && <span className="token trained label">{preview.labels[i]}</span>}
          </li>
        ))}
      </ol>
      <Pages preview={preview} />
      <Lengths lengths={preview.lengths} />
      {notices(preview, longest).map((notice) => (
        <p key={notice} className="help">
          {notice}
        </p>
      ))}
      {preview.wrongTotal > 0 && (
        <details className="wrong-rows" open>
          <summary>{text.preview.wrong(preview.wrongTotal)}</summary>
          <ul>
            {preview.wrong.map(({ line, reason }) => (
              <li key={line}>
                <b className="number">{text.preview.line(line)}</b> {reason}
              </li>
            ))}
            {preview.wrongTotal > preview.wrong.length && <li className="muted">{text.preview.more(count(preview.wrongTotal - preview.wrong.length))}</li>}
          </ul>
        </details>
      )}
    </>
  );
}

/** What is to be known of all rows. */
function notices({ truncated, truncation, duplicates, leaked, partly = 0, unread }: DataPreview, longest: number): string[] {
  const words = text.data;
  return [
    unread,
    truncated > 0 && words.truncatedTo(count(truncated), longest, truncation),
    partly > 0 && words.partly(count(partly)),
    duplicates > 0 && words.duplicates(count(duplicates)),
    leaked > 0 && words.leaked(count(leaked)),
  ].filter((notice) => typeof notice === "string");
}

function Pages({ preview: { first, rows, trainRows } }: { preview: DataPreview }) {
  const { store } = useParts();
  if (trainRows <= rows.length) return null;
  const page = previewRows;
  const turn = (to: number) => void store.getState().turnTo(to);
  return (
    <nav className="pager" aria-label={text.data.page(count(first + 1), count(first + rows.length), count(trainRows))}>
      <button type="button" className="quiet" disabled={first === 0} onClick={() => turn(Math.max(0, first - page))}>
        {text.data.before}
      </button>
      <span className="muted number" aria-live="polite">
        {text.data.page(count(first + 1), count(first + rows.length), count(trainRows))}
      </span>
      <button type="button" className="quiet" disabled={first + page >= trainRows} onClick={() => turn(first + page)}>
        {text.data.after}
      </button>
    </nav>
  );
}

function Token({ token }: { token: PreviewToken }) {
  const shown = token.text.replaceAll("\n", "↵\n");
  return (
    <span className={token.trained ? "token trained" : "token"} title={`${JSON.stringify(token.text)} · ${token.id}`}>
      {shown === "" ? "∅" : shown}
    </span>
  );
}

function Lengths({ lengths }: { lengths: DataPreview["lengths"] }) {
  const drawn = useRef<HTMLElement>(null);
  const most = Math.max(...lengths.map(([, rows]) => rows), 1);
  if (lengths.length === 0) return null;
  return (
    <figure className="lengths" ref={drawn}>
      <figcaption className="muted small">
        {text.preview.lengths} <SaveChart of={drawn} what="lengths" csv={() => csv(["up_to_tokens", "rows"], lengths)} />
      </figcaption>
      <div className="bars" role="img" aria-label={lengths.map(([upTo, rows]) => text.preview.lengthBar(upTo, count(rows))).join("; ")}>
        {lengths.map(([upTo, rows]) => (
          <span key={upTo} title={text.preview.lengthBar(upTo, count(rows))}>
            <i style={{ height: `${(100 * rows) / most}%` }} />
            <small>{upTo}</small>
          </span>
        ))}
      </div>
    </figure>
  );
}
