// save-chart.tsx — a chart as files: its numbers as CSV, its picture as SVG or PNG.
import type { RefObject } from "react";
import { useParts } from "../context.ts";
import { save } from "../save.ts";
import { text } from "../strings.ts";
import { asSvg } from "./as-svg.ts";

/** A picture for a screen with twice the pixels. */
const scale = 2;

interface Props {
  /** What the picture is taken of. */
  of: RefObject<HTMLElement | null>;
  what: keyof typeof text.charts.names;
  /** The numbers; absent: they are saved elsewhere. */
  csv?: () => string;
}

export function SaveChart({ of, what, csv }: Props) {
  const { store } = useParts();
  const title = text.charts.names[what];
  const png = async () => {
    try {
      save(`${title}.png`, await painted(asSvg(of.current!)), "image/png");
    } catch (error) {
      store.getState().fail({ what: text.charts.failed, hint: String(error) });
    }
  };
  const formats: readonly (readonly [string, () => void] | false)[] = [
    !!csv && ["CSV", () => save(`${title}.csv`, csv(), "text/csv")],
    ["SVG", () => save(`${title}.svg`, asSvg(of.current!).svg, "image/svg+xml")],
    ["PNG", () => void png()],
  ];
  return (
    <span className="save-chart" role="group" aria-label={text.charts.save(title)}>
      {formats.map(
        (format) =>
          format && (
            <button key={format[0]} type="button" className="link" aria-label={text.charts.as(title, format[0])} onClick={format[1]}>
              {format[0]}
            </button>
          ),
      )}
    </span>
  );
}

async function painted({ svg, width, height }: ReturnType<typeof asSvg>): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image(width, height);
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * scale, height * scale];
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(`${width} × ${height}`))), "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}
