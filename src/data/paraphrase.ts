// paraphrase.ts — two made-up sentences: do they say the same? Eight kinds of pairs: a synonym, a negated opposite, active and passive, two verbs
// for one deed, giving and getting, comparisons, before and after, which thing has which quality (opposites count as each other's negation).
// Every pair has a twin with the other label: the twin's second sentence has the same words with roles swapped, or another word in the same
// place. So counting common words tells nothing, and neither does the order of the names: the sentences must be read.
// Held-out rule: a combination (deed or quality with those concerned, in any order) is *reserved* when hash(combination) mod 8 = 0, whatever
// the seed. Training rows hold no reserved combination, held-out rows only such. Both labels and all kinds are equally frequent.

import { below, hash, hashText, pick, random } from "./random.ts";
import type { LabelledRow } from "./row.ts";
import { article, NAMES, PLACES, THINGS } from "./tales-qa.ts";

export interface Pair {
  row: LabelledRow & { text2: string; label: "same" | "different" };
  kind: string;
  /** What is said of whom, whatever the roles and the wording. */
  combination: string;
  /** Said in the second sentence instead, where that is about something else. */
  instead?: string;
}

export const TRAIN_ROWS = 4000;
export const HELD_OUT_ROWS = 400;

/** A sentence, with both ways to go on: twins. */
interface Twins {
  first: string;
  same: string;
  different: string;
  combination: string;
  /** Said in `different`, where that is not about the same combination. */
  instead?: string;
}

/** Two words each for a quality and its opposite. */
const QUALITIES: Record<string, readonly [readonly [string, string], readonly [string, string]]> = {
  mood: [
    ["happy", "glad"],
    ["sad", "unhappy"],
  ],
  noise: [
    ["loud", "noisy"],
    ["quiet", "silent"],
  ],
  courage: [
    ["brave", "bold"],
    ["scared", "afraid"],
  ],
  mind: [
    ["smart", "clever"],
    ["silly", "foolish"],
  ],
  manners: [
    ["nice", "kind"],
    ["mean", "rude"],
  ],
  order: [
    ["clean", "neat"],
    ["dirty", "messy"],
  ],
};

const SYNONYMS: Record<"adjective" | "noun", readonly (readonly [string, string])[]> = {
  adjective: [
    ["big", "large"],
    ["small", "little"],
    ["fast", "quick"],
    ["pretty", "lovely"],
    ["smart", "clever"],
    ["angry", "mad"],
    ["brave", "bold"],
    ["sad", "unhappy"],
  ],
  noun: [
    ["rabbit", "bunny"],
    ["kid", "child"],
    ["cat", "kitty"],
    ["bug", "insect"],
    ["pig", "hog"],
    ["hen", "chicken"],
    ["monster", "beast"],
    ["king", "ruler"],
  ],
};

/** Past, participle. */
const DEEDS: readonly (readonly [string, string])[] = [
  ["chased", "chased"],
  ["hugged", "hugged"],
  ["pushed", "pushed"],
  ["helped", "helped"],
  ["saw", "seen"],
  ["followed", "followed"],
  ["kissed", "kissed"],
  ["found", "found"],
  ["caught", "caught"],
  ["scared", "scared"],
  ["pulled", "pulled"],
  ["hit", "hit"],
];

const DEED_SYNONYMS: readonly (readonly [string, string])[] = [
  ["chased", "ran after"],
  ["scared", "frightened"],
  ["yelled at", "shouted at"],
  ["talked to", "spoke to"],
  ["pushed", "shoved"],
  ["visited", "went to see"],
  ["looked at", "watched"],
  ["thanked", "said thanks to"],
  ["hit", "struck"],
  ["teased", "made fun of"],
  ["found", "discovered"],
  ["caught", "captured"],
];

/** To give and to get. */
const TRANSFERS: readonly (readonly [string, string])[] = [
  ["gave", "got"],
  ["sold", "bought"],
  ["lent", "borrowed"],
  ["handed", "received"],
  ["threw", "caught"],
];

/** More, less, and the words for them. */
const MEASURES: readonly (readonly [string, string, string, string])[] = [
  ["taller", "shorter", "tall", "short"],
  ["older", "younger", "old", "young"],
  ["faster", "slower", "fast", "slow"],
  ["bigger", "smaller", "big", "small"],
  ["stronger", "weaker", "strong", "weak"],
  ["richer", "poorer", "rich", "poor"],
];

const EVENTS = ["ran", "sang", "slept", "ate", "jumped", "danced", "cried", "laughed", "swam", "left", "fell", "played"];
const ANIMALS = ["the dog", "the cat", "the bear", "the fox", "the bird", "the duck", "the horse", "the frog"];
const LOOKS = ["red", "blue", "green", "yellow", "new", "old", "big", "small", "wet", "pink"];

const key = (concept: string, ...concerned: string[]) => [concept, ...concerned.sort()].join("|");
const sentence = (text: string) => text[0].toUpperCase() + text.slice(1) + ".";

/** Two different items. */
function two<T>(items: readonly T[], seed: number): [T, T] {
  const first = below(items.length, seed, 1);
  return [items[first], items[(first + 1 + below(items.length - 1, seed, 2)) % items.length]];
}

/** One statement about a and b in two wordings; the twin swaps a and b in the second. */
type Wording = (a: string, b: string) => string;
const swapping = (first: Wording, second: Wording, [a, b]: readonly [string, string], combination: string): Twins => ({
  first: sentence(first(a, b)),
  same: sentence(second(a, b)),
  different: sentence(second(b, a)),
  combination,
});

const coin = (seed: number, ...keys: number[]) => random(seed, ...keys) < 0.5;

const kinds: Record<string, (seed: number) => Twins> = {
  synonym(seed) {
    const name = pick(NAMES, seed, 1);
    const words = { adjective: two(SYNONYMS.adjective, hash(seed, 2)), noun: two(SYNONYMS.noun, hash(seed, 3)) };
    const [changed, kept] = coin(seed, 4) ? (["adjective", "noun"] as const) : (["noun", "adjective"] as const);
    const side = below(2, seed, 5);
    const [told, other] = words[changed];
    const still = words[kept][0];
    const beside = pick(still, seed, 6);
    const say = (word: string) => sentence(`${name} saw ${article(changed === "noun" ? `${beside} ${word}` : `${word} ${beside}`)}`);
    return {
      first: say(told[side]),
      same: say(told[1 - side]),
      different: say(pick(other, seed, 7)),
      combination: key(told[0], name, still[0]),
      instead: key(other[0], name, still[0]),
    };
  },

  negation(seed) {
    const name = pick(NAMES, seed, 1);
    const quality = pick(Object.keys(QUALITIES), seed, 2);
    const place = pick(PLACES, seed, 3);
    const [side, word, not, not2] = [4, 5, 6, 7].map((k) => below(2, seed, k));
    const say = (negated: number, adjective: string) => sentence(`${name} was ${negated ? "not " : ""}${adjective} near the ${place}`);
    const synonym = QUALITIES[quality][side][1 - word];
    const opposite = pick(QUALITIES[quality][1 - side], seed, 8);
    const [same, different] = not === not2 ? [synonym, opposite] : [opposite, synonym];
    return { first: say(not, QUALITIES[quality][side][word]), same: say(not2, same), different: say(not2, different), combination: key(quality, name) };
  },

  voice(seed) {
    const [past, participle] = pick(DEEDS, seed, 1);
    const who = two([...NAMES, ...ANIMALS], hash(seed, 2));
    const active: Wording = (a, b) => `${a} ${past} ${b}`;
    const passive: Wording = (a, b) => `${b} was ${participle} by ${a}`;
    const [first, second] = coin(seed, 3) ? [active, passive] : [passive, active];
    return swapping(first, second, who, key(past, ...who));
  },

  verb(seed) {
    const deed = pick(DEED_SYNONYMS, seed, 1);
    const who = two([...NAMES, ...ANIMALS], hash(seed, 2));
    const place = pick(PLACES, seed, 3);
    const side = below(2, seed, 4);
    const say =
      (verb: string, front: boolean): Wording =>
      (a, b) =>
        front ? `near the ${place}, ${a} ${verb} ${b}` : `${a} ${verb} ${b} near the ${place}`;
    const [front, front2] = [coin(seed, 5), coin(seed, 6)];
    const twins = swapping(say(deed[side], front), say(deed[1 - side], front2), who, key(deed[0], ...who));
    if (coin(seed, 7)) return twins;
    // the twin keeps the roles and tells another deed, with as many words in common
    const common = (verb: string) => verb.split(" ").filter((word) => deed[side].split(" ").includes(word)).length;
    const others = DEED_SYNONYMS.filter((other) => other !== deed).flatMap((other) => other.map((verb) => ({ verb, name: other[0] })));
    const other = pick(
      others.filter(({ verb }) => common(verb) === common(deed[1 - side])),
      seed,
      8,
    );
    return { ...twins, different: sentence(say(other.verb, front2)(...who)), instead: key(other.name, ...who) };
  },

  transfer(seed) {
    const [give, get] = pick(TRANSFERS, seed, 1);
    const who = two(NAMES, hash(seed, 2));
    const thing = article(pick(THINGS, seed, 3));
    const to: Wording = (a, b) => `${a} ${give} ${thing} to ${b}`;
    const dative: Wording = (a, b) => `${a} ${give} ${b} ${thing}`;
    const from: Wording = (a, b) => `${b} ${get} ${thing} from ${a}`;
    const giving = coin(seed, 4) ? [to, dative] : [dative, to];
    const [first, second] = coin(seed, 5) ? giving : coin(seed, 6) ? [giving[0], from] : [from, giving[0]];
    return swapping(first, second, who, key(give, ...who));
  },

  comparison(seed) {
    const [more, less, much, little] = pick(MEASURES, seed, 1);
    const who = two(NAMES, hash(seed, 2));
    const up: Wording = (a, b) => `${a} was ${more} than ${b}`;
    const down: Wording = (a, b) => `${b} was ${less} than ${a}`;
    const notUp: Wording = (a, b) => `${b} was not as ${much} as ${a}`;
    const notDown: Wording = (a, b) => `${a} was not as ${little} as ${b}`;
    const kept = coin(seed, 3) ? [up, notDown] : [down, notUp];
    const turned = coin(seed, 3) ? [up, pick([down, notUp], seed, 4)] : [down, pick([up, notDown], seed, 4)];
    return swapping(...((coin(seed, 5) ? kept : turned) as [Wording, Wording]), who, key(much, ...who));
  },

  time(seed) {
    const names = two(NAMES, hash(seed, 1));
    const events = two(EVENTS, hash(seed, 2));
    const who = [`${names[0]} ${events[0]}`, `${names[1]} ${events[1]}`] as const;
    const wordings: readonly [Wording[], Wording[]] = [
      [(a, b) => `${a} before ${b}`, (a, b) => `after ${a}, ${b}`],
      [(a, b) => `${b} after ${a}`, (a, b) => `before ${b}, ${a}`],
    ];
    const [side, form] = [below(2, seed, 3), below(2, seed, 4)];
    const first = wordings[side][form];
    const second = coin(seed, 5) ? wordings[side][1 - form] : pick(wordings[1 - side], seed, 6);
    return swapping(first, second, who, key("time", ...names));
  },

  quality(seed) {
    const name = pick(NAMES, seed, 1);
    const things = two(THINGS, hash(seed, 2));
    const looks = two(LOOKS, hash(seed, 3));
    const had = ([x, y]: readonly string[], [p, q]: readonly string[]) => sentence(`${name} had ${article(p)} ${x} and ${article(q)} ${y}`);
    const was = ([x, y]: readonly string[], [p, q]: readonly string[]) => sentence(`${name} had ${article(x)} that was ${p} and ${article(y)} that was ${q}`);
    const [first, second] = coin(seed, 4) ? [had, was] : [was, had];
    const turn = <T>(pair: readonly [T, T], turned: boolean): readonly [T, T] => (turned ? [pair[1], pair[0]] : pair);
    const turned = coin(seed, 5);
    return {
      first: first(things, looks),
      same: second(turn(things, turned), turn(looks, turned)),
      different: second(turn(things, turned), turn(looks, !turned)),
      combination: key("quality", ...things, ...looks),
    };
  },
};

export const KINDS = Object.keys(kinds);

export const reserved = (combination: string): boolean => hashText(0, combination) % 8 === 0;

/** The whole data set, a function of the seed: no pair of sentences comes twice, in whatever order. */
export function pairs(seed: number, trainRows = TRAIN_ROWS, heldOutRows = HELD_OUT_ROWS): { train: Pair[]; heldOut: Pair[] } {
  const train: Pair[] = [];
  const heldOut: Pair[] = [];
  const known = new Set<string>();
  const counts = new Map<string, number>();
  for (let i = 0; train.length < trainRows || heldOut.length < heldOutRows; i++) {
    const kind = KINDS[i % KINDS.length];
    const { first, same, different, combination, instead } = kinds[kind](hash(seed, i));
    const label = random(seed, i, 1) < 0.5 ? "same" : "different";
    const text2 = label === "same" ? same : different;
    const told = { combination, ...(label === "different" && instead !== undefined ? { instead } : {}) };
    const [part, rows] = reserved(combination) ? [heldOut, heldOutRows] : [train, trainRows];
    if (part === train && told.instead !== undefined && reserved(told.instead)) continue;
    const share = `${part === train} ${kind} ${label}`;
    const pair = [first, text2].sort().join("\n");
    if (known.has(pair) || part.length >= rows || (counts.get(share) ?? 0) >= Math.ceil(rows / KINDS.length / 2)) continue;
    known.add(pair);
    counts.set(share, (counts.get(share) ?? 0) + 1);
    part.push({ row: { text: first, text2, label }, kind, ...told });
  }
  return { train, heldOut };
}

export function paraphrase(seed: number): { train: LabelledRow[]; heldOut: LabelledRow[] } {
  const { train, heldOut } = pairs(seed);
  return { train: train.map(({ row }) => row), heldOut: heldOut.map(({ row }) => row) };
}
