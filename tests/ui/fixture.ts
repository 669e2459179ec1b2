// fixture.ts — a synthetic run: a catalogue, a preflight and an event log with the shape of a real one, and a Session
// that replays the log. For tests of the page alone; the real session has its own tests.
import type {
  Allocated,
  Answer,
  BenchmarkRow,
  Catalogue,
  ColumnRole,
  DataPreview,
  DeviceInfo,
  ExportedFile,
  FormatEntry,
  MemoryEstimate,
  Preflight,
  Problem,
  RunConfig,
  Scores,
  ScoringCost,
  Session,
  SiteInfo,
  Suggestion,
  TrainEvent,
} from "../../src/protocol.ts";
import { readSettings } from "../../src/session/settings.ts";
import { firstAllocation } from "../../src/train/config.ts";
import { MemoryRuns } from "./kept-runs.ts";

export const first: RunConfig = {
  model: { source: "bundled:tales-3m", task: "causal-lm", dtype: "f32" },
  data: {
    source: "bundled:tales-qa",
    format: "auto",
    columns: null,
    template: "auto",
    system: null,
    max_length: 64,
    eval_source: null,
    eval_share: 0.1,
    split_seed: 0,
    limit: null,
  },
  method: "lora",
  r: 8,
  lora_alpha: 16,
  lora_dropout: 0,
  target_modules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
  rank_pattern: {},
  alpha_pattern: {},
  allocation: null,
  train: {
    steps: 120,
    batch_size: 5,
    gradient_accumulation_steps: 1,
    gradient_checkpointing: false,
    learning_rate: 0.003,
    lr_scheduler_type: "cosine",
    warmup_steps: 10,
    optimizer: "adamw",
    weight_decay: 0,
    max_grad_norm: 1,
    seed: 0,
    eval_every: 20,
    eval_rows: 64,
    samples_every: 20,
    checkpoint_seconds: 30,
    group_by_length: false,
  },
  backend: "auto",
};

const field = (title: string, help: string, more: Partial<Catalogue["fields"][string]> = {}) => ({ title, help, ...more });

export const catalogue: Catalogue = {
  models: [{ name: "bundled:tales-3m", title: "tales-3m", help: "A small story model of 3.1 million parameters that knows no questions." }],
  data: [
    { name: "bundled:tales-qa", title: "tales-qa", help: "Short tales with a question each: who, where, what colour, how many, why.", task: "causal-lm" },
    { name: "bundled:paraphrase", title: "Same meaning?", help: "Pairs of sentences that say the same or not.", task: "classification" },
  ],
  formats: [
    { name: "prompt-completion", title: "Prompt and completion", help: "", roles: ["prompt", "completion"] },
    { name: "alpaca", title: "Instruction and output", help: "", roles: ["instruction", "input", "output"] },
    { name: "classification", title: "Text and label", help: "", roles: ["text", "text2", "label"] },
    { name: "text", title: "Text", help: "", roles: ["text"] },
  ].map((entry) => ({
    ...(entry as Pick<FormatEntry, "name" | "title" | "help">),
    roles: entry.roles.map((role) => ({ role: role as ColumnRole, title: role, optional: role === "input" || role === "text2" })),
  })),
  templates: [
    { name: "plain", title: "plain", help: "User: … and Assistant: …" },
    { name: "chatml", title: "chatml", help: "<|im_start|>role … <|im_end|>" },
  ],
  methods: [
    { name: "lora", title: "LoRA", help: "Adds a product of two thin matrices to each chosen weight.", paper: "2106.09685" },
    { name: "full", title: "Full fine-tuning", help: "Trains the chosen weights themselves." },
  ],
  optimizers: [{ name: "adamw", title: "AdamW", help: "Adam with decoupled weight decay.", paper: "1711.05101" }],
  schedulers: [
    { name: "cosine", title: "cosine", help: "Falls along half a cosine to zero." },
    { name: "linear", title: "linear", help: "Falls in a straight line to zero." },
    { name: "constant", title: "constant", help: "Stays the same after the warm-up." },
  ],
  proxies: [
    { name: "grad-norm", title: "Gradient norm", help: "‖∇A‖ + ‖∇B‖: where the loss pulls hardest.", paper: "2406.14956" },
    { name: "constant", title: "Random", help: "The same score for all.", paper: "2406.14956" },
  ],
  figures: [{ name: "jacob-cov", title: "Jacobian covariance", help: "One number for the whole network." }],
  allocators: [
    { name: "top-k", title: "Top K", help: "On or off at a fixed rank.", paper: "2406.14956" },
    { name: "proportional", title: "Proportional", help: "Ranks in proportion to the scores." },
    { name: "manual", title: "By hand", help: "The ranks you set.", by: "hand" },
  ],
  schedules: [
    { name: "static", title: "Once", help: "Decided once, before training." },
    { name: "dynamic", title: "While training", help: "Decided again and again." },
  ],
  allocation: firstAllocation,
  fields: {
    "model.source": field("Model", "The base model, whose weights stay frozen."),
    "data.source": field("Data", "What it learns from: prompts and completions, or plain text."),
    method: field("Method", "How the model is changed."),
    r: field("Rank r", "Directions each matrix may change in.", { min: 1, max: 256, step: 1, integer: true, paper: "2106.09685" }),
    lora_alpha: field("Alpha α", "The change counts α / r.", { min: 0.01, max: 1024 }),
    lora_dropout: field("Dropout", "Share of inputs left out in training.", { min: 0, max: 0.9 }),
    target_modules: field("Where", "The matrices that get an adapter."),
    "allocation.proxy": field("Score", "What a module's worth is read from."),
    "allocation.allocator": field("Allocation", "How scores become ranks."),
    "allocation.budget": field("Budget", "What may be spent."),
    "allocation.when": field("Decided", "Once before training, or again and again."),
    "allocation.realloc_N": field("Every", "Share of an epoch between two re-allocations.", { min: 1e-4, max: 1, unit: "epochs" }),
    "allocation.batches": field("Calibration batches", "Scores are sums over them.", { min: 1, max: 4096, integer: true }),
    "train.steps": field("Steps", "Updates of the adapter.", { min: 1, max: 100000, step: 10, integer: true }),
    "train.batch_size": field("Rows per step", "More is steadier and slower.", { min: 1, max: 256, step: 1, integer: true }),
    "train.learning_rate": field("Learning rate", "How far each step goes. Too high breaks the model, too low takes for ever.", { min: 0, max: 1 }),
    "train.lr_scheduler_type": field("Schedule", "How the learning rate changes over the run."),
    "train.optimizer": field("Optimizer", "How a gradient becomes a step."),
    "train.gradient_accumulation_steps": field("Accumulation", "Batches per step.", { min: 1, max: 64, integer: true }),
    "train.gradient_checkpointing": field("Checkpointing", "Less memory, more work."),
    "train.warmup_steps": field("Warm-up", "Steps until the full rate.", { min: 0, integer: true, unit: "steps" }),
    "train.weight_decay": field("Weight decay", "Pull towards zero.", { min: 0, max: 1 }),
    "train.max_grad_norm": field("Clip", "Longest gradient; 0: none.", { min: 0 }),
    "train.seed": field("Seed", "The same seed, the same run.", { min: 0, integer: true }),
    "data.max_length": field("Longest row", "Longer rows are cut.", { min: 8, max: 256, integer: true, unit: "tokens" }),
    "data.eval_share": field("Held out", "Share kept for evaluation.", { min: 0, max: 0.9 }),
    "data.limit": field("Row limit", "Empty: all rows.", { min: 1, integer: true }),
    "train.eval_every": field("Evaluate every", "0: start and end only.", { min: 0, integer: true, unit: "steps" }),
    "train.eval_rows": field("Rows evaluated", "More is slower, surer.", { min: 1, integer: true }),
    "train.samples_every": field("Answers every", "Steps between answers.", { min: 0, integer: true, unit: "steps" }),
    "train.checkpoint_seconds": field("Checkpoint every", "Kept for a lost tab.", { min: 1, unit: "s" }),
  },
  first,
  presets: [
    { name: "first-run", title: "The first run", help: "Rank 8 everywhere.", config: first },
    { name: "low-rank", title: "A low rank everywhere", help: "Rank 2.", config: { ...first, r: 2, lora_alpha: 4 } },
  ],
};

export const device: DeviceInfo = {
  webgpu: true,
  adapter: "apple · metal-3 · M2",
  software: false,
  limits: { maxStorageBufferBindingSize: 134217728, maxBufferSize: 268435456, maxStorageBuffersPerShaderStage: 10 },
  features: ["subgroups", "timestamp-query"],
};

const shapes: readonly [module: string, block: string, outputs: number, inputs: number][] = [
  ["q_proj", "self_attn", 192, 192],
  ["k_proj", "self_attn", 64, 192],
  ["v_proj", "self_attn", 64, 192],
  ["o_proj", "self_attn", 192, 192],
  ["gate_proj", "mlp", 512, 192],
  ["up_proj", "mlp", 512, 192],
  ["down_proj", "mlp", 192, 512],
];

/** Sites of a Llama of `layers` layers under `config`; targets and patterns by suffix. */
export function sitesOf(config: RunConfig, layers = 6): SiteInfo[] {
  const suffix = (key: string, name: string) => name === key || name.endsWith(`.${key}`);
  return Array.from({ length: layers }, (_, layer) => layer).flatMap((layer) =>
    shapes.map(([module, block, out, inputs]): SiteInfo => {
      const name = `model.layers.${layer}.${block}.${module}`;
      const key = Object.keys(config.rank_pattern).find((k) => suffix(k, name));
      const r = config.target_modules.some((k) => suffix(k, name)) ? (key === undefined ? config.r : config.rank_pattern[key]) : 0;
      return { name, layer, module, in: inputs, out, r, alpha: (config.lora_alpha / config.r) * r, parameters: r * (inputs + out) };
    }),
  );
}

function memoryOf(trainable: number): MemoryEstimate {
  const parts = {
    weights: 12_592_896,
    trainables: 4 * trainable,
    gradients: 4 * trainable,
    moments: 8 * trainable,
    activations: 9_800_000,
    staging: 1_050_000,
  };
  return { ...parts, total: Object.values(parts).reduce((a, b) => a + b, 0) };
}

/** More rows at once do not fit this device. */
const mostRows = 8;

export function preflightOf(config: RunConfig, layers = 6): Preflight {
  const sites = sitesOf(config, layers);
  const trainable = sites.reduce((n, site) => n + site.parameters, 0);
  const problems: Problem[] =
    trainable === 0 ? [{ where: "target_modules", what: "no matrix has an adapter.", hint: "Choose at least one.", level: "error" }] : [];
  const { batch_size, gradient_accumulation_steps: passes } = config.train;
  const fits = batch_size <= mostRows;
  if (!fits) problems.push({ where: "memory", what: "the run needs more than there is", hint: "Take a smaller batch.", level: "error" });
  const smaller = {
    ...config.train,
    gradient_checkpointing: true,
    batch_size: mostRows,
    gradient_accumulation_steps: Math.ceil((batch_size * passes) / mostRows),
  };
  const suggestion: Suggestion = {
    config: { ...config, train: smaller },
    changes: [
      { field: "train.gradient_checkpointing", to: "true" },
      { field: "train.batch_size", to: String(smaller.batch_size) },
      { field: "train.gradient_accumulation_steps", to: String(smaller.gradient_accumulation_steps) },
    ],
  };
  return {
    device,
    backend: { name: "webgpu", why: device.adapter },
    memory: memoryOf(trainable),
    fits,
    ...(fits ? {} : { suggestion }),
    trainable,
    total: 3_148_224,
    sites,
    flopsPerStep: 4.2e9,
    seconds: 14,
    problems,
    ...(config.allocation ? { scoring: { passes: config.allocation.batches, flops: 1.1e9 * config.allocation.batches, bytes: 9_800_000, seconds: 3 } } : {}),
  };
}

const tales: readonly [tale: string, answer: string][] = [
  ["Mia has a green hat. She wears it in the garden.\nQuestion: What colour is the hat?\nAnswer:", " green"],
  ["Ben and his dog walk to the mill. Four ducks swim by.\nQuestion: How many ducks are there?\nAnswer:", " four"],
  ["Old Sam hid the key under a stone because he was afraid of the crow.\nQuestion: Why did Sam hide the key?\nAnswer:", " he was afraid of the crow"],
];

const words = (text: string): string[] => text.match(/\s?[^\s]+|\n/g) ?? [];

export const preview: DataPreview = {
  rows: tales.map(([prompt, answer]) => [
    ...words(prompt).map((text, id) => ({ text, id: id + 10, trained: false })),
    ...words(answer).map((text, id) => ({ text, id: id + 90, trained: true })),
    { text: "<|endoftext|>", id: 0, trained: true },
  ]),
  first: 0,
  trainRows: 3600,
  evalRows: 400,
  trainedShare: 0.11,
  lengths: [
    [24, 120],
    [28, 480],
    [32, 1010],
    [36, 1200],
    [40, 800],
    [44, 300],
    [48, 90],
  ],
  wrong: [{ line: 17, reason: 'has no "completion"' }],
  wrongTotal: 1,
  truncated: 0,
  truncation: "Answers are kept whole.",
  duplicates: 0,
  leaked: 0,
};

/** mulberry32: a small seeded generator, 0..1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Plausible scores: the late value and down projections are worth most, and more and more so. */
const scoresAt = (sites: readonly SiteInfo[], progress: number): number[] =>
  sites.map(({ r, layer, module }, i) => {
    const favoured = module === "v_proj" || module === "down_proj" ? 1 + 2 * progress : 1;
    return r === 0 ? 0 : favoured * (1 + 0.3 * layer) * (0.85 + 0.03 * ((i * 7 + Math.round(30 * progress)) % 11));
  });

/** The ranks that were asked for, as long as the budget lasts, as "manual" does. */
function manual({ allocation: config }: RunConfig, sites: readonly SiteInfo[]): Allocated {
  const of = (ranks: readonly number[]): number => ranks.reduce((sum, r, i) => sum + r * (sites[i].in + sites[i].out), 0);
  const all = of(sites.map(({ r }) => r));
  const budget = "parameters" in config!.budget ? config!.budget.parameters : "share" in config!.budget ? Math.floor(config!.budget.share * all) : all;
  const ranks = sites.map(() => 0);
  for (const [i, { name, r }] of sites.entries()) {
    ranks[i] = r > 0 ? (config!.ranks[name] ?? r) : 0;
    if (of(ranks) > budget) ranks[i] = 0;
  }
  return { ranks, budget, spent: of(ranks), unit: "parameters", notes: [] };
}

/** The best modules whose cost the budget covers, as "top-k" does. */
function topK({ allocation: config }: RunConfig, sites: readonly SiteInfo[], scores: readonly number[]): Allocated {
  const budget = config!.budget;
  const adapted = sites.map((_, i) => i).filter((i) => sites[i].r > 0);
  const unit = "parameters" in budget ? "parameters" : "modules";
  const limit = "share" in budget ? Math.floor(budget.share * adapted.length) : "modules" in budget ? budget.modules : budget.parameters;
  const ranks = sites.map(() => 0);
  let spent = 0;
  for (const i of adapted.filter((one) => !config!.excluded.includes(sites[one].name)).sort((a, b) => scores[b] - scores[a])) {
    const cost = unit === "modules" ? 1 : sites[i].parameters;
    if (spent + cost > limit) break;
    ranks[i] = sites[i].r;
    spent += cost;
  }
  return { ranks, budget: limit, spent, unit, notes: [] };
}

function allocationEvent(config: RunConfig, sites: readonly SiteInfo[], step: number): TrainEvent {
  const scores = scoresAt(sites, step / config.train.steps);
  const { notes: _, ...allocated } = topK(config, sites, scores);
  return { type: "allocation", step, proxy: config.allocation!.proxy, scores, ...allocated, milliseconds: 40 };
}

/** Steps of the fixture between two re-allocations. */
const reallocEvery = 12;

/** The first run with a dynamic allocation. */
export const dynamicRun: RunConfig = { ...first, allocation: { ...firstAllocation, when: "dynamic" } };

/** The whole log of a run under `config`, with every kind of event but "note". */
export function eventLog(config: RunConfig, layers = 6): TrainEvent[] {
  const { trainable, total, memory, sites } = preflightOf(config, layers);
  const next = random(config.train.seed + 1);
  const events: TrainEvent[] = [{ type: "state", state: "loading", step: 0 }];
  for (const done of [2_000_000, 6_296_448]) events.push({ type: "progress", phase: "weights", done, total: 6_296_448, unit: "bytes" });
  events.push({ type: "progress", phase: "data", done: 4000, total: 4000, unit: "rows" });
  for (const done of [9, 31]) events.push({ type: "progress", phase: "pipelines", done, total: 31, unit: "pipelines" });
  events.push({ type: "plan", backend: "webgpu", adapterName: device.adapter, dispatches: 412, pipelines: 31, trainable, total, memory: memory!, sites });
  if (config.allocation) {
    events.push({ type: "progress", phase: "scoring", done: 32, total: 32, unit: "passes" }, allocationEvent(config, sites, 0));
    if (config.allocation.when === "static") {
      const { ranks } = topK(config, sites, scoresAt(sites, 0));
      events.push({ type: "ranks", step: 0, sites: sites.map((site, i) => ({ ...site, r: ranks[i], parameters: ranks[i] * (site.in + site.out) })) });
    }
  }
  for (const [prompt, expected] of tales) {
    events.push({ type: "sample", step: 0, prompt, which: "base", text: " She was very happy and she said,", expected });
    events.push({ type: "sample", step: 0, prompt, which: "tuned", text: " She was very happy and she said,", expected });
  }
  events.push({ type: "evaluation", step: 0, loss: 4.9, metric: 0, rows: 64 }, { type: "state", state: "running", step: 0 });
  const { steps, learning_rate, warmup_steps, eval_every, samples_every } = config.train;
  for (let step = 1; step <= steps; step++) {
    const progress = step / steps;
    const learningRate = step <= warmup_steps ? (learning_rate * step) / warmup_steps : (learning_rate * (1 + Math.cos(Math.PI * progress))) / 2;
    const loss = 0.12 + 4.7 * Math.exp(-step / 22) * (0.85 + 0.3 * next()) + 0.15 * next();
    events.push({
      type: "step",
      step,
      loss,
      learningRate,
      gradNorm: loss * (0.6 + 0.4 * next()),
      tokens: 195 + Math.round(20 * next()),
      ms: 30,
      time: 30 * step,
    });
    if (step % 5 === 0) {
      const depth = (site: SiteInfo) => (site.module === "v_proj" || site.module === "down_proj" ? 1 : 0.45) * (0.4 + (0.75 * site.layer) / layers);
      events.push({
        type: "sites",
        step,
        gradNorm: sites.map((site) => (site.r > 0 ? loss * depth(site) * (0.7 + 0.5 * next()) * 0.2 : 0)),
        deltaNorm: sites.map((site, i) => (site.r > 0 ? 3 * depth(site) * (1 - Math.exp(-step / 40)) * (0.85 + 0.05 * (i % 4)) : 0)),
      });
    }
    if (config.allocation?.when === "dynamic" && step % reallocEvery === 0 && step < steps) events.push(allocationEvent(config, sites, step));
    if (step % eval_every === 0)
      events.push({ type: "evaluation", step, loss: 0.14 + 4.7 * Math.exp(-step / 21), metric: Math.min(1, Math.max(0, step / 100 - 0.15)), rows: 64 });
    if (step % samples_every === 0)
      for (const [i, [prompt, expected]] of tales.entries())
        events.push({ type: "sample", step, prompt, which: "tuned", text: step > 25 + 25 * i ? expected : " he was in the garden", expected });
  }
  events.push({ type: "state", state: "finished", step: steps });
  return events;
}

export const benchmarkRows: BenchmarkRow[] = [
  { group: "webgpu: kernels", name: "linear", value: 812.4, unit: "GFLOP/s", detail: "240 × 192 × 512" },
  { group: "webgpu: kernels", name: "rmsNorm", value: 41.2, unit: "GB/s", detail: "240 × 192" },
  { group: "webgpu: step", name: "micro and update", value: 9.3, unit: "ms", detail: "tales-3m, 5 × 48 tokens" },
];

/** A Session that replays `eventLog`. tick: ms between batches. */
export class ReplaySession extends MemoryRuns implements Session {
  private state: "idle" | "running" | "paused" = "idle";
  private queue: TrainEvent[] = [];
  private emit: (events: TrainEvent[]) => void = () => {};
  private done: () => void = () => {};
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly tick = 50,
    private readonly deviceInfo: DeviceInfo = device,
    private readonly layers = 6,
  ) {
    super();
  }

  /** What a run will say. */
  log = (config: RunConfig): TrainEvent[] => eventLog(config, this.layers);

  catalogue = async () => catalogue;
  readSettings = readSettings;
  device = async () => this.deviceInfo;
  give = async (folder: string) => void this.calls.push(`give ${folder}`);
  preflight = async (config: RunConfig): Promise<Preflight> => ({
    ...preflightOf(config, this.layers),
    device: this.deviceInfo,
    backend: this.deviceInfo.webgpu
      ? { name: "webgpu", why: this.deviceInfo.adapter }
      : { name: "wasm", why: "this machine has no GPU that the browser offers" },
  });
  dataColumns: Session["dataColumns"] = async () => ({});
  preview = async (_config: RunConfig): Promise<DataPreview> => preview;

  train(config: RunConfig, onEvents: (events: TrainEvent[]) => void): Promise<void> {
    this.calls.push("train");
    this.queue = this.log(config);
    this.emit = onEvents;
    this.state = "running";
    this.timer = setInterval(() => this.state === "running" && this.next(8), this.tick);
    return new Promise((resolve) => (this.done = resolve));
  }
  private next(n: number): void {
    this.emit(this.queue.splice(0, n));
    if (this.queue.length === 0) this.end();
  }
  private end(): void {
    clearInterval(this.timer);
    this.state = "idle";
    this.done();
  }
  private tell(state: "paused" | "running" | "stopped"): void {
    const ahead = this.queue.find((event) => event.type === "step");
    this.emit([{ type: "state", state, step: ahead?.type === "step" ? ahead.step - 1 : 0 }]);
  }
  async pause(): Promise<void> {
    this.calls.push("pause");
    this.state = "paused";
    this.tell("paused");
  }
  async step(): Promise<void> {
    this.calls.push("step");
    this.next(1 + this.queue.findIndex((event) => event.type === "step"));
  }
  async resume(): Promise<void> {
    this.calls.push("resume");
    this.state = "running";
    this.tell("running");
  }
  async stop(): Promise<void> {
    this.calls.push("stop");
    this.halt();
    this.tell("stopped");
    this.end();
  }
  setLearningRate = async (learningRate: number) => void this.calls.push(`setLearningRate ${learningRate}`);
  ask = async (): Promise<Answer> => ({ base: " She was very happy.", tuned: " red" });
  benchmark = async (onProgress: (rows: BenchmarkRow[], done: number, total: number) => void): Promise<BenchmarkRow[]> => {
    this.calls.push("benchmark");
    for (let done = 0; done <= benchmarkRows.length; done++) onProgress(benchmarkRows.slice(0, done), done, benchmarkRows.length);
    return benchmarkRows;
  };
  scoringCost = async (config: RunConfig, names: string[]): Promise<{ costs: Record<string, ScoringCost> }> => {
    const { scoring } = preflightOf({ ...config, allocation: config.allocation ?? firstAllocation }, this.layers);
    const times = (name: string): number => ({ constant: 0, "alpha-test": 40 })[name] ?? 1;
    const costs = names.map((name) => [
      name,
      { ...scoring!, passes: times(name) * scoring!.passes, flops: times(name) * scoring!.flops, seconds: times(name) * 3 },
    ]);
    return { costs: Object.fromEntries(costs) };
  };
  score = async (config: RunConfig, names: string[], onProgress: (proxy: string, done: number, total: number) => void): Promise<Scores | null> => {
    this.calls.push(`score ${names.join(", ")}`);
    const { sites } = preflightOf(config, this.layers);
    for (const name of names) onProgress(name, 1, 1);
    const byName = (name: string): number[] => {
      if (name === "constant") return sites.map((s) => (s.r ? 1 : 0));
      // The first is as it is everywhere in the fixture; of each other a part is chance.
      const [share, next] = name === "grad-norm" ? [0, random(0)] : [0.2 + (name.length % 5) / 5, random(name.length)];
      return scoresAt(sites, 0).map((score) => score * (1 - share + 2 * share * next()));
    };
    const scores = Object.fromEntries(names.map((name) => [name, byName(name)]));
    return { sites, scores, figures: {}, milliseconds: Object.fromEntries(names.map((name) => [name, 12])), notes: {} };
  };
  allocate = async (config: RunConfig, scores: number[]): Promise<Allocated> =>
    (config.allocation?.allocator === "manual" ? manual : topK)(config, preflightOf(config, this.layers).sites, scores);
  takeAdapter: Session["takeAdapter"] = (config, _files, _what, onEvents) => this.train(config, onEvents);
  exportMerged = async (onProgress: (done: number, total: number) => void): Promise<ExportedFile> => {
    onProgress(1, 1);
    return { name: "merged.zip", bytes: new Uint8Array([0x50, 0x4b, 5, 6]) };
  };
  cancelMerged = async (): Promise<void> => {};
  export = async (): Promise<ExportedFile> => ({ name: "adapter.zip", bytes: new Uint8Array([0x50, 0x4b, 5, 6]) });
}
