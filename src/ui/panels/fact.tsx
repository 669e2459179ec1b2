// fact.tsx — what something is and how it is, a line of a list of facts.
import type { ReactNode } from "react";

export function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
