// authors.tsx — what HeteroLoRA's authors measured, to hold one's own results against.
import { text } from "../strings.ts";

const words = text.comparison.authors;

export function Authors() {
  return (
    <section className="comparison-authors" aria-labelledby="comparison-authors">
      <h2 id="comparison-authors">{words.title}</h2>
      <p className="muted small">{words.intro}</p>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={words.caption}>
        <table className="sites">
          <thead>
            <tr>
              {words.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {words.rows.map(([what, seeds, accuracy]) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td>{seeds}</td>
                <td>{accuracy}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="help">
        {words.modes} {words.reading}
      </p>
    </section>
  );
}
