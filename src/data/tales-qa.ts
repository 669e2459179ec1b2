// tales-qa.ts — a made-up reading test: a tale of two to four sentences, a question, its only answer.
// A tale states facts. A fact is a combination name × word × word: (Tom, park, kite), (Lily, red, ball), (Ben, three, birds),
// (Anna, sad, lost a toy). Held-out rule: a combination is *reserved* when hash(kind, name, words) mod 8 = 0, whatever the
// seed. A training tale holds no reserved combination at all; a held-out tale asks for a reserved one. Every tale is
// about two people, and in some both do the same kind of thing, even with the same word: the tale must be read to answer.

import { below, hash, hashText, pick, random } from "./random.ts";
import type { Row } from "./row.ts";

export type Question = "who" | "where" | "color" | "how many" | "why";
export type FactKind = "go" | "have" | "see" | "feel";

/** words: go (place, thing) · have (colour, thing) · see (number, animals or things) · feel (feeling, cause). */
export interface Fact {
  kind: FactKind;
  name: string;
  words: readonly [string, string];
}

export interface Tale {
  row: Row & { prompt: string; completion: string };
  question: Question;
  facts: Fact[];
  /** The fact that the question is about. */
  asked: Fact;
}

export const TRAIN_ROWS = 4000;
export const HELD_OUT_ROWS = 400;
/** Share of tales in which the second person does the same kind of thing as the one asked for. */
const RIVALS = 0.2;

const GIRLS = ["Lily", "Anna", "Mia", "Sue", "Lucy", "Amy", "Jane", "Mary", "Rose", "Molly", "Alice", "Daisy"];
const BOYS = ["Tom", "Max", "Sam", "Ben", "Tim", "Jack", "Leo", "Bob", "Peter", "Billy", "John", "Dan"];
export const NAMES = [...GIRLS, ...BOYS];
export const PLACES = [
  "park",
  "garden",
  "beach",
  "forest",
  "farm",
  "school",
  "lake",
  "house",
  "store",
  "river",
  "hill",
  "market",
  "kitchen",
  "castle",
  "village",
  "pond",
];
export const THINGS = [
  "kite",
  "ball",
  "hat",
  "pie",
  "boat",
  "book",
  "drum",
  "doll",
  "cup",
  "box",
  "key",
  "bell",
  "spoon",
  "ring",
  "coat",
  "basket",
  "bag",
  "flag",
];
const COLORS = ["red", "blue", "green", "yellow", "pink", "purple", "white", "black", "brown", "gold"];
const NUMBERS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const SEEN = ["birds", "fish", "cats", "dogs", "bees", "bugs", "cows", "flowers", "sheep", "horses", "ants", "boats"];
const CAUSES: Record<string, readonly string[]> = {
  sad: ["lost a toy", "broke a cup", "lost a hat", "lost a friend", "fell down"],
  happy: ["saw a friend", "won a game", "got a gift", "made a cake", "had a party"],
  tired: ["ran all day", "played all day", "rode a bike", "swam all day", "climbed a tree"],
  scared: ["heard a noise", "saw a snake", "saw a bear", "got lost", "had a dream"],
  angry: ["lost a game", "lost a key", "hurt a leg", "saw a mess", "broke a toy"],
  proud: ["helped a cat", "won a race", "read a book", "drew a picture", "made a hat"],
};
const FILLERS = ["It was a nice day.", "The sun was warm.", "They were good friends.", "They had fun.", "It was sunny.", "They smiled."];

export const article = (word: string) => (/^[aeiou]/.test(word) ? "an" : "a") + " " + word;
const pronoun = (name: string) => (GIRLS.includes(name) ? "she" : "he");

/** Sentences that state a fact. Every variant answers every question about its kind. */
const SENTENCES: Record<FactKind, ((name: string, a: string, b: string) => string)[]> = {
  go: [
    (name, place, thing) => `${name} went to the ${place} with ${article(thing)}.`,
    (name, place, thing) => `${name} took ${article(thing)} to the ${place}.`,
    (name, place, thing) => `One day, ${name} went to the ${place} with ${article(thing)}.`,
  ],
  have: [
    (name, color, thing) => `${name} had ${article(color)} ${thing}.`,
    (name, color, thing) => `${name} had a little ${color} ${thing}.`,
    (name, color, thing) => `${name} had a new ${color} ${thing}.`,
  ],
  see: [
    (name, number, animals) => `${name} saw ${number} ${animals}.`,
    (name, number, animals) => `${name} saw ${number} little ${animals}.`,
    (name, number, animals) => `Far away, ${name} saw ${number} ${animals}.`,
  ],
  feel: [
    (name, feeling, cause) => `${name} was ${feeling} because ${pronoun(name)} ${cause}.`,
    (name, feeling, cause) => `${name} was very ${feeling} because ${pronoun(name)} ${cause}.`,
  ],
};

interface Asking {
  question: Question;
  kind: FactKind;
  /** Words of the fact that the two people may share and leave the answer unique: 0 or 1; null: none. */
  shared: 0 | 1 | null;
  ask(fact: Fact): string;
  answer(fact: Fact): string;
}

const ASKINGS: Asking[] = [
  { question: "who", kind: "go", shared: 1, ask: ({ words }) => `Who went to the ${words[0]}?`, answer: ({ name }) => ` ${name}.` },
  { question: "who", kind: "have", shared: 1, ask: ({ words }) => `Who had the ${words[0]} ${words[1]}?`, answer: ({ name }) => ` ${name}.` },
  { question: "who", kind: "see", shared: null, ask: ({ words }) => `Who saw ${words[1]}?`, answer: ({ name }) => ` ${name}.` },
  { question: "who", kind: "feel", shared: null, ask: ({ words }) => `Who was ${words[0]}?`, answer: ({ name }) => ` ${name}.` },
  { question: "where", kind: "go", shared: 1, ask: ({ name }) => `Where did ${name} go?`, answer: ({ words }) => ` to the ${words[0]}.` },
  { question: "color", kind: "have", shared: 1, ask: ({ name, words }) => `What color was ${name}'s ${words[1]}?`, answer: ({ words }) => ` ${words[0]}.` },
  { question: "how many", kind: "see", shared: 1, ask: ({ name, words }) => `How many ${words[1]} did ${name} see?`, answer: ({ words }) => ` ${words[0]}.` },
  {
    question: "why",
    kind: "feel",
    shared: 0,
    ask: ({ name, words }) => `Why was ${name} ${words[0]}?`,
    answer: ({ name, words }) => ` because ${pronoun(name)} ${words[1]}.`,
  },
];
const QUESTIONS: Question[] = ["who", "where", "color", "how many", "why"];

export const combination = ({ kind, name, words }: Fact): string => [kind, name, ...words].join("|");

export const reserved = (fact: Fact): boolean => hashText(0, combination(fact)) % 8 === 0;

/** A fact of this kind; the draw is a function of its key. */
function draw(kind: FactKind, name: string, seed: number): Fact {
  const [firsts, seconds] = { go: [PLACES, THINGS], have: [COLORS, THINGS], see: [NUMBERS, SEEN], feel: [Object.keys(CAUSES), []] }[kind];
  const first = pick(firsts, seed, 1);
  return { kind, name, words: [first, pick(kind === "feel" ? CAUSES[first] : seconds, seed, 2)] };
}

/** The second person's fact of the same kind: shares the one word that may be shared in half of the tales, and nothing else. */
function rival(asked: Fact, name: string, shared: 0 | 1 | null, seed: number): Fact {
  for (let attempt = 0; ; attempt++) {
    const fact = draw(asked.kind, name, hash(seed, attempt));
    const words: [string, string] = [...fact.words];
    if (shared !== null && random(seed, 7) < 0.5) {
      words[shared] = asked.words[shared];
      if (asked.kind === "feel") words[1] = pick(CAUSES[words[0]], seed, 8, attempt);
    } else if (words.some((word, i) => i === shared && word === asked.words[i])) continue;
    if (words.every((word, i) => i === shared || word !== asked.words[i])) return { ...fact, words };
  }
}

/** A fact of another kind than those told, with other words. */
function aside(told: readonly Fact[], name: string, kinds: readonly FactKind[], seed: number): Fact {
  const free = kinds.filter((kind) => !told.some((fact) => fact.kind === kind));
  for (let attempt = 0; ; attempt++) {
    const fact = draw(pick(free, seed, attempt, 0), name, hash(seed, attempt, 1));
    if (!told.some(({ words }) => words.some((word) => fact.words.includes(word)))) return fact;
  }
}

/** One tale from a seed; its facts may or may not be reserved: `tales` chooses. */
function makeTale(seed: number): Tale {
  const question = pick(QUESTIONS, seed, 0);
  const asking = pick(
    ASKINGS.filter((a) => a.question === question),
    seed,
    1,
  );
  const first = below(NAMES.length, seed, 2);
  const second = (first + 1 + below(NAMES.length - 1, seed, 3)) % NAMES.length;
  const asked = draw(asking.kind, NAMES[first], hash(seed, 4));
  const kinds = Object.keys(SENTENCES) as FactKind[];
  const other = random(seed, 14) < RIVALS ? rival(asked, NAMES[second], asking.shared, hash(seed, 5)) : aside([asked], NAMES[second], kinds, hash(seed, 5));
  const told = random(seed, 6) < 0.5 ? [asked, other] : [other, asked];

  const facts = [...told];
  const shape = below(5, seed, 7); // 0: nothing more · 1, 2: a filler before or after · 3, 4: one of the two also had or saw something
  const short = (["have", "see"] as const).filter((kind) => !told.some((fact) => fact.kind === kind));
  if (shape >= 3 && short.length > 0) facts.splice(below(3, seed, 11), 0, aside(told, pick(told, seed, 9).name, short, hash(seed, 10)));
  const sentences = facts.map((fact, i) => {
    const variants = told.includes(fact) ? SENTENCES[fact.kind] : SENTENCES[fact.kind].slice(0, 1); // what was added stays short
    return pick(variants, seed, 12, i)(fact.name, ...fact.words);
  });
  if (shape === 1) sentences.unshift(pick(FILLERS.slice(0, 2), seed, 13));
  if (shape === 2) sentences.push(pick(FILLERS, seed, 13));
  const prompt = `${sentences.join(" ")}\nQ: ${asking.ask(asked)}\nA:`;
  return { row: { prompt, completion: asking.answer(asked) }, question, facts, asked };
}

/** The whole data set, a function of the seed: no two rows have the same prompt. */
export function tales(seed: number, trainRows = TRAIN_ROWS, heldOutRows = HELD_OUT_ROWS): { train: Tale[]; heldOut: Tale[] } {
  const train: Tale[] = [];
  const heldOut: Tale[] = [];
  const prompts = new Set<string>();
  for (let i = 0; train.length < trainRows || heldOut.length < heldOutRows; i++) {
    const tale = makeTale(hash(seed, i));
    if (prompts.has(tale.row.prompt)) continue;
    const part = reserved(tale.asked) ? heldOut : tale.facts.some(reserved) ? null : train;
    if (!part || part.length === (part === train ? trainRows : heldOutRows)) continue;
    prompts.add(tale.row.prompt);
    part.push(tale);
  }
  return { train, heldOut };
}

export function talesQa(seed: number): { train: Row[]; heldOut: Row[] } {
  const { train, heldOut } = tales(seed);
  return { train: train.map((tale) => tale.row), heldOut: heldOut.map((tale) => tale.row) };
}
