import { Component, type ReactNode } from 'react'

/** Keeps the frame and the alarm bar alive when one screen fails; the cure is a reload. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { problem: string }> {
  override state = { problem: '' }

  static getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: error instanceof Error ? error.message : String(error) }
  }

  override render(): ReactNode {
    if (this.state.problem === '') return this.props.children
    return (
      <p className="problem" role="alert">
        This screen failed: {this.state.problem}. Reload the page; alarms above stay live.
      </p>
    )
  }
}
