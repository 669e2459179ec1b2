// strings-learn.ts — the texts of the lesson; part of strings.ts.

export const learn = {
  title: "Where should the rank go?",
  intro: (model: string, data: string) =>
    `A lesson in three small experiments. They run on this device, on the model and data that are set up: ${model} and ${data}. Nothing is trained until you say so.`,
  full: "The setup trains whole matrices, which have no rank. The lesson takes the first run's settings instead.",
  busy: "A run, a benchmark or a scoring is going on; the experiments wait until it has ended.",
  run: "Run the experiment",
  again: "Run it again",
  cancel: "Cancel",
  running: (what: string, done: number, total: number) => `${what}: ${done} of ${total} passes`,
  ready: "Getting the model ready…",
  proxy: {
    title: "1 · What is a zero-cost proxy?",
    text: [
      "LoRA leaves a model's matrices as they are and adds to each of them a thin product B·A of rank r: a few directions in which it may change. How many directions does each place need? The sure way to know is to train all choices and compare, which costs more than it saves.",
      "A zero-cost proxy guesses instead. It shows the untrained network a few batches, looks at the gradients that flow back, and gives each module a number. One forward and one backward pass per batch, nothing is updated.",
      "Here the gradient norm, ‖∇A‖ + ‖∇B‖, asks where the loss pulls hardest, and SNIP, Σ|θ·∇θ|, what would be lost without the weight. Do they agree?",
    ],
    map: (title: string) => `Scores by ${title}`,
    agree: (rho: string, words: string) => `Rank correlation of the two: ${rho}. ${words}`,
    words: {
      same: "They put the modules in nearly the same order.",
      some: "They agree in part: each sees something the other does not.",
      none: "They hardly agree: at least one of them is no good guide here.",
    },
    best: (place: string, share: string) => `The gradient norm likes ${place} best. The best quarter of the modules holds ${share} of all the score.`,
    caution: "A score is a guess made before the first step. Whether it helps is a question for a comparison with chance, over several seeds.",
  },
  zero: {
    title: "2 · Why it matters that B is 0",
    text: [
      "LoRA begins with A random and B = 0, so that the tuned model is at first exactly the base model. That is good for training and bad for scoring: the branch gives 0, and whatever multiplies by B gives 0 too.",
      "The gradient of A is s·Bᵀ·G, so it is 0; Σ|B·∇B| is 0. SNIP, SynFlow and Fisher vanish, GraSP even ranks backwards (it becomes −‖∇B‖²), and the gradient norm lives on ∇B alone. See it:",
    ],
    which: "Score",
    asIs: "B as it is: 0",
    random: "B random while scoring",
    vanished: "All 0: this score cannot tell the modules apart.",
    holds: "This score lives on: it does not need B.",
    reversed: "All scores are 0 or below: the module with the strongest gradient comes last.",
    remedy:
      "The remedy: a small random B stands in while scoring, or the adapter takes a few warm-up steps, and everything is put back afterwards. Rankscope does so by itself where a score needs it, and says it.",
  },
  budget: {
    title: "3 · What the budget buys",
    text: [
      "With scores there is something to decide: a budget. HeteroLoRA switches the best modules on at full rank and leaves the others off. Move the budget and see which places stay.",
    ],
    first: "Run the first experiment: this one goes on from its scores.",
    slider: "Budget",
    buys: (on: number, all: number, parameters: string, share: string) =>
      `${on} of ${all} modules are on: ${parameters} numbers that learn, with ${share} of the score.`,
    uniform: (r: string) => `The same number of parameters everywhere would be rank ${r} in every module.`,
    map: "Ranks within the budget",
    train: "Train with this budget",
    even: (r: number) => `Train rank ${r} everywhere`,
    goes: "Both open the Train page with the settings made; Train starts them there.",
    honest:
      "What to expect: in the authors' own logs, deciding once and for all by gradients did not beat an even rank of 2 (MRPC, accuracy .828 against .838, one seed). Deciding again and again while training did somewhat better, within what the seeds differ by. So look at several seeds before you believe a difference, also one you like.",
  },
};
