// error-boundary.tsx — a page that cannot be drawn says what failed, with a way on; the other pages go on. React has no hook for it.
import { Component, type ReactNode } from "react";
import { text } from "./strings.ts";

interface State {
  failed: string | null;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { failed: null };

  static getDerivedStateFromError = (error: unknown): State => ({ failed: error instanceof Error ? error.message : String(error) });

  override render(): ReactNode {
    const { failed } = this.state;
    if (failed === null) return this.props.children;
    return (
      <main className="text-page">
        <div role="alert">
          <p>
            <strong>{text.fault.page}</strong>: {failed}
          </p>
          <p>{text.fault.pageHint}</p>
        </div>
        <button type="button" className="quiet" onClick={() => this.setState({ failed: null })}>
          {text.fault.again}
        </button>
      </main>
    );
  }
}
