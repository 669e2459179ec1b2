// train.tsx — the page that trains: setup at the left, what happens in the centre, the run and its answers at the right.
import { RankPanel } from "../charts/rank-panel.tsx";
import { Answers } from "../panels/answers.tsx";
import { CutOff } from "../panels/cut-off.tsx";
import { DataPreviewPanel } from "../panels/data-preview.tsx";
import { Faults } from "../panels/faults.tsx";
import { LossPanel } from "../panels/loss.tsx";
import { PreflightPanel } from "../panels/preflight.tsx";
import { ProxiesPanel } from "../panels/proxies.tsx";
import { RunPanel } from "../panels/run.tsx";
import { Setup } from "../panels/setup.tsx";
import { text } from "../strings.ts";

export function TrainPage() {
  return (
    <main className="page">
      <h1 className="unseen">{text.name}</h1>
      <div className="column setup-column">
        <Setup />
      </div>
      <div className="column centre-column">
        <Faults />
        <CutOff />
        <LossPanel />
        <RankPanel />
        <ProxiesPanel />
        <DataPreviewPanel />
      </div>
      <div className="column answers-column">
        <RunPanel />
        <Answers />
        <PreflightPanel />
      </div>
    </main>
  );
}
