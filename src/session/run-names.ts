// run-names.ts — names for runs that are easy to say and to tell apart: "calm otter".

const MOODS = "amber brave brisk calm clever cosy curious dapper eager early fond gentle golden happy humble jolly keen kind light lively lucky mellow merry mild neat nimble patient plucky proud quick quiet rosy silver sly snug spry steady sunny swift tidy warm wise witty zesty".split(" "); // prettier-ignore
const ANIMALS = "badger beaver bison camel cat crane deer dolphin dove duck eagle falcon ferret finch fox gecko goose hare hawk hedgehog heron horse ibex jay kiwi koala lark lemur lion llama lynx magpie marten mole moose mouse newt otter owl panda puffin rabbit raven robin seal sparrow squirrel stork swan tiger toad trout turtle vole walrus whale wolf wombat wren yak zebra".split(" "); // prettier-ignore

/** Not one of `taken`. random: numbers in [0, 1). */
export function runName(taken: ReadonlySet<string>, random: () => number = Math.random): string {
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)];
  for (let i = 0; i < 20; i++) {
    const name = `${pick(MOODS)} ${pick(ANIMALS)}`;
    if (!taken.has(name)) return name;
  }
  const name = `${pick(MOODS)} ${pick(ANIMALS)}`;
  return `${name} ${Array.from(taken).filter((n) => n.startsWith(name)).length + 1}`;
}

/** "calm otter" → "calm otter, copy"; "calm otter, copy 2" … */
export function copyName(name: string, taken: ReadonlySet<string>): string {
  const base = name.replace(/, copy( \d+)?$/, "");
  for (let i = 1; ; i++) {
    const next = i === 1 ? `${base}, copy` : `${base}, copy ${i}`;
    if (!taken.has(next)) return next;
  }
}
