// lint-directions.mjs — an oxlint plugin: which folder of src/ may import from which, and that only session/ uses the network.
// ui → protocol ← session → train → methods → models, adapters, … → ops → engine. A new folder needs a line here.
import { dirname, relative, resolve, sep } from "node:path";

const below = ["engine", "ops"];
const domain = [...below, "models", "adapters", "optimizers", "proxies", "allocators", "schedules", "methods"];

/** Folder → the folders (or protocol) it may import. Each may import itself. */
const allowed = {
  protocol: [],
  statistics: [], // pure numbers, for whoever shows or compares them
  engine: [],
  ops: ["engine"],
  models: below, // models and adapters do not know each other: Scope introduces them
  adapters: below,
  optimizers: below,
  allocators: below,
  proxies: [...below, "adapters"],
  schedules: [...below, "adapters"],
  methods: domain,
  formats: ["protocol", "engine"],
  data: ["protocol", "engine", "formats"],
  train: ["protocol", "statistics", ...domain, "data", "formats"],
  bench: ["protocol", ...domain, "data", "formats", "train"],
  session: ["protocol", ...domain, "data", "formats", "train", "bench"],
  ui: ["protocol", "statistics"],
  cli: ["protocol", ...domain, "data", "formats", "train", "bench", "session", "statistics"],
  workers: ["protocol", "session"],
};

/** Packages that belong to some folders only. */
const packages = {
  "@huggingface/hub": ["session"],
  dexie: ["session"],
  react: ["ui"],
  "react-dom": ["ui"],
  recharts: ["ui"],
  zustand: ["ui"],
  webgpu: ["engine", "cli"],
};

const network = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "sendBeacon", "importScripts"];

/** The part of the project a file belongs to: src/<part>/… or src/<part>.ts, workers/…; undefined elsewhere (tests, scripts). */
function partOf(file, root) {
  const [top, next] = relative(root, file).split(sep);
  return top === "workers" ? top : top === "src" ? next?.replace(/\.tsx?$/, "") : undefined;
}

const directions = {
  create(context) {
    const from = partOf(context.filename, context.cwd);
    if (!from) return {};
    const check = (node, source) => {
      if (typeof source?.value !== "string") return;
      const specifier = source.value.replace(/\?.*$/, "");
      if (!specifier.startsWith(".")) {
        const owners = Object.entries(packages).find(([name]) => specifier === name || specifier.startsWith(`${name}/`))?.[1];
        if (owners && !owners.includes(from)) context.report({ node, message: `"${specifier}" is used by ${owners.join(" and ")} only, not by ${from}.` });
        return;
      }
      const to = partOf(resolve(dirname(context.filename), specifier), context.cwd);
      const may = allowed[from];
      if (!may) context.report({ node, message: `src/${from} is not in the table of scripts/lint-directions.mjs: say there what it may import.` });
      else if (to === undefined && specifier.endsWith(".json"))
        return; // data, no code: examples, package.json
      else if (to === undefined) context.report({ node, message: `${from} may not import from outside src/ ("${source.value}").` });
      else if (to !== from && !may.includes(to))
        context.report({ node, message: `${from} may not import ${to}. It may import ${may.join(", ") || "nothing of ours"}.` });
    };
    const visit = (node) => check(node, node.source);
    return { ImportDeclaration: visit, ExportNamedDeclaration: visit, ExportAllDeclaration: visit, ImportExpression: visit, TSImportType: visit };
  },
};

const onlySessionFetches = {
  create(context) {
    const from = partOf(context.filename, context.cwd);
    if (!from || from === "session") return {};
    const report = (node, name) => context.report({ node, message: `${name}: only src/session may use the network.` });
    return {
      CallExpression({ callee }) {
        const name = callee.type === "Identifier" ? callee.name : hostProperty(callee);
        if (network.includes(name)) report(callee, name);
      },
      NewExpression({ callee }) {
        const name = callee.type === "Identifier" ? callee.name : hostProperty(callee);
        if (network.includes(name)) report(callee, name);
      },
    };
  },
};

/** `fetch` for self.fetch, globalThis.fetch, window.fetch, navigator.fetch; undefined for methods of other objects. */
function hostProperty(callee) {
  const host = callee.type === "MemberExpression" && callee.object.type === "Identifier" && callee.object.name;
  return ["self", "globalThis", "window", "navigator"].includes(host) ? callee.property.name : undefined;
}

export default { meta: { name: "rankscope" }, rules: { directions, "only-session-fetches": onlySessionFetches } };
