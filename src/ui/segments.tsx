// segments.tsx — one choice of a few, as a row of radio buttons.
import { useId } from "react";

interface Props<V extends string> {
  label: string;
  options: readonly { value: V; title: string }[];
  value: V;
  onChange: (value: V) => void;
}

export function Segments<V extends string>({ label, options, value, onChange }: Props<V>) {
  const name = useId();
  return (
    <span className="segments" role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value}>
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>{option.title}</span>
        </label>
      ))}
    </span>
  );
}
