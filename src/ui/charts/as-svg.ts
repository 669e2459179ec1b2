// as-svg.ts — what an element shows, as an SVG file that stands alone: boxes with their colours and borders, texts line by line, pictures within. As
// it is on the page, with the colours of the page. Controls are left out.

const leftOut = "button, input, select, textarea, label, .unseen";
const svgSpace = "http://www.w3.org/2000/svg";
/** What decides how an SVG's own shapes look. */
const shapeStyles = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "text-anchor"]; // prettier-ignore
const sides = ["Top", "Bottom", "Left", "Right"] as const;
const margin = 12;

/** The markup, and its size in CSS pixels. */
export function asSvg(element: HTMLElement): { svg: string; width: number; height: number } {
  const drawing = new Drawing(element);
  drawing.visit(element);
  const { width, height } = drawing;
  const ground = getComputedStyle(document.body).backgroundColor;
  const parts = [`<rect width="${width}" height="${height}" fill="${ground}"/>`, ...drawing.definitions, ...drawing.shapes];
  const head = `<svg xmlns="${svgSpace}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`;
  return { svg: `${head}\n${parts.join("\n")}\n</svg>\n`, width, height };
}

class Drawing {
  readonly shapes: string[] = [];
  readonly definitions: string[] = [];
  readonly width: number;
  readonly height: number;
  private readonly origin: readonly [x: number, y: number];

  constructor(element: HTMLElement) {
    const box = element.getBoundingClientRect();
    // What scrolls within is drawn where it is, also beyond the edge.
    this.width = Math.ceil(Math.max(box.width, element.scrollWidth) + 2 * margin);
    this.height = Math.ceil(box.height + 2 * margin);
    this.origin = [box.left - margin, box.top - margin];
  }

  visit(element: Element): void {
    if (element.matches(leftOut)) return;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
    if (element instanceof SVGSVGElement) {
      this.shapes.push(this.picture(element, box));
      return;
    }
    this.box(style, box);
    for (const child of element.childNodes) {
      if (child instanceof Element) this.visit(child);
      else if (child instanceof Text && child.data.trim() !== "") this.text(child, style);
    }
  }

  private at(box: DOMRect): [x: string, y: string] {
    return [(box.left - this.origin[0]).toFixed(1), (box.top - this.origin[1]).toFixed(1)];
  }

  private box(style: CSSStyleDeclaration, box: DOMRect): void {
    if (box.width === 0 || box.height === 0) return;
    const [x, y] = this.at(box);
    const size = `x="${x}" y="${y}" width="${box.width.toFixed(1)}" height="${box.height.toFixed(1)}" rx="${parseFloat(style.borderTopLeftRadius) || 0}"`;
    const fill = this.gradient(style.backgroundImage) ?? (transparent(style.backgroundColor) ? null : style.backgroundColor);
    if (fill) this.shapes.push(`<rect ${size} fill="${fill}" opacity="${style.opacity}"/>`);
    const edge = (width: string, line: string, colour: string) => (line !== "none" && parseFloat(width) > 0 && !transparent(colour) ? `stroke="${colour}" stroke-width="${parseFloat(width)}"` : ""); // prettier-ignore
    const around = edge(style.outlineWidth, style.outlineStyle, style.outlineColor);
    const [top, bottom, left, right] = sides.map((side) => edge(style[`border${side}Width`], style[`border${side}Style`], style[`border${side}Color`]));
    const whole = top !== "" && top === bottom && top === left && top === right;
    for (const stroke of [around, whole ? top : ""]) if (stroke) this.shapes.push(`<rect ${size} fill="none" ${stroke}/>`);
    if (whole) return;
    const [x2, y2] = [(Number(x) + box.width).toFixed(1), (Number(y) + box.height).toFixed(1)];
    const line = (stroke: string, x1: string, y1: string, toX: string, toY: string) => stroke && this.shapes.push(`<line x1="${x1}" y1="${y1}" x2="${toX}" y2="${toY}" ${stroke}/>`); // prettier-ignore
    line(top, x, y, x2, y);
    line(bottom, x, y2, x2, y2);
    line(left, x, y, x, y2);
    line(right, x2, y, x2, y2);
  }

  /** A gradient from left to right as a paint; null: there is none. */
  private gradient(image: string): string | null {
    const colours = image.startsWith("linear-gradient") ? [...image.matchAll(/rgba?\([^)]*\)|#[0-9a-f]+/g)].map(([colour]) => colour) : [];
    if (colours.length < 2) return null;
    const id = `gradient-${this.definitions.length}`;
    const stops = colours.map((colour, i) => `<stop offset="${(i / (colours.length - 1)).toFixed(3)}" stop-color="${colour}"/>`).join("");
    this.definitions.push(`<linearGradient id="${id}">${stops}</linearGradient>`);
    return `url(#${id})`;
  }

  private text(node: Text, style: CSSStyleDeclaration): void {
    const upright = !style.writingMode.startsWith("vertical");
    const font = `font-family="${escaped(style.fontFamily)}" font-size="${style.fontSize}" font-weight="${style.fontWeight}" fill="${style.color}"`;
    for (const { words, box } of linesOf(node)) {
      const [x, y] = this.at(box);
      const length = upright ? box.width : box.height;
      // Where the letters stand in their line: four fifths of the way down.
      const stand = upright ? `x="${x}" y="${(Number(y) + box.height * 0.79).toFixed(1)}"` : `transform="translate(${(Number(x) + box.width * 0.79).toFixed(1)} ${(Number(y) + length).toFixed(1)}) rotate(-90)"`; // prettier-ignore
      this.shapes.push(`<text ${stand} ${font} textLength="${length.toFixed(1)}" xml:space="preserve">${escaped(words)}</text>`);
    }
  }

  private picture(svg: SVGSVGElement, box: DOMRect): string {
    const copy = svg.cloneNode(true) as SVGSVGElement;
    const [from, to] = [svg, copy].map((one) => [one, ...one.querySelectorAll("*")]);
    from.forEach((element, i) => {
      const style = getComputedStyle(element);
      for (const name of shapeStyles) to[i].setAttribute(name, style.getPropertyValue(name));
      for (const name of ["class", "style", "tabindex", "role"]) to[i].removeAttribute(name);
    });
    const [x, y] = this.at(box);
    for (const [name, value] of Object.entries({ x, y, width: box.width, height: box.height })) copy.setAttribute(name, String(value));
    return new XMLSerializer().serializeToString(copy);
  }
}

const transparent = (colour: string): boolean => colour === "transparent" || /^rgba\(.*, 0\)$/.test(colour);

const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** A text as it is broken into lines: of every letter that takes room, in which of them it stands. */
function linesOf(node: Text): { words: string; box: DOMRect }[] {
  const range = document.createRange();
  range.selectNodeContents(node);
  const lines = [...range.getClientRects()].map((box) => ({ words: "", box }));
  for (let i = 0; i < node.length; i++) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const letter = range.getBoundingClientRect();
    const [x, y] = [(letter.left + letter.right) / 2, (letter.top + letter.bottom) / 2];
    const line = lines.find(({ box }) => x > box.left && x < box.right && y > box.top && y < box.bottom);
    if (line && letter.width * letter.height > 0) line.words += node.data[i].replace(/\s/, " ");
  }
  return lines.filter(({ words }) => words.trim() !== "");
}
