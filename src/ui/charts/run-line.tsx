// run-line.tsx — how a run is drawn among others: a colour of its own, and a dash for eyes that do not tell colours apart.
export const dashes = ["", "6 3", "2 2", "9 3 2 3", "4 2", "1 3"] as const;

export const runColour = (place: number): string => `var(--run-${place})`;

export function RunLine({ place }: { place: number }) {
  return (
    <svg width="22" height="8" aria-hidden="true">
      <line x1="1" x2="21" y1="4" y2="4" stroke={runColour(place)} strokeWidth="2.5" strokeDasharray={dashes[place]} />
    </svg>
  );
}
