// segments.tsx — one choice of a few in a row: a radio group with one tab stop, arrows choose.
import { useRef } from "react";

interface Props<V extends string> {
  label: string;
  options: readonly { value: V; title: string }[];
  value: V;
  onChange: (value: V) => void;
}

export function Segments<V extends string>({ label, options, value, onChange }: Props<V>) {
  const group = useRef<HTMLSpanElement>(null);
  const press = (event: React.KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = (options.findIndex((option) => option.value === value) + by + options.length) % options.length;
    onChange(options[next].value);
    (group.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <span ref={group} className="segments" role="radiogroup" aria-label={label} onKeyDown={press}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChange(option.value)}
        >
          {option.title}
        </button>
      ))}
    </span>
  );
}
