// answer.tsx — one answer of one model, judged where the right one is known.
import { isRight } from "../samples.ts";
import { text } from "../strings.ts";

export function Answer({ title, answer, expected, strong = false }: { title: string; answer?: string; expected?: string; strong?: boolean }) {
  const right = answer !== undefined && expected !== undefined ? isRight(answer, expected) : null;
  return (
    <div className={strong ? "strong" : undefined}>
      <dt>
        {title}
        {right !== null && (
          <span className={right ? "verdict right" : "verdict"} role="img" aria-label={right ? text.answers.right : text.answers.wrong}>
            {right ? "✓" : "✗"}
          </span>
        )}
      </dt>
      <dd>{answer?.trim() ?? text.answers.pending}</dd>
    </div>
  );
}
