// data-preview.tsx — what the model reads: rows token by token with the trained-on ones coloured, lengths, wrong rows.
import type { DataPreview, PreviewToken } from "../../protocol.ts";
import { useStudio } from "../context.ts";
import { count, percent } from "../format.ts";
import { text } from "../strings.ts";
import { ProblemText } from "./problem.tsx";

export function DataPreviewPanel() {
  const preview = useStudio((state) => state.preview);
  const checking = useStudio((state) => state.checking);
  return (
    <section className="data" id="data" aria-labelledby="data-title" data-testid="data-preview">
      <div className="panel-head">
        <h2 id="data-title">{text.sections.data}</h2>
        {preview && "rows" in preview && <span className="muted">{text.preview.rows(count(preview.trainRows), count(preview.evalRows))}</span>}
      </div>
      {!preview && <p className="waiting">{checking ? text.preview.reading : text.empty.preview}</p>}
      {preview && "problems" in preview && (
        <div role="alert">
          {preview.problems.map((problem) => (
            <p key={problem.where + problem.what} className={`notice ${problem.level}`}>
              <ProblemText problem={problem} />
            </p>
          ))}
        </div>
      )}
      {preview && "rows" in preview && <Preview preview={preview} />}
    </section>
  );
}

function Preview({ preview }: { preview: DataPreview }) {
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
      <ol className="rows" aria-label={text.sections.data}>
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
      <Lengths lengths={preview.lengths} />
      {preview.truncated > 0 && <p className="help">{text.preview.truncated(count(preview.truncated))}</p>}
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

function Token({ token }: { token: PreviewToken }) {
  const shown = token.text.replaceAll("\n", "↵\n");
  return (
    <span className={token.trained ? "token trained" : "token"} title={`${JSON.stringify(token.text)} · ${token.id}`}>
      {shown === "" ? "∅" : shown}
    </span>
  );
}

function Lengths({ lengths }: { lengths: DataPreview["lengths"] }) {
  const most = Math.max(...lengths.map(([, rows]) => rows), 1);
  if (lengths.length === 0) return null;
  return (
    <figure className="lengths">
      <figcaption className="muted small">{text.preview.lengths}</figcaption>
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
