// scale-bar.tsx — which colours stand for which values.
import type { Scale } from "./picture.ts";

export function ScaleBar({ scale: { from, to, gradient } }: { scale: Scale }) {
  return (
    <span className="scale">
      <span className="number">{from}</span>
      <i style={{ background: gradient }} />
      <span className="number">{to}</span>
    </span>
  );
}
